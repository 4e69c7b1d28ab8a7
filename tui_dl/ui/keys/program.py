"""Keys for help, finding, settings, other runs, leaving."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, always

PROGRAM_KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction("help", "question_mark,f1", "?", "help", "Program", "All keys", "help", always, 21),
    KeyAction(
        "palette",
        "colon,ctrl+p",
        ":",
        "find",
        "Program",
        "Find an action, component, preset, run or setting by a few letters of its name",
        "palette",
        always,
        20,
    ),
    KeyAction("settings", "comma", ",", "settings", "Program", "Themes, keys and the rest of it", "settings"),
    KeyAction("presets", "P", "P", "presets", "Program", "Leave this run and choose another", "presets"),
    KeyAction(
        "theme",
        "t",
        "t",
        "theme",
        "Program",
        "The next theme: dark, light, high contrast, the terminal's 16 colours",
        "next_theme",
    ),
    KeyAction(
        "control_take",
        "T",
        "T",
        "take control",
        "Program",
        "Steer this run, when another client does or did",
        "take_control",
        lambda model: model.link == "live" and not model.controls,
    ),
    KeyAction(
        "leave",
        "q,ctrl+q,ctrl+c",
        "q",
        "leave",
        "Program",
        "Detach and let it train on, or stop it and keep it",
        "leave",
        always,
        22,
    ),
)
