"""The layer table: ordered by any column, drawn as far as it is in sight, legible whatever is in it."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec import structs

from tests.ui.fake_engine import described, readings
from tests.ui.panels.test_panels import lively_model, text_of
from tui_dl.spec.preset import load_preset
from tui_dl.ui.ink import cells
from tui_dl.ui.panels.control_rows import rows_of
from tui_dl.ui.panels.layer_columns import SORTED_BY, Order, in_order
from tui_dl.ui.panels.layer_page import LayerFacts
from tui_dl.ui.panels.layers import LayersPanel, LayerTable
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import LayerInfo, ReadingTaken
from tui_dl.wire.snapshots import LayerReading, LayersRead

VALUES = st.none() | st.floats(0, 1e9) | st.sampled_from([math.nan, math.inf])


def deep_model(layers: int) -> RunModel:
    model = RunModel()
    model.apply(described(layers=layers))
    for reading in readings(50, layers):
        model.apply(reading)
    return model


@given(st.lists(VALUES, max_size=30), st.sampled_from(["grad_norm", "update_ratio"]), st.booleans())
def test_any_values_are_ordered_and_what_is_missing_comes_last(
    values: list[float | None], key: str, is_descending: bool
) -> None:
    rows = [LayerReading(str(place), **{key: value}) for place, value in enumerate(values)]  # type: ignore[arg-type]
    ordered = [getattr(one, key) for one in in_order(rows, {}, Order(key, is_descending))]
    known = [value if math.isfinite(value) else math.inf for value in ordered if value is not None]
    assert known == sorted(known, reverse=is_descending)
    assert all(value is None for value in ordered[len(known) :])
    assert len(ordered) == len(rows)


def test_the_order_goes_through_all_columns_both_ways_and_back_to_none() -> None:
    order, seen = Order(), []
    for _ in range(2 * len(SORTED_BY)):
        order = order.next()
        seen.append((order.key, order.is_descending))
    assert seen == [(key, down) for key in SORTED_BY for down in (True, False)]
    assert order.next() == Order()


def test_a_click_on_a_head_orders_by_it_and_a_second_one_turns_it() -> None:
    order = Order().by("weight_norm")
    assert order == Order("weight_norm")
    assert order.by("weight_norm") == Order("weight_norm", is_descending=False)
    assert order.by("shape") == order.by("nothing") == order


def test_the_head_says_by_what_the_rows_are_ordered() -> None:
    table = LayerTable(lively_model())
    table.order = Order("grad_norm")
    lines = table.build(100, 20)
    assert "‖grad‖↓" in text_of(lines)
    assert "‖grad‖ largest first" in text_of(lines)
    names = [line.split()[0] for line in text_of([list(one)[1:] for one in lines[1:4]]).splitlines()]
    assert names == ["layers.0", "layers.1", "layers.2"]
    table.order = Order("grad_norm", is_descending=False)
    assert "layers.2" in text_of(table.build(100, 20)[1:2])


def test_by_name_and_kind() -> None:
    infos = {name: LayerInfo(name, kind, (), 1) for name, kind in (("a", "Linear"), ("b", "Conv2d"))}
    rows = [LayerReading("a"), LayerReading("b")]
    assert [one.name for one in in_order(rows, infos, Order("layer"))] == ["b", "a"]
    assert [one.name for one in in_order(rows, infos, Order("kind", is_descending=False))] == ["b", "a"]


@pytest.mark.parametrize("layers", [1, 60, 3000])
@pytest.mark.parametrize("height", [1, 4, 20])
def test_only_rows_in_sight_are_built_and_the_cursor_is_among_them(layers: int, height: int) -> None:
    model = deep_model(layers)
    table = LayerTable(model)
    for place in (0, layers // 2, layers - 1):
        model.lenses.chosen = f"layers.{place}"
        lines = table.build(80, height)
        assert len(lines) <= max(height, 2)
        if height > 1:
            assert f"layers.{place} " in text_of(list(lines))


@pytest.mark.parametrize("width", [20, 44, 60, 80, 84, 120, 200])
def test_every_row_is_as_wide_as_every_other_whatever_is_in_it(width: int) -> None:
    rows = tuple(
        LayerReading(f"layers.{place}", value, value, value, 0.5, 0.1)
        for place, value in enumerate((None, 0.0, 1e-12, 1e-3, 12.5, 1e7, math.nan, math.inf))
    )
    model = deep_model(len(rows))
    model.apply(ReadingTaken(0, 51, LayersRead(rows)))
    for panel in (LayerTable(model), LayersPanel(model)):
        lines = panel.build(width, 30)
        assert len({cells(line) for line in lines[: 1 + len(rows)]}) == 1
        assert cells(lines[0]) <= width


def test_the_columns_of_the_issue_have_room_at_80() -> None:
    head = text_of(LayerTable(lively_model()).build(80, 20)[:1])
    for title in ("layer", "kind", "shape", "params", "‖grad‖", "‖weight‖", "log₁₀ Δ/w", "weights"):
        assert title in head, title


def test_what_was_seen_at_rest_is_completed_from_the_last_batch() -> None:
    model = lively_model()
    at_rest = LayersRead((LayerReading("layers.0", 3.0, 4.0),), missing="updates come with the next batch")
    model.apply(ReadingTaken(0, 60, at_rest))
    read = model.reading(LayersRead)
    assert read is not None
    (one,) = read.layers
    assert (one.grad_norm, one.weight_norm, one.update_ratio) == (3.0, 4.0, 1e-2)
    text = text_of(list(LayerTable(model).build(100, 20)))
    assert "measured at step 60; updates and units at step 50" in text


def test_layers_without_a_reading_are_listed_all_the_same() -> None:
    model = RunModel()
    model.apply(described())
    text = text_of(list(LayerTable(model).build(80, 20)))
    assert "layers.2" in text
    assert "Linear" in text


def with_costs() -> RunModel:
    model = RunModel()
    told = described(layers=2)
    layers = tuple(structs.replace(one, multiply_adds=4096, activation_bytes=512) for one in told.layers)
    model.apply(structs.replace(told, layers=layers, multiply_adds=12_345, activation_bytes=64 * 1024))
    return model


def test_what_a_model_costs_stands_below_its_layers() -> None:
    words = "12.3k multiply-adds a sample forward; activations of a batch take 64.0 KiB"
    assert words in text_of(LayerTable(with_costs()).build(100, 20))
    assert words not in text_of(LayerTable(lively_model()).build(100, 20))
    assert "multiply-adds" not in text_of(LayersPanel(with_costs()).build(100, 20))


def test_a_layers_page_tells_its_costs_where_there_is_room() -> None:
    model = with_costs()
    model.lenses.chosen = "layers.1"
    page = LayerFacts(model)
    assert "4096 multiply-adds   512 B a sample   2/2" in text_of(page.build(120, 5))
    narrow = text_of(page.build(70, 5))
    assert "multiply-adds" not in narrow
    assert "2/2" in narrow


def test_the_control_panel_tells_costs_with_all_settings() -> None:
    rows = {row.label: row.value for row in rows_of(with_costs(), all_settings=True)}
    assert (rows["multiply-adds"], rows["activations"]) == ("12.3k a sample", "64.0 KiB a batch")


def test_the_control_panel_shows_layers_activations_one_by_one() -> None:
    model = RunModel()
    model.apply(described(load_preset("digits-mlp", {"model.activations": ["tanh", "relu"]})))
    for all_settings in (False, True):
        shown = [row for row in rows_of(model, all_settings=all_settings) if row.label == "activation"]
        assert [(row.value, row.path, row.differs) for row in shown] == [
            ("tanh relu", "model.activation", True)
        ]
