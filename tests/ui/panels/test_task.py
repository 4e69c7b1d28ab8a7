"""The views of the task: what they say at every size, to any data, with and without colour."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from textual.app import App, ComposeResult

from tests.ui.panels.task_worlds import EVERY, chosen, confusion, fit, pictures, regions
from tui_dl.ui.ink import Line, cells
from tui_dl.ui.panels.confusion import confusion_lines, needed_width
from tui_dl.ui.panels.judged import JudgedView, next_sample
from tui_dl.ui.panels.sample_page import sample_page_lines
from tui_dl.ui.panels.samples import grid_for, sample_lines
from tui_dl.ui.panels.task import TaskPanel
from tui_dl.ui.panels.task_data import fit_data, regions_data
from tui_dl.ui.panels.task_pages import pages
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.theme import Palette
from tui_dl.wire.messages import ReadingTaken
from tui_dl.wire.snapshots import RegionsView, SamplesView

DARK = Palette("truecolor", True)
NONE = Palette("none", True)
JUDGED = {name: view for name, view in EVERY.items() if isinstance(view, JudgedView)}


def text_of(lines: list[Line]) -> str:
    return "\n".join("".join(part if isinstance(part, str) else part[0] for part in line) for line in lines)


class Stage(App[None]):
    """A task panel alone, fed by a model without an engine."""

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.model = model
        self.wishes = 0

    def compose(self) -> ComposeResult:
        yield TaskPanel(self.model, id="task")

    def on_task_panel_wished(self) -> None:
        self.wishes += 1

    @property
    def panel(self) -> TaskPanel:
        return self.query_one(TaskPanel)

    @property
    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


def model_of(view: object) -> RunModel:
    model = RunModel()
    model.apply(ReadingTaken(0, 1, view))  # type: ignore[arg-type]
    return model


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("size", [(20, 5), (44, 12), (58, 14), (80, 19), (118, 38)])
async def test_every_view_is_drawn_at_every_size_and_on_every_page(name: str, size: tuple[int, int]) -> None:
    app = Stage(model_of(EVERY[name]))
    async with app.run_test(size=size) as pilot:
        for _ in range(4):
            app.panel.renew()
            await pilot.pause()
            assert app.text.strip()
            app.panel.move_lines(1)
            app.panel.enter()
        app.panel.leave()
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert app.text.strip()


async def test_at_a_wide_size_everything_stands_side_by_side() -> None:
    app = Stage(model_of(pictures()))
    async with app.run_test(size=(118, 38)) as pilot:
        await pilot.pause()
        app.panel.renew()
        await pilot.pause()
        for words in ("samples", "confusion", "recall", "softmax", "argmax", "[✗3→5 12%]"):
            assert words in app.text, words


async def test_enter_goes_through_the_pages_and_escape_comes_back() -> None:
    app = Stage(model_of(pictures()))
    async with app.run_test(size=(78, 19)) as pilot:
        app.panel.renew()
        await pilot.pause()
        assert "confusion" in app.text
        assert "softmax" not in app.text
        app.panel.enter()
        await pilot.pause()
        assert "softmax" in app.text
        assert "confusion" not in app.text
        assert "samples" in app.text
        app.panel.leave()
        await pilot.pause()
        assert "confusion" in app.text


async def test_a_sample_is_chosen_by_keys_and_by_a_click() -> None:
    app = Stage(model_of(pictures()))
    async with app.run_test(size=(78, 19)) as pilot:
        app.panel.renew()
        await pilot.pause()
        app.panel.move_lines(1)
        await pilot.pause()
        assert app.panel.pinned == 8, "the one after the worst, which the engine shows"
        app.panel.move_lines(-1)
        assert app.panel.pinned == 7
        await pilot.click(offset=(3, 2))
        assert app.panel.pinned == 0
        assert app.wishes >= 3
        app.panel.leave()
        assert app.panel.pinned is None


async def test_a_point_is_chosen_by_a_click_and_the_plane_asks_for_its_size() -> None:
    app = Stage(model_of(regions()))
    async with app.run_test(size=(78, 20)) as pilot:
        app.panel.renew()
        await pilot.pause()
        app.panel.renew()
        await pilot.pause()
        columns, rows = app.panel.grid
        assert columns > 20
        assert rows > 20, "two values a cell"
        plane = app.query_one("RegionMap")
        await pilot.click(plane, offset=(7 + columns // 2, 1 + rows // 4))
        assert app.panel.pinned == 10


def test_what_is_wanted_next_is_found_even_if_the_chosen_one_has_left_the_list() -> None:
    view = confusion(3)
    assert next_sample(view, None, 1) == 5
    assert next_sample(view, 19, 1) == 19
    assert next_sample(view, 0, -1) == 0
    assert next_sample(view, 999, 1) == 0
    empty = EVERY["no samples"]
    assert isinstance(empty, SamplesView)
    assert next_sample(empty, None, 1) is None


# -- the matrix ------------------------------------------------------------------------------------------


def test_every_count_can_be_read_at_80x24() -> None:
    counts = [[100 * true + said for said in range(10)] for true in range(10)]
    view = confusion(10, counts)
    text = text_of(confusion_lines(view, 76, 17, DARK))
    for row in counts:
        for counted in row[1:]:
            assert f" {counted}" in text
    right = sum(counts[place][place] for place in range(10))
    total = sum(map(sum, counts))
    assert f"{right:,} of {total:,} right" in text


def test_recall_and_total_stand_at_the_end_of_each_row() -> None:
    view = confusion(2, [[30, 10], [4, 36]])
    lines = text_of(confusion_lines(view, 60, 5, NONE)).splitlines()
    assert "recall" in lines[1]
    assert "total" in lines[1]
    assert lines[2].split()[-2:] == ["75%", "40"]
    assert lines[3].split()[-2:] == ["90%", "40"]
    assert lines[2].split()[:4] == ["class", "0", "30", "10"]


def test_a_column_says_what_tells_its_class_from_the_others() -> None:
    heads = text_of(confusion_lines(confusion(4), 46, 8, NONE)).splitlines()[1].split()
    assert heads[1:5] == ["0", "1", "2", "3"]


def test_right_and_wrong_counts_differ_without_colour() -> None:
    lines = confusion_lines(confusion(2, [[30, 10], [4, 36]]), 60, 5, NONE)
    styles = {
        part[0].strip(): part[1]
        for line in lines
        for part in line
        if not isinstance(part, str) and len(part) == 3
    }
    assert not styles["30"].underline
    assert styles["10"].underline


def test_where_the_matrix_has_no_room_the_worst_pairs_are_named() -> None:
    counts = [[0] * 100 for _ in range(100)]
    counts[7][42], counts[3][8], counts[5][5] = 12, 9, 80
    text = text_of(confusion_lines(confusion(100, counts), 60, 20, DARK))
    assert text.index("class 7 ") < text.index("class 3 ")
    assert "class 42" in text
    assert " 12" in text
    assert "class 5 " not in text


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("palette", [DARK, NONE], ids=["colour", "none"])
@pytest.mark.parametrize("width", [20, 34, 46, 60, 118])
def test_lines_of_the_matrix_fit(name: str, palette: Palette, width: int) -> None:
    view = JUDGED[name]
    for height in (3, 8, 17, 38):
        lines = confusion_lines(view, width, height, palette)
        assert len(lines) <= height or height == 3
        # Words may be cut, numbers may not.
        assert width < 34 or all(cells(line) <= width for line in lines[2:])


def test_the_needed_width_holds_counts_and_recall() -> None:
    view = pictures()
    needed = needed_width(view)
    text = text_of(confusion_lines(view, needed, 13, DARK))
    assert "recall" in text
    assert "confused most" not in text


# -- one sample ------------------------------------------------------------------------------------------


def test_a_sample_is_said_number_by_number() -> None:
    view = confusion(3)
    one = chosen(12, [2.0, -1.0, 0.5], true=2)
    text = text_of(sample_page_lines(view, one, 80, 20, DARK))
    shares = np.exp([2.0, -1.0, 0.5]) / np.exp([2.0, -1.0, 0.5]).sum()
    for logit, share in zip(("2.00", "-1.00", "0.500"), shares, strict=True):
        line = next(line for line in text.splitlines() if f" {logit} " in line)
        assert f"{100 * share:.1f}%" in line
    assert "#12" in text
    assert "✗ wrong" in text
    assert "chosen, 3rd worst" in text
    assert f"-ln p {-math.log(shares[2]):.3f}" in text
    assert "(0.250, -1.50)" in text
    assert [line.split()[-1] for line in text.splitlines() if " class" in line[:8]] == ["1", "0", "0"]


def test_bars_go_with_the_numbers() -> None:
    one = chosen(0, [4.0, -4.0, 2.0])
    lines = text_of(sample_page_lines(confusion(3), one, 100, 12, DARK)).splitlines()
    rows = [line for line in lines if "class" in line[:9]]
    before, after = zip(*(line.split("│") for line in rows), strict=True)
    assert [part.count("█") for part in before] == [0, before[1].count("█"), 0]
    assert before[1].count("█") > 5
    right = [part.split("%")[0].count("█") for part in after]
    assert abs(right[0] - 2 * right[2]) <= 1
    assert right[0] > 5
    assert right[1] == 0


@pytest.mark.parametrize("width", [20, 34, 46, 118])
@pytest.mark.parametrize("name", JUDGED)
def test_lines_of_a_sample_fit(name: str, width: int) -> None:
    view = JUDGED[name]
    if view.chosen is None:
        return
    for height in (4, 9, 17, 38):
        lines = sample_page_lines(view, view.chosen, width, height, NONE)
        assert len(lines) <= max(height, 4)


def test_among_many_classes_the_largest_and_the_true_one_are_shown() -> None:
    logits = [float(label) for label in range(100)]
    one = chosen(0, logits, true=1)
    text = text_of(sample_page_lines(confusion(100), one, 80, 12, DARK))
    assert "class 99" in text
    assert "▸ class 1 " in text
    assert "more classes" in text


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=30))
def test_any_logits_can_be_shown(logits: list[float]) -> None:
    lines = sample_page_lines(confusion(len(logits)), chosen(0, logits), 60, 20, DARK)
    assert len(lines) <= 20


# -- pictures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (7, 5)])
def test_samples_are_drawn_at_every_colour_depth(depth: str, height: int, width: int) -> None:
    lines = sample_lines(pictures(height, width), 60, 20, Palette(depth, True))  # type: ignore[arg-type]
    assert "✗3→5 12%" in text_of(lines)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(10, 250), st.integers(2, 70))
def test_a_grid_of_pictures_fits_and_every_cell_leads_to_its_picture(
    height: int, width: int, columns: int, rows: int
) -> None:
    grid = grid_for(height, width, 48, columns, rows)
    assert grid.across >= 1
    assert grid.down >= 1
    if grid.across > 1:
        assert grid.across * grid.cell <= columns
    if grid.down > 1:
        assert grid.down * grid.tall + 1 <= rows
    for place in range(min(grid.shown, 48)):
        row, column = divmod(place, grid.across)
        assert grid.place(1 + column * grid.cell, 1 + row * grid.tall) == place


def test_small_pictures_are_enlarged_where_there_is_room() -> None:
    assert grid_for(8, 8, 48, 40, 16).scale == 1
    assert grid_for(8, 8, 48, 118, 38).scale == 2
    assert grid_for(28, 28, 48, 118, 38).scale == 1


# -- planes and fits -------------------------------------------------------------------------------------


def test_regions_put_points_where_they_are() -> None:
    data = regions_data(regions(), pinned=10)
    assert data.points.x.tolist() == [1.0, 0.0, 0.5, 0.75]
    assert data.points.y.tolist() == [0.0, 1.0, 0.5, 0.25]
    assert data.points.is_train.tolist() == [True, True, False, False]
    assert data.points.indices.tolist() == [-1, -1, 10, 11]
    assert data.chosen == (0.5, 0.5)
    assert regions_data(regions()).chosen == (0.625, 0.875), "by its own inputs"


def test_an_older_engines_points_are_of_one_split_and_right() -> None:
    view = EVERY["regions from an older engine"]
    assert isinstance(view, RegionsView)
    data = regions_data(view)
    assert data.points.is_train.all()
    assert (data.points.predicted == data.points.classes).all()
    assert data.chosen is None


def test_a_fit_keeps_its_points_and_marks_outliers() -> None:
    data = fit_data(fit())
    assert data.outliers.tolist() == [False, False, False, True]
    assert data.train.residuals.tolist() == [0.1, -0.1, 0.2, -9.0]
    assert data.x_range == pytest.approx((0.0, 0.3))


def test_pages_at_the_sizes_people_have() -> None:
    small, medium, wide = pages(58, 14, 10, 51), pages(78, 16, 10, 41), pages(118, 38, 10, 41)
    assert [len(page.parts) for page in small] == [1, 1, 1]
    assert [len(page.parts) for page in medium] == [2, 2]
    assert len(wide[0].parts) == 3
    assert {part for page in small for part in page.parts} == {"picture", "matrix", "sample"}


@pytest.mark.parametrize("squashed_by", ["softmax", "sigmoid"])
def test_what_made_probabilities_of_the_logits_is_named(squashed_by: str) -> None:
    one = structs.replace(chosen(0, [1.0, 2.0]), squashed_by=squashed_by)
    text = text_of(sample_page_lines(confusion(2), one, 100, 30, DARK))
    assert squashed_by in text
    assert ({"softmax", "sigmoid"} - {squashed_by}).pop() not in text
