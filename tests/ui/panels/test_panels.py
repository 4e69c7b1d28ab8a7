"""What panels say, as plain text, at widths where every word has its place or is left out."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.ui.fake_engine import described, readings, status, steps
from tui_dl.spec.preset import list_presets, load_preset
from tui_dl.ui.ink import Line, cells, fitted, spread, strip_of, wrapped
from tui_dl.ui.panels.control import rows_of, worded
from tui_dl.ui.panels.layers import LayersPanel
from tui_dl.ui.panels.notes import scene_lines
from tui_dl.ui.panels.optimizer import OptimizerPanel
from tui_dl.ui.panels.phases import PHASES, phase_lines
from tui_dl.ui.panels.present import PresentPanel, key_figures, large
from tui_dl.ui.panels.status import StatusPanel, figures, tall
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import PROTOCOL, PhaseReached, ReadingTaken, SceneReached, Welcomed
from tui_dl.wire.snapshots import (
    LayerReading,
    LayersRead,
    OptimizerRead,
    OptimizerReading,
)

WIDTHS = [20, 44, 60, 80, 120, 160]


def text_of(lines: object) -> str:
    """Lines as plain text."""
    assert isinstance(lines, list)
    return "\n".join("".join(part if isinstance(part, str) else part[0] for part in line) for line in lines)


def lively_model(step: int = 50) -> RunModel:
    model = RunModel()
    model.apply(Welcomed(PROTOCOL, "run-1", 1, "0.1.0", True))
    model.apply(described())
    model.apply(status("running", step, overhead=0.021, eta_s=75.0, pace=0.0))
    model.apply(steps(1, np.linspace(2, 1, step)))
    for reading in readings(step):
        model.apply(reading)
    return model


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", [StatusPanel, LayersPanel, OptimizerPanel])
@pytest.mark.parametrize("model", [RunModel(), lively_model()])
def test_panels_say_something_at_every_width(width: int, kind: type[StatusPanel], model: RunModel) -> None:
    for height in (1, 2, 5, 30):
        assert isinstance(kind(model).build(width, height), list)


def test_the_status_line_says_what_a_run_is_doing() -> None:
    text = text_of(StatusPanel(lively_model()).build(160, 2))
    for words in ("▶ RUNNING", "epoch 2/40", "step 50", "1234 steps/s", "1m15s left", "cpu", "inspect 2.1%"):
        assert words in text, words
    assert "loss 1.000" in text


def test_in_a_narrow_status_line_the_numbers_stay_and_words_go() -> None:
    text = text_of(StatusPanel(lively_model()).build(80, 2))
    assert "acc " in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_state_that_is_not_the_engines_stands_out() -> None:
    model = lively_model()
    model.set_link("lost", "broken pipe; trying again (attempt 2)")
    text = text_of(StatusPanel(model).build(120, 2))
    assert "DISCONNECTED" in text
    assert "attempt 2" in text


def test_the_numbers_of_a_regression_are_not_shares() -> None:
    model = RunModel(experiment=load_preset("outliers"))
    model.history.append(0, [1], {"train.mse": [0.25], "train.loss": [0.25]})
    shown = {figure.label: figure.worded() for figure in figures(model)}
    assert shown["mse"] == "0.2500"


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_tall_numbers_have_three_equal_rows(value: float) -> None:
    from tui_dl.ui.numerals import number

    rows = tall(number(value))
    assert len({len(row) for row in rows}) == 1


def test_a_vanished_gradient_and_dead_units_are_marked() -> None:
    model = lively_model()
    layers = (
        LayerReading("layers.0", 1e-8, 5.0, 1e-9, 0.8, None),
        LayerReading("layers.1", math.nan, math.inf, math.nan, None, None),
        LayerReading("layers.2", 1.0, 5.0, 1e-3, 0.0, 0.1),
    )
    model.apply(ReadingTaken(0, 50, LayersRead(layers, 1e-8)))
    lines = LayersPanel(model).build(120, 30)
    styles = {part[0].strip(): part[1] for line in lines for part in line if isinstance(part, tuple)}
    assert styles["1.0e-8"] == "warn"
    assert styles["80%"] == "warn"
    assert styles["nan"] == "bad"
    assert styles["-3.0"] == "good"
    assert styles["-9.0"] == "warn"
    assert "it vanishes on its way down" in text_of(lines)


def test_the_gauge_has_one_width_whatever_the_ratio() -> None:
    model = lively_model()
    ratios = (None, 0.0, 1e-300, 1e-9, 1e-3, 1.0, 1e9, math.nan, math.inf)
    rows = tuple(LayerReading(f"layers.{n}", 1.0, 1.0, ratio) for n, ratio in enumerate(ratios))
    model.apply(ReadingTaken(0, 50, LayersRead(rows)))
    lines = LayersPanel(model).build(120, 11)[1 : 1 + len(ratios)]
    assert len({cells(line) for line in lines}) == 1


def test_the_optimizer_says_what_it_holds_in_words() -> None:
    text = text_of(OptimizerPanel(lively_model()).build(100, 30))
    for words in ("adam", "running mean of the gradient", "√v", "own step", "effective step"):
        assert words in text, words


def test_an_optimizer_without_state_has_no_columns_for_it() -> None:
    model = lively_model()
    model.apply(described(load_preset("digits-mlp", {"optimizer": "sgd"})))
    read = OptimizerRead("sgd", 0.1, "", "", (OptimizerReading("layers.0", effective_step=1e-3),))
    model.apply(ReadingTaken(0, 50, read))
    text = text_of(OptimizerPanel(model).build(100, 30))
    assert "√v" not in text
    assert "own step" not in text
    assert "nothing is remembered" in text


def test_before_the_first_update_the_rate_is_the_one_that_it_will_have() -> None:
    model = RunModel()
    model.apply(described(load_preset("digits-mlp", {"schedule": "warmup"})))
    text = text_of(OptimizerPanel(model).build(100, 30))
    assert "1e-05 = 0.001 × 0.01" in text


@pytest.mark.parametrize("name", [preset.name for preset in list_presets()])
def test_the_control_panel_follows_the_order_of_the_ingredients(name: str) -> None:
    heads = [row.label for row in rows_of(RunModel(experiment=load_preset(name))) if row.head]
    assert heads == ["data", "model", "loss", "optimizer", "schedule", "regularizers", "run"]


def test_values_are_written_as_people_would() -> None:
    assert worded((64, 64, 64, 32)) == "3×64 32"
    assert worded(()) == "none"
    assert worded(True) == "yes"
    assert worded(1e-8) == "1e-08"
    assert worded(load_preset("digits-mlp", {"optimizer.lr": 0.5}).optimizer) == "adam lr=0.5"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_shows_what_is_done_and_what_comes_next(phase: str, width: int) -> None:
    model = lively_model()
    model.apply(PhaseReached(51, phase, {"loss": 0.5}, ("64 × 10 outputs",)))
    text = text_of(phase_lines(model, width))
    assert phase in text
    assert "64 × 10 outputs" in text
    following = PHASES[PHASES.index(phase) + 1] if phase != "update" else "run on"
    assert following in text


def test_an_update_of_several_micro_batches_begins_anew_until_the_last() -> None:
    model = lively_model()
    for phase, micro, following in (
        ("fetch", 1, "forward"),
        ("zero_grad", 1, "backward"),
        ("backward", 1, "fetch"),
        ("fetch", 2, "forward"),
        ("loss", 2, "backward"),
        ("backward", 2, "clip"),
        ("clip", 2, "update"),
    ):
        model.apply(PhaseReached(51, phase, {}, (), micro, 2))
        text = text_of(phase_lines(model, 100))
        assert f"· {micro} of 2" in text
        assert f" p {following}" in text or f"{following}   " in text, (phase, text)


def test_no_phase_no_strip() -> None:
    assert phase_lines(lively_model(), 80) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_waiting_scene_says_which_key_goes_on(width: int) -> None:
    model = RunModel(experiment=load_preset("vanishing-gradient"))
    assert scene_lines(model, width) == []
    model.apply(SceneReached(0, True))
    assert "PgDn" in text_of(scene_lines(model, width))
    model.apply(SceneReached(99, True))
    assert scene_lines(model, width) == []


@given(st.lists(st.text(max_size=20), max_size=6), st.integers(1, 60))
def test_a_line_has_exactly_the_width_it_was_given(texts: list[str], width: int) -> None:
    from rich.style import Style

    strip = strip_of({"": Style()}, [text.replace("\n", " ") for text in texts if text.isprintable()], width)
    assert sum(segment.cell_length for segment in strip) == width


@given(st.text(alphabet="ab 한글", max_size=80), st.integers(2, 30))
def test_wrapped_words_fit(text: str, width: int) -> None:
    assert all(cells([line]) <= width for line in wrapped(text, width))
    assert cells([fitted(text, width)]) == width


def test_what_has_no_room_at_the_right_is_left_out() -> None:
    left: Line = ["left"]
    assert cells(spread(left, ["right"], 12)) == 12
    assert spread(left, ["right"], 8) == left


@pytest.mark.parametrize("width", [44, 50, 60, 79, 100, 119, 140, 250])
@pytest.mark.parametrize("height", [1, 2, 5])
def test_the_top_never_shows_half_a_number(width: int, height: int) -> None:
    model = lively_model()
    lines = StatusPanel(model).build(width, height)
    assert all(cells(line) <= width for line in lines)
    text = text_of(list(lines))
    if height < 5 or width < 100:
        shown = [figure.worded() for figure in figures(model)]
        assert shown[0] in text.split()
        words = text.split()
        assert all(word in shown for word in words[words.index(shown[0]) :] if word[0].isdigit())
    else:
        assert "rate" in text


def test_with_more_room_more_facts_stand_beside_the_large_numbers() -> None:
    model = lively_model()
    assert "parameters" not in text_of(list(StatusPanel(model).build(120, 5)))
    wide = text_of(list(StatusPanel(model).build(250, 5)))
    assert {"parameters", "device", "inspecting", "steps/s", "left"} <= set(wide.split())


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(1, 3))
def test_numbers_for_a_projector_have_equal_rows_and_show_something(value: float, scale: int) -> None:
    from tui_dl.ui.numerals import number

    rows = large(number(value), scale)
    assert len(rows) == 5 * scale
    assert len({len(row) for row in rows}) == 1
    assert set("".join(rows)) == {" ", "█"}


def test_digits_for_a_projector_differ() -> None:
    assert len({tuple(large(character)) for character in "0123456789%-e.naif"}) == 18


@pytest.mark.parametrize(("width", "height"), [(44, 6), (60, 6), (80, 7), (120, 7), (160, 12), (250, 12)])
@pytest.mark.parametrize("model", [RunModel(), lively_model()])
def test_a_projectors_top_keeps_within_its_size(width: int, height: int, model: RunModel) -> None:
    lines = PresentPanel(model).build(width, height)
    assert len(lines) == height
    assert max(cells(line) for line in lines) <= width + 2
    if model.latest("train.loss") is not None:
        assert "██" in text_of(list(lines))


def test_a_projector_shows_validation_first_and_what_is_not_finite_in_letters() -> None:
    model = lively_model()
    model.history.append(0, [51], {"validation.accuracy": [math.nan]})
    assert key_figures(model)[0].label == "val accuracy"
    assert "█" in text_of(list(PresentPanel(model).build(80, 7)))
