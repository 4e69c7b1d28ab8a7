"""Named text styles of the panels, resolved once for the present theme; and lines made of them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip
from textual.theme import Theme

from tui_dl.ui.theme import Palette, palette_of
from tui_dl.ui.wrapping import fitted, wrapped

__all__ = ["Ink", "Line", "Part", "cells", "fitted", "ink_for", "spread", "strip_of", "wrapped"]

Part = str | tuple[str, str] | tuple[str, str, str] | Segment
"""Text; or with the name of its style; or with that and the action that a click runs; or a made segment."""
Line = Sequence[Part]
Ink = dict[str, Style]

# For 16 colours a theme's own shades do not exist. What recedes is dimmed: the name for grey is the ground's
# own colour in some palettes.
_NAMED: Final = ("bright_blue", "green", "yellow", "bright_red", "bright_cyan", "dim")
_NAMED_ON_LIGHT: Final = ("blue", "green", "magenta", "red", "magenta", "dim")
_MUTED: Final = {
    (True, False): "#8a94a0",
    (False, False): "#5f6770",
    (True, True): "#c8c8c8",
    (False, True): "#404040",
}


def ink_for(app: App[object]) -> Ink:
    """The styles of an app's present theme and terminal; nothing is told by colour alone."""
    return _ink(app.current_theme.name, _colours(app.current_theme), palette_of(app))


def _colours(theme: Theme) -> tuple[str, ...]:
    """Colours from primary to accent, of what recedes, of text and of text on a colour."""
    named = (theme.primary, theme.success, theme.warning, theme.error, theme.accent)
    if not all(colour is not None and colour.startswith("#") for colour in named):
        return (*(_NAMED if theme.dark else _NAMED_ON_LIGHT), "", "black" if theme.dark else "bright_white")
    grounds = (theme.foreground, theme.background)
    is_exact = all(colour is not None and colour.startswith("#") for colour in grounds)
    ground = str(theme.background) if is_exact else "black" if theme.dark else "bright_white"
    muted = _MUTED[theme.dark, is_exact]
    # What a panel draws itself has no ground but its own.
    text = f"{theme.foreground} on {theme.background}" if is_exact else ""
    return (*map(str, named), muted, text, ground)


@lru_cache(maxsize=16)
def _ink(theme_name: str, colours: tuple[str, ...], palette: Palette) -> Ink:
    if palette.depth == "none":
        return _colourless()
    primary, success, warning, error, accent, muted, text, on_colour = colours
    described = {
        "": text,
        "dim": muted,
        "bold": "bold",
        "title": f"bold {primary}",
        "key": f"bold {accent}",
        "good": f"bold {success}",
        "warn": f"bold {warning}",
        "bad": f"bold {error}",
        "info": primary,
        "on_good": f"bold {on_colour} on {success}",
        "on_warn": f"bold {on_colour} on {warning}",
        "on_bad": f"bold {on_colour} on {error}",
        "on_info": f"bold {on_colour} on {primary}",
        "chosen": f"bold {on_colour} on {accent}",
        "reverse": "reverse",
    }
    styles = {name: Style.parse(text) for name, text in described.items()}
    bold = Style(bold=True)
    styles |= {"train": palette.series(0) + bold, "validation": palette.series(1) + bold}
    return {name: styles[""] + style for name, style in styles.items()}


def _colourless() -> Ink:
    marked = {
        name: Style(bold=True, reverse=True) for name in ("on_good", "on_warn", "on_bad", "on_info", "chosen")
    }
    bold = ("bold", "title", "key", "good", "warn", "bad", "train", "validation")
    return {
        "": Style(),
        "dim": Style(dim=True),
        "info": Style(),
        "reverse": Style(reverse=True),
        **dict.fromkeys(bold, Style(bold=True)),
        **marked,
    }


# One cell for one cell, for terminals that know no more or draw some of these two cells wide.
PLAIN: Final[dict[int, int]] = str.maketrans(
    "▶‖■◌✗✓●○━─│▌▸→←↑↓×÷·–…‘’“”√²Σηρ∂₀₁₂₃▼▾•▁▂▃▄▅▆▇█▀",
    ">|#o!v*o=-|>>><^v" + "x/.-.''\"\"/2Snpd0123vv" + '*..::||##"',
)

PLAIN.update(str.maketrans("βᵗΔ‹", "btD<"))


def as_ascii(text: str) -> str:
    """The text with an ASCII sign for each that a plain terminal may lack, as far as there is one."""
    return text.translate(PLAIN)


def strip_of(ink: Ink, line: Line, width: int, *, is_plain: bool = False) -> Strip:
    """A line of exactly `width` cells; a plain one in ASCII as far as there are words for it."""
    segments: list[Segment] = []
    room = width
    for part in line:
        text, style = _styled(ink, part)
        if is_plain:
            text = as_ascii(text)
        size = cell_len(text)
        if size > room:
            text, size = set_cell_size(text, room), room
        if size:
            segments.append(Segment(text, style))
            room -= size
        if not room:
            break
    if room:
        segments.append(Segment(" " * room, ink[""]))
    return Strip(segments, width)


def _styled(ink: Ink, part: Part) -> tuple[str, Style]:
    if isinstance(part, str):
        return part, ink[""]
    if isinstance(part, Segment):
        return part.text, ink[""] + part.style if part.style else ink[""]
    if len(part) == 3:
        return part[0], ink[part[1]] + Style(meta={"@click": part[2]})
    return part[0], ink[part[1]]


def cells(line: Line) -> int:
    """How wide a line is."""
    return sum(cell_len(part if isinstance(part, str) else part[0]) for part in line)


def spread(left: Line, right: Line, width: int) -> Line:
    """Two lines in one: `right` ends at the right edge; where there is no room it is left out."""
    gap = width - cells(left) - cells(right)
    return [*left, " " * gap, *right] if gap >= 1 else left
