"""Keys for notes and scenes."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, changeable, has_scenes

LECTURE_KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction(
        "next_scene",
        "pagedown",
        "PgDn",
        "next scene",
        "Lecture",
        "Go on to the next scene",
        "scene(1)",
        has_scenes,
        2,
    ),
    KeyAction(
        "previous_scene",
        "pageup",
        "PgUp",
        "scene before",
        "Lecture",
        "Back to the scene before",
        "scene(-1)",
        has_scenes,
    ),
    KeyAction(
        "notes", "i", "i", "notes", "Lecture", "What to look at in this preset", "notes", changeable, 14
    ),
)
