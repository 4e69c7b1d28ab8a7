"""What is said to the terminal itself: a bell, a notification of the desktop, the clipboard. Pure strings."""

import base64
from collections.abc import Mapping
from typing import Final

from tui_dl.runs.engine_log import printable

BELL: Final = "\x07"
_MOST_CHARACTERS: Final = 200
_KNOWS_NO_COMMANDS: Final = frozenset({"", "dumb", "linux", "cons25", "sun", "vt52"})
"""Values of TERM whose terminals write the text of an operating-system command onto the screen."""


def notification(text: str, environment: Mapping[str, str]) -> str:
    """OSC 9: a notification of the desktop; empty where it would be garbage."""
    if not _takes_commands(environment):
        return ""
    return _passed_on(f"\x1b]9;{printable(text)[:_MOST_CHARACTERS]}\x07", environment)


def clipboard(text: str, environment: Mapping[str, str]) -> str:
    """OSC 52: put a text into the clipboard of whoever sits at the terminal; empty where it would be garbage.

    tmux takes it for its own clipboard if it is set to, and passes a wrapped one on if it is set to that.
    """
    if not _takes_commands(environment):
        return ""
    command = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    passed_on = _passed_on(command, environment)
    return command if passed_on == command else command + passed_on


def _takes_commands(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "") not in _KNOWS_NO_COMMANDS


def _passed_on(command: str, environment: Mapping[str, str]) -> str:
    """Wrapped for the terminal behind a multiplexer."""
    if environment.get("TMUX"):
        doubled = command.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    if environment.get("STY"):
        return f"\x1bP{command}\x1b\\"
    return command
