"""How the app looks on this terminal: themes on its own background, which costs no bytes, and plain text."""

import os
from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

_SHARED: Final = {
    "block-cursor-text-style": "bold",
    "input-cursor-text-style": "none",
    "scrollbar-background": "ansi_default",
    "scrollbar-background-hover": "ansi_default",
    "scrollbar-background-active": "ansi_default",
    "scrollbar-corner-color": "ansi_default",
}

DARK: Final = Theme(
    name="tui-dl-dark",
    primary="#5fafff",
    secondary="#5fd7d7",
    accent="#ffaf00",
    success="#5fd787",
    warning="#ffaf5f",
    error="#ff5f5f",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    ansi=True,
    variables={
        **_SHARED,
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border-blurred": "#4e5560",
        "plot-grid": "#3a3f46",
        "plot-axis": "#8a94a0",
        "block-cursor-foreground": "#121212",
        "block-cursor-background": "#ffaf00",
        "block-cursor-blurred-foreground": "#ffaf00",
        "block-cursor-blurred-background": "ansi_default",
        "input-cursor-background": "#d0d0d0",
        "input-cursor-foreground": "#121212",
        "input-selection-background": "#005f87",
        "input-selection-foreground": "#ffffff",
        "scrollbar": "#585858",
        "scrollbar-hover": "#8a8a8a",
        "scrollbar-active": "#5fafff",
    },
)
LIGHT: Final = Theme(
    name="tui-dl-light",
    primary="#005faf",
    secondary="#005f5f",
    accent="#875f00",
    success="#005f00",
    warning="#875f00",
    error="#af0000",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=False,
    ansi=True,
    variables={
        **_SHARED,
        "ansi-background": "ansi_white",
        "ansi-foreground": "ansi_black",
        "border-blurred": "#a8a8a8",
        "plot-grid": "#d0d0d0",
        "plot-axis": "#5f6770",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#005faf",
        "block-cursor-blurred-foreground": "#005faf",
        "block-cursor-blurred-background": "ansi_default",
        "input-cursor-background": "#303030",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#afd7ff",
        "input-selection-foreground": "#000000",
        "scrollbar": "#a8a8a8",
        "scrollbar-hover": "#6c6c6c",
        "scrollbar-active": "#005faf",
    },
)


def theme_for(environment: Mapping[str, str] = os.environ) -> str:
    """The theme's name: as `TUI_DL_THEME` says (dark, light), else as the terminal tells of its background.

    rxvt, Konsole and others tell by COLORFGBG, whose last number is the background's colour; 7 and 9 to 15
    are the light ones. Most terminals are dark and tell nothing.
    """
    wanted = environment.get("TUI_DL_THEME", "")
    if wanted in ("dark", "light"):
        return f"tui-dl-{wanted}"
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    is_light = background.isdigit() and (int(background) == 7 or 9 <= int(background) <= 15)
    return LIGHT.name if is_light else DARK.name


def wants_plain_text(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to draw in ASCII: `TUI_DL_GLYPHS=ascii`, or a locale whose characters are not UTF-8."""
    wanted = environment.get("TUI_DL_GLYPHS", "")
    if wanted:
        return wanted == "ascii"
    locale = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    return "." in locale and "utf" not in locale.lower()
