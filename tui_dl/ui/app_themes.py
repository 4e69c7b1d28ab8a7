"""The themes: on the terminal's own background, which costs no bytes, in high contrast, and of 16 names."""

from typing import Final, Literal

from textual.theme import Theme

ThemeName = Literal["dark", "light", "contrast-dark", "contrast-light", "ansi-dark", "ansi-light"]
_PREFIX: Final = "tui-dl-"

_SCROLLBARS: Final = {
    f"scrollbar-{part}": "ansi_default"
    for part in ("background", "background-hover", "background-active", "corner-color")
}


def _theme(
    name: ThemeName,
    *,
    dark: bool,
    named: tuple[str, str, str, str, str, str],
    variables: dict[str, str],
    ground: str = "ansi_default",
    text: str = "ansi_default",
) -> Theme:
    """A theme whose surfaces are all of one colour; `named` goes from primary to error."""
    primary, secondary, accent, success, warning, error = named
    return Theme(
        name=f"{_PREFIX}{name}",
        primary=primary,
        secondary=secondary,
        accent=accent,
        success=success,
        warning=warning,
        error=error,
        foreground=text,
        background=ground,
        surface=ground,
        panel=ground,
        boost=ground,
        dark=dark,
        # Textual leaves the ground to the terminal in such a theme, and only there.
        ansi=ground == "ansi_default",
        variables={
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": ground,
            "input-cursor-text-style": "none",
            **(_SCROLLBARS if ground == "ansi_default" else dict.fromkeys(_SCROLLBARS, ground)),
            "ansi-background": "ansi_black" if dark else "ansi_white",
            "ansi-foreground": "ansi_white" if dark else "ansi_black",
            **variables,
        },
    )


DARK: Final = _theme(
    "dark",
    dark=True,
    named=("#5fafff", "#5fd7d7", "#ffaf00", "#5fd787", "#ffaf5f", "#ff5f5f"),
    variables={
        "border-blurred": "#4e5560",
        "plot-grid": "#3a3f46",
        "plot-axis": "#8a94a0",
        "block-cursor-foreground": "#121212",
        "block-cursor-background": "#ffaf00",
        "block-cursor-blurred-foreground": "#ffaf00",
        "input-cursor-background": "#d0d0d0",
        "input-cursor-foreground": "#121212",
        "input-selection-background": "#005f87",
        "input-selection-foreground": "#ffffff",
        "scrollbar": "#585858",
        "scrollbar-hover": "#8a8a8a",
        "scrollbar-active": "#5fafff",
    },
)
LIGHT: Final = _theme(
    "light",
    dark=False,
    named=("#005faf", "#005f5f", "#875f00", "#005f00", "#875f00", "#af0000"),
    variables={
        "border-blurred": "#a8a8a8",
        "plot-grid": "#d0d0d0",
        "plot-axis": "#5f6770",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#005faf",
        "block-cursor-blurred-foreground": "#005faf",
        "input-cursor-background": "#303030",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#afd7ff",
        "input-selection-foreground": "#000000",
        "scrollbar": "#a8a8a8",
        "scrollbar-hover": "#6c6c6c",
        "scrollbar-active": "#005faf",
    },
)
# These two bring their own ground: what a projector shows must not depend on the terminal behind it. Every
# text has a contrast of at least 7 to 1 with it (WCAG 2, level AAA).
CONTRAST_DARK: Final = _theme(
    "contrast-dark",
    dark=True,
    ground="#000000",
    text="#ffffff",
    named=("#87d7ff", "#87ffff", "#ffd700", "#87ff87", "#ffd787", "#ff8f8f"),
    variables={
        "border-blurred": "#a8a8a8",
        "plot-grid": "#4a4a4a",
        "plot-axis": "#e4e4e4",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffd700",
        "block-cursor-blurred-foreground": "#ffd700",
        "input-cursor-background": "#ffffff",
        "input-cursor-foreground": "#000000",
        "input-selection-background": "#0050a0",
        "input-selection-foreground": "#ffffff",
        "scrollbar": "#a8a8a8",
        "scrollbar-hover": "#d0d0d0",
        "scrollbar-active": "#ffffff",
    },
)
CONTRAST_LIGHT: Final = _theme(
    "contrast-light",
    dark=False,
    ground="#ffffff",
    text="#000000",
    named=("#00408f", "#004f4f", "#5f3f00", "#004f00", "#6f3f00", "#9f0000"),
    variables={
        "border-blurred": "#606060",
        "plot-grid": "#d4d4d4",
        "plot-axis": "#303030",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#00408f",
        "block-cursor-blurred-foreground": "#00408f",
        "input-cursor-background": "#000000",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#afd7ff",
        "input-selection-foreground": "#000000",
        "scrollbar": "#606060",
        "scrollbar-hover": "#303030",
        "scrollbar-active": "#000000",
    },
)
# Sixteen names, whose colours are whatever the terminal's palette says.
ANSI_DARK: Final = _theme(
    "ansi-dark",
    dark=True,
    named=(
        "ansi_bright_blue",
        "ansi_cyan",
        "ansi_bright_cyan",
        "ansi_green",
        "ansi_yellow",
        "ansi_bright_red",
    ),
    variables={
        "border-blurred": "ansi_bright_black",
        "plot-grid": "ansi_default 40%",
        "plot-axis": "ansi_default",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_bright_cyan",
        "block-cursor-blurred-foreground": "ansi_bright_cyan",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_bright_white",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_white",
        "scrollbar-active": "ansi_bright_blue",
    },
)
ANSI_LIGHT: Final = _theme(
    "ansi-light",
    dark=False,
    named=("ansi_blue", "ansi_cyan", "ansi_magenta", "ansi_green", "ansi_magenta", "ansi_red"),
    variables={
        "border-blurred": "ansi_bright_black",
        "plot-grid": "ansi_default 40%",
        "plot-axis": "ansi_default",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "block-cursor-blurred-foreground": "ansi_blue",
        "input-cursor-background": "ansi_black",
        "input-cursor-foreground": "ansi_bright_white",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_black",
        "scrollbar-active": "ansi_blue",
    },
)

THEMES: Final[dict[ThemeName, Theme]] = {
    "dark": DARK,
    "light": LIGHT,
    "contrast-dark": CONTRAST_DARK,
    "contrast-light": CONTRAST_LIGHT,
    "ansi-dark": ANSI_DARK,
    "ansi-light": ANSI_LIGHT,
}
"""Every theme by the name that settings, options and people use, in the order in which a key goes through."""
