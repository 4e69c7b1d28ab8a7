"""Labels of marks: none lies over another, and what has no room is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from tui_dl.ui.plots.canvas import Canvas, paint
from tui_dl.ui.plots.glyph import ASCII, FULL
from tui_dl.ui.plots.line_drawing import PlotView, draw_plot
from tui_dl.ui.plots.mark_labels import placed
from tui_dl.ui.plots.plot_data import CrossLine, PlotCross, PlotData, PlotMark, PlotSeries
from tui_dl.ui.plots.roles import Role

STEPS = np.arange(1.0, 101.0)


def text_of(canvas: Canvas) -> str:
    return "\n".join(strip.text for strip in paint(canvas, [Style()] * 64).strips)


def plot(marks: tuple[PlotMark, ...], labels: str, width: int = 80, **more: object) -> Canvas:
    series = (PlotSeries.from_points("train", 0, STEPS, np.full(100, 1.0)),)
    data = PlotData("loss", series, marks, labels=labels, x_range=(0.0, 100.0), **more)  # type: ignore[arg-type]
    return draw_plot(data, PlotView(), width, 14, FULL)[0]


@given(
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 40)), max_size=30),
    st.integers(1, 12),
)
def test_no_label_lies_over_another_or_outside(marks: list[tuple[int, int]], rows: int) -> None:
    marks = sorted(marks)
    labels = placed([cell for cell, _ in marks], [size for _, size in marks], 60, rows)
    taken: set[tuple[int, int]] = set()
    for label in labels:
        cells = {(label.row, x) for x in range(label.start, label.start + label.size)}
        assert not cells & taken
        assert all(0 <= x < 60 and 0 <= row < rows for row, x in cells)
        cell = marks[label.mark][0]
        assert label.start == cell + 1 or label.start + label.size == cell
        taken |= cells
    assert len({label.mark for label in labels}) == len(labels)
    if marks and rows >= len(marks):
        assert len(labels) == len(marks)


def test_all_labels_are_written_on_demand_though_the_curve_is_there() -> None:
    marks = tuple(PlotMark(10.0 * n, f"change {n}") for n in range(1, 9))
    assert all(f"change {n}" in text_of(plot(marks, "all")) for n in range(1, 9))
    assert "change" not in text_of(plot(marks, "none"))


def test_what_has_no_room_is_counted() -> None:
    marks = tuple(PlotMark(50.0, f"change number {n}") for n in range(40))
    text = text_of(plot(marks, "all"))
    assert "change number 0" in text
    assert "more: zoom in" in text


def test_a_long_label_is_whole_where_a_side_has_room_for_it() -> None:
    words = "optimizer adam(lr=0.001) → sgd(lr=0.1)"
    for place in (5.0, 90.0):
        assert words in text_of(plot((PlotMark(place, words),), "auto", width=90))


def test_a_diagnosis_looks_different_from_a_change() -> None:
    canvas = plot((PlotMark(30.0, "lr"), PlotMark(60.0, "non-finite loss", is_fault=True)), "auto")
    assert (canvas.styles == Role.FAULT).any()
    assert (canvas.styles == Role.MARK).any()
    assert (canvas.styles == Role.ALERT).any()
    dots = [canvas.codes[1:-1][canvas.styles[1:-1] == role] for role in (Role.MARK, Role.FAULT)]
    # Not by colour alone: one line is whole, the other dotted.
    assert set(dots[0].tolist()).isdisjoint(dots[1].tolist())


@pytest.mark.parametrize("place", [0.0, 1.0, 50.0, 99.0])
def test_the_box_beside_the_crosshair_keeps_inside(place: float) -> None:
    lines = (CrossLine("step 50"), CrossLine("train 1.23456", 0), CrossLine("a change", is_mark=True))
    canvas = plot((), "auto", cross=PlotCross(place, lines))
    text = text_of(canvas)
    assert all(line.text in text for line in lines)
    assert (canvas.styles == Role.CROSS).any()
    assert {len(line) for line in text.splitlines()} == {80}


def test_arrows_are_plain_where_the_terminal_is() -> None:
    series = (PlotSeries.from_points("train", 0, STEPS, np.full(100, 1.0)),)
    data = PlotData(
        "loss", series, (PlotMark(10, "lr 0.1 → 0.2"),), x_range=(0.0, 100.0), is_present=True, ticks=(30.0,)
    )
    text = text_of(draw_plot(data, PlotView(), 80, 14, ASCII)[0])
    assert "lr 0.1 > 0.2" in text
    assert text.isascii()


def test_a_name_at_a_lines_end_is_whole_or_gives_way_to_the_box() -> None:
    lines = (CrossLine("step 50"), CrossLine("a long line of a box", 0), CrossLine("and another one of it"))
    series = PlotSeries.from_points("validation", 1, STEPS[:50], np.linspace(0.0, 1.0, 50))
    for place in range(100):
        data = PlotData("loss", (series,), x_range=(0.0, 100.0), cross=PlotCross(float(place), lines))
        text = text_of(draw_plot(data, PlotView(), 80, 10, FULL)[0])
        body = "\n".join(text.splitlines()[1:])
        assert all(line.text in body for line in lines)
        assert body.count("validation") == body.count("dation") == body.count("valid")
