"""Keys for help, other runs, leaving."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, always, changeable

PROGRAM_KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction("help", "question_mark,f1", "?", "help", "Program", "All keys", "help", always, 20),
    KeyAction("presets", "P", "P", "presets", "Program", "Leave this run and choose another", "presets"),
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
        "copy",
        "C",
        "C",
        "copy",
        "Program",
        "Copy the numbers, the experiment as TOML, the last receipt or the run's id",
        "copy",
        changeable,
    ),
    KeyAction(
        "meters",
        "G",
        "G",
        "meters",
        "Program",
        "Show or hide processor, memory and GPU of this machine",
        "meters",
    ),
    KeyAction(
        "filter_log",
        "F",
        "F",
        "filter log",
        "Program",
        "In the log: all, changes, course, problems, or the engine's own words",
        "filter_log",
    ),
    KeyAction(
        "jump_first",
        "home",
        "Home",
        "to the first",
        "Program",
        "To the first line of a view",
        "jump_view(-1)",
    ),
    KeyAction(
        "jump_last",
        "end",
        "End",
        "to the last",
        "Program",
        "To the last line; the log follows",
        "jump_view(1)",
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
        21,
    ),
)
