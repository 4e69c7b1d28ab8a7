"""What a repaint leaves out is what the terminal shows already: a real screen looks the same either way."""

from collections.abc import Sequence
from typing import Any

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tui_dl.ui.shown_cells import ShownCells

WIDTH, HEIGHT = 24, 4
SIZE = Size(WIDTH, HEIGHT)
STYLES = [
    None,
    Style(),
    Style(bold=True),
    Style(color="color(75)"),
    Style(color="red", bgcolor="color(233)"),
    Style(bgcolor="blue", underline=True),
    Style(reverse=True),
    Style(color="bright_white", bgcolor="bright_black", italic=True, bold=True),
]
TEXTS = ["a", "loss", " ", " " * 14, "⠛⠟⡇", "──╮", "훈련", "가 b", "0.125", "→×…"]


class Screen:
    """A terminal, and the cells it shows."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self._screen)

    def feed(self, sequence: str) -> None:
        self._stream.feed(sequence)

    @property
    def cells(self) -> list[list[tuple[Any, ...]]]:
        rows = []
        for y in range(HEIGHT):
            row = [self._screen.buffer[y][x] for x in range(WIDTH)]
            rows.append([_seen(cell) for cell in row])
        return rows


def _seen(cell: Any) -> tuple[Any, ...]:
    """Of a blank only its background can be seen, and what is drawn over it."""
    if cell.data == " " and not (cell.reverse or cell.underscore):
        return " ", cell.bg
    return cell.data, cell.fg, cell.bg, cell.bold, cell.italics, cell.reverse, cell.underscore


def strip_of(pieces: Sequence[tuple[int, int]], width: int = WIDTH) -> Strip:
    """Texts and styles by their numbers, cut or filled up to a width."""
    segments = [Segment(TEXTS[text], STYLES[style]) for text, style in pieces]
    return Strip(segments).adjust_cell_length(width)


def layout_of(strips: Sequence[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


def whole(strips: Sequence[Strip]) -> Screen:
    """A terminal to which all was written, cell by cell."""
    screen = Screen()
    screen.feed(ShownCells().patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT))
    return screen


rows = st.lists(
    st.tuples(st.integers(0, len(TEXTS) - 1), st.integers(0, len(STYLES) - 1)), min_size=1, max_size=6
)
screens = st.lists(rows, min_size=HEIGHT, max_size=HEIGHT)


@settings(max_examples=150, deadline=None)
@given(frames=st.lists(screens, min_size=1, max_size=5))
def test_a_terminal_that_is_patched_looks_like_one_that_is_painted_whole(frames: list[Any]) -> None:
    patched, shown = Screen(), ShownCells()
    for frame in frames:
        strips = [strip_of(row) for row in frame]
        patched.feed(shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT))
        assert patched.cells == whole(strips).cells


def test_lines_of_which_a_layout_has_nothing_stay_as_they_are() -> None:
    strips = [Strip([Segment("loss")]).adjust_cell_length(WIDTH)] * HEIGHT
    screen, shown = Screen(), ShownCells()
    screen.feed(shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT))
    nothing: list[Any] = [[None]] * HEIGHT
    update = LayoutUpdate(nothing, Region(0, 0, WIDTH, HEIGHT))
    assert shown.patch(update, SIZE, ColorSystem.EIGHT_BIT) == ""
    assert screen.cells == whole(strips).cells


@settings(max_examples=50, deadline=None)
@given(frame=screens)
def test_what_is_written_whole_is_what_textual_writes(frame: list[Any]) -> None:
    from rich.console import Console

    strips = [strip_of(row) for row in frame]
    console = Console(color_system="256", force_terminal=True, width=WIDTH)
    theirs = Screen()
    theirs.feed(layout_of(strips).render_segments(console).replace("\n", ""))

    assert whole(strips).cells == theirs.cells


@settings(max_examples=150, deadline=None)
@given(before=screens, piece=rows, x=st.integers(0, WIDTH - 1), width=st.integers(1, WIDTH))
def test_a_span_of_a_line_is_patched_as_the_whole_line_would_be(
    before: list[Any], piece: Any, x: int, width: int
) -> None:
    width = min(width, WIDTH - x)
    strips = [strip_of(row) for row in before]
    patched, shown = Screen(), ShownCells()
    patched.feed(shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT))
    middle = strip_of(piece, width)
    left, right = strips[1].crop(0, x), strips[1].crop(x + width, WIDTH)
    chops: list[dict[int, Strip | None]] = [{} for _ in range(HEIGHT)]
    # As the compositor cuts a line: what is not to be painted has no strip, or lies beside the span.
    chops[1] = {0: left, x: middle, x + width: right} if x else {0: middle, width: right}
    ends = [[], [x, x + width, WIDTH] if x else [width, WIDTH], [], []]
    patched.feed(
        shown.patch(ChopsUpdate(chops, [(1, 0, WIDTH)], ends), SIZE, ColorSystem.EIGHT_BIT)  # type: ignore[arg-type]
    )
    strips[1] = Strip.join([left, middle, right])

    assert patched.cells == whole(strips).cells


def test_what_is_shown_already_is_not_sent_again() -> None:
    shown = ShownCells()
    strips = [strip_of([(1, 3), (8, 2)]) for _ in range(HEIGHT)]
    assert shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT)
    assert shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT) == ""

    strips[2] = strip_of([(1, 3), (4, 2)])
    again = shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT)

    assert "\x1b[3;5H" in again
    assert "loss" not in again


@pytest.mark.parametrize("size", [SIZE, Size(WIDTH + 1, HEIGHT)])
def test_all_is_sent_after_somebody_else_wrote_and_after_a_new_size(size: Size) -> None:
    shown = ShownCells()
    strips = [strip_of([(1, 3)]) for _ in range(HEIGHT)]
    first = shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT)
    if size == SIZE:
        shown.forget()

    assert shown.patch(layout_of(strips), size, ColorSystem.EIGHT_BIT) == first


def test_a_character_without_a_cell_of_its_own_is_written_each_time() -> None:
    shown = ShownCells()
    accent = Strip([Segment("e\u0301 loss")]).adjust_cell_length(WIDTH)
    strips = [accent, *(strip_of([(1, 3)]) for _ in range(HEIGHT - 1))]
    shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT)

    assert "e\u0301 loss" in shown.patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT)


def test_a_link_is_opened_and_closed() -> None:
    linked = Strip([Segment("more", Style(link="https://example.org", bold=True))]).adjust_cell_length(WIDTH)
    strips = [linked, *(strip_of([(1, 0)]) for _ in range(HEIGHT - 1))]

    sequence = ShownCells().patch(layout_of(strips), SIZE, ColorSystem.EIGHT_BIT)

    assert sequence.count("https://example.org") == 1
    assert sequence.index("https://example.org") < sequence.index("more") < sequence.index("\x1b]8;;\x1b\\")


def test_a_style_is_said_once_however_often_it_is_left() -> None:
    words = Strip([Segment("loss", STYLES[3]), Segment("│", STYLES[4])] * 4).adjust_cell_length(WIDTH)
    sequence = ShownCells().patch(layout_of([words] * HEIGHT), SIZE, ColorSystem.EIGHT_BIT)

    assert sequence.count("38;5;75") == 1
    assert sequence.count("48;5;233") == 1
