import tomllib
from typing import Any

import msgspec
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from tests.spec.experiments import SMALL, experiments
from tui_dl.errors import SpecError
from tui_dl.spec.change import apply_change, edits
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.merge import merge, to_tree
from tui_dl.spec.plain_values import copied
from tui_dl.spec.preset import from_toml, list_presets, load_preset, to_toml


@given(experiments())
def test_what_is_written_loads_back_equal(experiment: Experiment) -> None:
    text = to_toml(experiment)
    again = from_toml(text, "again.toml")
    assert again == experiment
    assert to_toml(again) == text


@given(experiments())
def test_the_wire_gives_back_the_same_experiment(experiment: Experiment) -> None:
    packed = msgspec.msgpack.encode(experiment)
    assert msgspec.msgpack.decode(packed, type=Experiment) == experiment


@given(experiments(), experiments())
def test_one_experiment_laid_over_another_gives_it(old: Experiment, new: Experiment) -> None:
    change = {key: value for key, value in to_tree(new).items() if key not in ("lecture", "title", "summary")}
    changed = apply_change(old, {**change, "script": [], "lecture": {}})
    assert apply_change(changed, change) == apply_change(apply_change(changed, change), change)
    assert changed.data == new.data
    assert changed.optimizer == new.optimizer
    # A table of regularizers merges by name, a list replaces.
    assert changed.regularizers == new.regularizers
    assert not [
        edit
        for edit in edits(changed, new)
        if edit.path not in ("script", "lecture", "lecture.notes", "title", "summary")
    ]


@given(experiments())
def test_edits_of_an_experiment_with_itself_are_none(experiment: Experiment) -> None:
    assert edits(experiment, experiment) == ()
    assert apply_change(experiment, {}) == experiment


OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "optimizer.lr": st.floats(0, 1),
        "optimizer.name": st.sampled_from(["sgd", "adam", "adagrad"]),
        "optimizer": st.sampled_from(["sgd", {"name": "adam"}, {"name": "rmsprop", "lr": 0.5}]),
        "model.activation": st.sampled_from(["tanh", "relu", {"name": "leaky_relu", "negative_slope": 0.5}]),
        "regularizers.l2": st.sampled_from([True, False, {"strength": 0.5}]),
        "regularizers": st.sampled_from([[], ["l1"], {"dropout": {"p": 0.25}}]),
        "training": st.sampled_from([{"epochs": 3}, {"batch_size": 9}]),
    },
)


@given(OVERRIDES)
def test_overrides_are_idempotent(overrides: dict[str, Any]) -> None:
    once = from_toml(SMALL, "small.toml", overrides)
    assert from_toml(to_toml(once), "small.toml", overrides) == once


@given(OVERRIDES, st.randoms())
def test_the_order_of_keys_does_not_matter(overrides: dict[str, Any], random: Any) -> None:
    items = list(overrides.items())
    random.shuffle(items)
    assert from_toml(SMALL, "a", dict(items)) == from_toml(SMALL, "a", overrides)


@given(OVERRIDES)
def test_nothing_that_is_given_is_changed(overrides: dict[str, Any]) -> None:
    tree = to_tree(from_toml(SMALL, "small.toml"))
    before = msgspec.json.encode([tree, overrides])
    merge(tree, overrides)
    assert msgspec.json.encode([tree, overrides]) == before


LEAVES = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(max_size=8),
    st.none(),
    st.dates(),
    st.sampled_from(["sgd", "relu", "digits", "mlp", "l2", "cross_entropy", 1, 0.5]),
)
WORDS = """
data model loss optimizer schedule regularizers training lecture scene script variant expect seed title name
lr activation hidden l2 strength set at_step ko scenes 1 above metric optimizer.lr model.activation.name
regularizers.l2 x.y
"""
KEYS = st.sampled_from(WORDS.split())
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4)
    ),
)
MAPPINGS = st.dictionaries(KEYS | st.text(max_size=5), TREES, max_size=5)


@given(MAPPINGS)
def test_no_override_raises_anything_but_a_spec_error(overrides: dict[str, Any]) -> None:
    try:
        experiment = from_toml(SMALL, "small.toml", overrides)
    except SpecError as error:
        source = error.source
    else:
        source = "--set"
        assert from_toml(to_toml(experiment), "small.toml") == experiment
    assert source == "--set"


RICH = """
title = "t"
seed = 3
regularizers = ["l2", {name = "dropout", p = 0.25}]
[data]
name = "spiral"
arms = 3
[model]
name = "mlp"
hidden = [8, 8]
activation = {name = "leaky_relu", negative_slope = 0.1}
[optimizer]
name = "sgd"
momentum = 0.9
[training]
threads = 2
device = "cpu"
[lecture]
notes = "n"
[lecture.ko.scenes]
1 = "x"
[[scene]]
at_step = 4
pace = 3
[[script]]
at_step = 7
set = {"optimizer.momentum" = 0.5, regularizers = {l2 = false}}
[[variant]]
name = "v"
set.model.activation = "tanh"
[[expect]]
metric = "train.loss"
at_step = 9
below = {variant = "v", times = 2.5}
"""


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a tree with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *_places(value[key])]]


@given(st.data(), LEAVES | TREES)
def test_one_spoilt_value_in_a_rich_preset_is_survived(data: st.DataObject, value: Any) -> None:
    tree = tomllib.loads(RICH)
    container, key = data.draw(st.sampled_from(_places(tree)))
    if isinstance(container, dict) and data.draw(st.booleans()):
        container[data.draw(KEYS)] = container.pop(key)
    else:
        container[key] = value
    try:
        experiment = from_toml(tomli_w.dumps(copied(tree, "")), "rich.toml")
    except SpecError as error:
        message = str(error)
    else:
        message = "rich.toml: "
        assert from_toml(to_toml(experiment), "rich.toml") == experiment
    assert message.startswith("rich.toml: ")
    assert "\n" not in message


@given(MAPPINGS)
def test_no_tree_raises_anything_but_a_spec_error(tree: dict[str, Any]) -> None:
    text = tomli_w.dumps(copied(tree, ""))
    with pytest.raises(SpecError) as caught:
        # A title that is a number keeps the rare valid tree from passing.
        from_toml(text, "fuzz.toml", {"title": 1})
    assert caught.value.exit_code == 2


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda content: content.decode("latin-1")))
def test_no_text_raises_anything_but_a_spec_error(text: str) -> None:
    with pytest.raises(SpecError):
        from_toml(text, "fuzz.toml")


@given(MAPPINGS)
def test_no_change_raises_anything_but_a_spec_error(change: dict[str, Any]) -> None:
    experiment = from_toml(SMALL, "small.toml")
    try:
        changed = apply_change(experiment, change)
    except SpecError as error:
        source = error.source
    else:
        source = "change"
        assert apply_change(changed, {}) == changed
    assert source == "change"


@pytest.mark.parametrize("name", [preset.name for preset in list_presets()])
def test_every_preset_is_valid_and_loads_back_equal(name: str) -> None:
    experiment = load_preset(name)
    assert from_toml(to_toml(experiment), name) == experiment
    assert experiment.title
    assert experiment.summary
