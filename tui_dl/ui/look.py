"""How the screen is to look on this terminal: what options, environment, settings and answers say of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, final

from tui_dl.ui.app_themes import THEMES, ThemeName
from tui_dl.ui.theme import ColourDepth

GlyphKind = Literal["braille", "quadrant", "ascii", "narrow"]
"""What plots draw with; `narrow` is braille with all else in ASCII, for wide ambiguous characters."""

GLYPHS: Final = ("braille", "quadrant", "ascii")
PRESENTING_THEME: Final[ThemeName] = "contrast-light"
# Teletypes of old, and what pretends to be one: they take the cursor's moves, but no colour.
_COLOURLESS: Final = ("vt52", "vt100", "vt102", "vt220", "vt320", "xterm-mono", "screen-mono")


@final
@dataclass(frozen=True, slots=True)
class Look:
    """What was asked for from outside, which is stronger than settings, and what the terminal answered.

    An empty `theme` or `glyphs` leaves the choice to the settings; None for an answer: it is not known.
    """

    theme: str = ""
    glyphs: str = ""
    is_presenting: bool = False
    ambiguous_is_wide: bool | None = None
    ground_is_light: bool | None = None
    was_asked: bool = False
    """Whether an answer of the terminal may still be on its way."""
    typed: str = ""
    """Keys that were pressed while it was asked."""
    notices: tuple[str, ...] = field(default=())

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> "Look":
        """As `TUI_DL_THEME` and `TUI_DL_GLYPHS` say."""
        theme, glyphs = environment.get("TUI_DL_THEME", ""), environment.get("TUI_DL_GLYPHS", "")
        notices = []
        if theme not in ("", "auto", *THEMES):
            notices.append(f"TUI_DL_THEME={theme} is no theme: there are {', '.join(THEMES)}")
        # `full` is any set beyond ASCII.
        glyphs = {"full": "braille", "auto": ""}.get(glyphs, glyphs)
        if glyphs not in ("", *GLYPHS):
            notices.append(f"TUI_DL_GLYPHS={glyphs} is none of {', '.join(GLYPHS)}")
        return cls(
            theme if theme in THEMES else "", glyphs if glyphs in GLYPHS else "", notices=tuple(notices)
        )

    def asked_for(self, theme: str | None, glyphs: str | None, *, is_presenting: bool) -> "Look":
        """The same with the options of the command line, which are stronger."""
        return replace(
            self,
            theme=self.theme if theme is None else theme.replace("auto", ""),
            glyphs=self.glyphs if glyphs is None else glyphs.replace("auto", ""),
            is_presenting=is_presenting,
        )


def theme_for(
    look: Look,
    preferred: str = "auto",
    depth: ColourDepth = "truecolor",
    environment: Mapping[str, str] = os.environ,
) -> ThemeName:
    """The theme to begin with: asked for, of the presentation, preferred by settings, or by the ground.

    With 16 colours the shades of dark and light would all fall on a few wrong names: these have their own.
    """
    name: ThemeName
    if look.theme in THEMES:
        name = look.theme
    elif look.is_presenting:
        name = PRESENTING_THEME
    elif preferred in THEMES:
        name = preferred
    else:
        name = "light" if _is_light(look, environment) else "dark"
    if depth == "16" and name in ("dark", "light"):
        return "ansi-dark" if name == "dark" else "ansi-light"
    return name


def glyphs_for(look: Look, preferred: str = "auto", environment: Mapping[str, str] = os.environ) -> GlyphKind:
    """What this terminal can draw, one cell wide each, of what is asked for or preferred."""
    wanted = look.glyphs or (preferred if preferred in GLYPHS else "")
    if wanted == "ascii" or (not wanted and _knows_ascii_alone(environment)):
        return "ascii"
    if look.ambiguous_is_wide:
        return "narrow"
    # Seen from the back of a room, quadrants join into a line where braille is a haze of dots.
    return "quadrant" if wanted == "quadrant" or (look.is_presenting and not wanted) else "braille"


def is_colourless(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether no colour may be sent: `NO_COLOR` is there and not empty, or the terminal has none."""
    return bool(environment.get("NO_COLOR")) or environment.get("TERM", "") in _COLOURLESS


def _is_light(look: Look, environment: Mapping[str, str]) -> bool:
    """As the terminal answered, else as COLORFGBG says; most terminals are dark.

    rxvt, Konsole and others set COLORFGBG, whose last number is the background's colour; 7 and 9 to 15 are
    the light ones.
    """
    if look.ground_is_light is not None:
        return look.ground_is_light
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return ground.isdigit() and (int(ground) == 7 or 9 <= int(ground) <= 15)


def _knows_ascii_alone(environment: Mapping[str, str]) -> bool:
    """A locale whose characters are not UTF-8, or Linux' own console, whose fonts have no braille."""
    if environment.get("TERM") == "linux":
        return True
    locale = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    return "." in locale and "utf" not in locale.lower()
