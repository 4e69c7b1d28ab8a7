from typing import Any

import pytest

from tui_dl.spec.catalogue import FAMILIES
from tui_dl.spec.change import apply_change
from tui_dl.spec.component import component_name
from tui_dl.spec.preset import load_preset
from tui_dl.ui import proposal

DIGITS = load_preset("digits-mlp")
PLACES = ("data", "model", "model.activation", "model.init", "loss", "optimizer", "schedule", "regularizers")


@pytest.mark.parametrize("path", PLACES)
def test_every_component_of_the_catalogue_can_be_chosen(path: str) -> None:
    names = proposal.names_for(path)
    family = proposal._FAMILIES[path]
    assert names == tuple(component_name(cls) for cls in FAMILIES[family])
    for name in names:
        assert proposal.summary_of(path, name)
        texts = proposal.texts_at(DIGITS, path, name)
        assert texts.keys() == {field.name for field in proposal.fields_at(path, name)}


@pytest.mark.parametrize("path", [*PLACES, "training"])
def test_an_untouched_form_of_what_runs_is_no_change(path: str) -> None:
    name = "" if path in ("training", "regularizers") else proposal.present_at(DIGITS, path).name
    if path == "regularizers":
        return
    assert proposal.change_to(DIGITS, path, name, proposal.texts_at(DIGITS, path, name)) == {}


@pytest.mark.parametrize("path", PLACES)
def test_choosing_a_component_gives_a_change_that_makes_it_so(path: str) -> None:
    for name in proposal.names_for(path):
        change = proposal.change_to(DIGITS, path, name, proposal.texts_at(DIGITS, path, name))
        if not proposal.verdict_on(DIGITS, path, name, change).is_good:
            continue
        there = proposal.present_at(apply_change(DIGITS, change), path)
        assert name in ([one.name for one in there] if path == "regularizers" else [there.name])


@pytest.mark.parametrize(
    ("path", "name", "texts", "change"),
    [
        ("optimizer", "adam", {"lr": "0.01"}, {"optimizer.lr": 0.01}),
        ("optimizer", "adam", {"amsgrad": "yes"}, {"optimizer.amsgrad": True}),
        ("optimizer", "sgd", {"momentum": "0.9"}, {"optimizer": {"name": "sgd", "momentum": 0.9}}),
        ("model", "mlp", {"hidden": "32, 16"}, {"model.hidden": [32, 16]}),
        ("model", "mlp", {"hidden": ""}, {"model.hidden": []}),
        ("model", "mlp", {"activations": "relu tanh"}, {"model.activations": ["relu", "tanh"]}),
        ("regularizers", "l2", {"strength": "0.5"}, {"regularizers.l2": {"strength": 0.5}}),
        ("regularizers", "l2", {}, {"regularizers.l2": True}),
        ("training", "", {"batch_size": "128"}, {"training.batch_size": 128}),
        ("data", "digits", {"class_weights": "balanced"}, {"data.class_weights": "balanced"}),
        (
            "data",
            "iris",
            {"class_weights": "1 2.5, 1"},
            {"data": {"name": "iris", "class_weights": [1, 2.5, 1]}},
        ),
        ("training", "", {"threads": "2"}, {"training.threads": 2}),
    ],
)
def test_texts_become_changes(path: str, name: str, texts: dict[str, str], change: dict[str, Any]) -> None:
    all_texts = {**proposal.texts_at(DIGITS, path, name), **texts}
    made = proposal.change_to(DIGITS, path, name, all_texts)
    assert made == change
    assert proposal.verdict_on(DIGITS, path, name, made).is_good


def test_activations_are_changed_layer_by_layer_or_all_at_once() -> None:
    each = apply_change(
        DIGITS, {"model.activations": ["relu", {"name": "leaky_relu", "negative_slope": 0.3}]}
    )
    texts = proposal.texts_at(each, "model", "mlp")
    assert texts["activations"] == "relu leaky_relu"
    made = proposal.change_to(each, "model", "mlp", {**texts, "activations": "tanh leaky_relu"})
    assert made == {"model.activations.0": "tanh"}
    assert apply_change(each, made).model.each_activation[1] == each.model.each_activation[1]
    for_all = proposal.change_to(
        each, "model.activation", "relu", proposal.texts_at(each, "model.activation", "relu")
    )
    assert for_all == {"model.activation": {"name": "relu"}}
    assert {one.name for one in apply_change(each, for_all).model.each_activation} == {"relu"}


def test_an_added_regularizer_is_edited_and_removed_by_name() -> None:
    with_l2 = apply_change(DIGITS, {"regularizers.l2": {"strength": 0.5}})
    texts = {**proposal.texts_at(with_l2, "regularizers", "l2"), "strength": "0.25"}
    assert proposal.change_to(with_l2, "regularizers", "l2", texts) == {"regularizers.l2.strength": 0.25}
    assert apply_change(with_l2, proposal.removal_of("l2")).regularizers == ()


@pytest.mark.parametrize("text", ["abc", "nan", "inf", "-1", "1e400", "", "0,1"])
def test_a_mistake_is_said_of_its_field(text: str) -> None:
    change = proposal.change_to(
        DIGITS, "optimizer", "adam", {**proposal.texts_at(DIGITS, "optimizer", "adam"), "lr": text}
    )
    verdict = proposal.verdict_on(DIGITS, "optimizer", "adam", change)
    assert verdict.problems.keys() == {"lr"}


def test_parts_that_contradict_each_other_are_said_of_the_whole() -> None:
    line = load_preset("outliers")
    change = proposal.change_to(line, "loss", "cross_entropy", {})
    verdict = proposal.verdict_on(line, "loss", "cross_entropy", change)
    assert not verdict.is_good


def test_what_follows_a_warm_up_has_a_form_of_its_own() -> None:
    warmed = apply_change(DIGITS, {"schedule": {"name": "warmup", "after": "cosine"}})
    assert "warmup" not in proposal.names_for("schedule.after")
    assert "one_cycle" in proposal.names_for("schedule.after")
    texts = {**proposal.texts_at(warmed, "schedule.after", "cosine"), "min_factor": "0.5"}
    change = proposal.change_to(warmed, "schedule.after", "cosine", texts)
    assert change == {"schedule.after.min_factor": 0.5}
    assert proposal.verdict_on(warmed, "schedule.after", "cosine", change).is_good
    other = proposal.change_to(warmed, "schedule.after", "step", {})
    assert apply_change(warmed, other).schedule.after.name == "step"  # type: ignore[union-attr]
    wrong = proposal.change_to(warmed, "schedule.after", "cosine", {**texts, "min_factor": "7"})
    assert proposal.verdict_on(warmed, "schedule.after", "cosine", wrong).problems.keys() == {"min_factor"}
