"""The options that say how the screen is to look, and what they and the terminal make of it."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tui_dl.errors import UsageError

if TYPE_CHECKING:
    from tui_dl.cli.terminal_probe import EarlyAnswers
    from tui_dl.ui.link_profile import LinkSetting
    from tui_dl.ui.look import Look

# Written out, and held to what there is by a test: importing the screen for it would cost the first paint.
THEME_NAMES: Final = ("auto", "dark", "light", "contrast-dark", "contrast-light", "ansi-dark", "ansi-light")
GLYPH_NAMES: Final = ("auto", "braille", "quadrant", "ascii")


def add_look_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command that shows the screen, or to the program where no command is named."""
    # Suppressed defaults: a command's own would overwrite what was said before its name.
    options: dict[str, Any] = {"default": argparse.SUPPRESS}
    looks = parser.add_argument_group("how it looks")
    looks.add_argument(
        "--present",
        action="store_true",
        help="for a projector: large numbers, thick lines, one panel at a time",
        **options,
    )
    looks.add_argument(
        "--ssh", action="store_true", help="send half as much, as in a session of sshd", **options
    )
    looks.add_argument("--theme", choices=THEME_NAMES, metavar="NAME", help=", ".join(THEME_NAMES), **options)
    looks.add_argument(
        "--glyphs", choices=GLYPH_NAMES, metavar="KIND", help="of plots: " + ", ".join(GLYPH_NAMES), **options
    )


def refuse_look_options(arguments: argparse.Namespace) -> None:
    """Refuse them where there is no screen."""
    for name in ("present", "theme", "glyphs", "ssh"):
        if hasattr(arguments, name):
            raise UsageError(f"--{name} is of the screen, and --headless has none")


def look_of(arguments: argparse.Namespace, answers: "EarlyAnswers | None" = None) -> "Look":
    """What the environment, the options and the terminal say, the latter two being stronger."""
    from tui_dl.ui.look import Look

    look = Look.of_environment().asked_for(
        getattr(arguments, "theme", None),
        getattr(arguments, "glyphs", None),
        is_presenting=getattr(arguments, "present", False),
    )
    if answers is None:
        return look
    return replace(
        look,
        ambiguous_is_wide=None if answers.ambiguous_width is None else answers.ambiguous_width > 1,
        ground_is_light=answers.ground_is_light,
        was_asked=answers.ambiguous_width is None,
        typed=answers.typed,
    )


def link_of(arguments: argparse.Namespace) -> "LinkSetting | None":
    """The kind of link that the options name; None leaves it to the settings."""
    return "ssh" if getattr(arguments, "ssh", False) else None
