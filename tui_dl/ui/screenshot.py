"""The screen as an SVG picture: in the colours that its terminal would have shown, nothing from elsewhere."""

import io
import re
from functools import lru_cache
from typing import Any, Final

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.app import App

from tui_dl.ui.theme import ColourDepth, depth_of

_FONTS: Final = '"Fira Code", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace'
# What a terminal has of its own: ground, text, and the sixteen named colours.
_NAMED_DARK: Final = (
    (40, 44, 52), (224, 108, 117), (152, 195, 121), (209, 154, 102),
    (97, 175, 239), (198, 120, 221), (86, 182, 194), (190, 195, 204),
)  # fmt: skip
_NAMED_BRIGHT_DARK: Final = (
    (110, 118, 129), (255, 123, 114), (126, 231, 135), (242, 204, 96),
    (121, 192, 255), (210, 168, 255), (118, 227, 234), (255, 255, 255),
)  # fmt: skip
_NAMED_LIGHT: Final = (
    (36, 41, 47), (160, 17, 31), (17, 99, 41), (122, 78, 0),
    (5, 80, 174), (130, 80, 223), (27, 124, 131), (110, 119, 129),
)  # fmt: skip
_NAMED_BRIGHT_LIGHT: Final = (
    (87, 96, 106), (207, 34, 46), (26, 127, 55), (154, 103, 0),
    (9, 105, 218), (164, 117, 249), (49, 146, 170), (255, 255, 255),
)  # fmt: skip
_DARK: Final = TerminalTheme((16, 18, 22), (208, 212, 218), list(_NAMED_DARK), list(_NAMED_BRIGHT_DARK))
_LIGHT: Final = TerminalTheme((255, 255, 255), (31, 35, 40), list(_NAMED_LIGHT), list(_NAMED_BRIGHT_LIGHT))
_SYSTEMS: Final = {"256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}


def svg_of(app: App[Any], title: str = "tui-dl") -> str:
    """What an app shows now.

    Textual's own export has every colour in full, whatever the terminal can do, and names fonts on other
    machines; numbers in it differ between two pictures of the same.
    """
    width, height = app.size
    depth = depth_of(app.console.color_system, no_colour=app.no_color)
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert update is not None  # asked for in full
    shown = [
        Segment(text, _as_shown(style, depth) if style else style, control)
        for text, style, control in console.render(update)
    ]
    console.print(Segments(shown))
    theme = _DARK if app.current_theme.dark else _LIGHT
    return _self_contained(console.export_svg(title=title, theme=theme, unique_id="terminal"))


@lru_cache(maxsize=4096)
def _as_shown(style: Style, depth: ColourDepth) -> Style:
    """A style with the colours that a terminal of this depth has for it."""
    if depth == "truecolor":
        return style
    if depth == "none":
        return style.without_color
    system = _SYSTEMS[depth]
    return style + Style(color=_fewer(style.color, system), bgcolor=_fewer(style.bgcolor, system))


def _fewer(colour: Color | None, system: ColorSystem) -> Color | None:
    return None if colour is None else colour.downgrade(system)


def _self_contained(svg: str) -> str:
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: Fira Code, monospace;", f"font-family: {_FONTS};", svg)
