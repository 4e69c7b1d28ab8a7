"""Activations layer by layer: as a list, by their places, and how both go with one for all."""

from typing import Any

import pytest

from tui_dl.errors import SpecError
from tui_dl.spec.activations import AnyActivation, Gelu, LeakyRelu, Relu, Tanh
from tui_dl.spec.change import apply_change, edits
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.models import Cnn, Mlp, Model, ResNet
from tui_dl.spec.preset import from_toml, to_toml

TOML = '[data]\nname = "digits"\n[model]\nname = "mlp"\nhidden = [8, 6]\n'
ALL_TANH = from_toml(TOML + 'activation = "tanh"\n', "test")
EACH = from_toml(TOML + 'activations = ["relu", {name = "leaky_relu", negative_slope = 0.5}]\n', "test")


def activations(of: Experiment) -> tuple[AnyActivation, ...]:
    return of.model.each_activation


@pytest.mark.parametrize(
    ("start", "change", "expected"),
    [
        (ALL_TANH, {"model.activations": ["gelu", "relu"]}, (Gelu(), Relu())),
        (ALL_TANH, {"model.activations.1": "relu"}, (Tanh(), Relu())),
        (ALL_TANH, {"model.activations.1.name": "relu"}, (Tanh(), Relu())),
        (ALL_TANH, {"model": {"activations.0": "relu"}}, (Relu(), Tanh())),
        (
            ALL_TANH,
            {"model.activations.1.negative_slope": 0.25, "model.activations.1": "leaky_relu"},
            (Tanh(), LeakyRelu(0.25)),
        ),
        (ALL_TANH, {"model.activations.0": "relu", "model.activation": "gelu"}, (Relu(), Gelu())),
        (EACH, {"model.activations.1.negative_slope": 0.25}, (Relu(), LeakyRelu(0.25))),
        (EACH, {"model.activations.0": "tanh"}, (Tanh(), LeakyRelu(0.5))),
        (EACH, {"model.activation": "relu"}, (Relu(), Relu())),
        (EACH, {"model.activation": "tanh"}, (Tanh(), Tanh())),
        (EACH, {"model.activations": []}, (Relu(), Relu())),
        (EACH, {"model.hidden": [3], "model.activation": "tanh"}, (Tanh(),)),
        (EACH, {"model": {"name": "mlp", "activations": ["tanh", "gelu"]}}, (Tanh(), Gelu())),
        (EACH, {"model": "cnn"}, (Relu(),) * 4),
    ],
)
def test_one_for_all_and_each_by_its_place(
    start: Experiment, change: dict[str, Any], expected: tuple[AnyActivation, ...]
) -> None:
    changed = apply_change(start, change)
    assert activations(changed) == expected
    assert from_toml(to_toml(changed), "test") == changed
    assert edits(changed, apply_change(changed, {})) == ()


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"model.activations": ["tanh"]}, "model.activations", "has 1 items, and 2 layers"),
        ({"model.hidden": [3]}, "model.activations", "has 2 items, and 1 layers"),
        (
            {"model.activations": ["tanh", "gelu"], "model.activation": "tanh"},
            "model.activations",
            "one for all",
        ),
        ({"model": {"activation": "tanh", "activations": ["gelu"]}}, "model.activations", "one for all"),
        ({"model.activations.2": "tanh"}, "model.activations.2", "there are 0 to 1"),
        ({"model.activations.x": "tanh"}, "model.activations.x", "no such layer"),
        ({"model.activations.1": "tanhh"}, "model.activations[1].name", 'Did you mean "tanh"'),
        ({"model.activations": "tanh"}, "model.activations", "must be a list"),
        ({"model.activations.1": {"name": "hardtanh", "low": 1.0}}, "model.activations[1].low", "below high"),
    ],
)
def test_a_mistake_names_the_place(change: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        apply_change(EACH, change)
    assert caught.value.key == key


def test_a_file_that_says_both_is_contradictory() -> None:
    with pytest.raises(SpecError, match="another thing than model"):
        from_toml(TOML + 'activation = "tanh"\nactivations = ["relu", "relu"]\n', "test")


def test_what_is_written_otherwise_but_means_the_same_is_no_edit() -> None:
    assert edits(ALL_TANH, apply_change(ALL_TANH, {"model.activations": ["tanh", "tanh"]})) == ()
    found = edits(EACH, apply_change(EACH, {"model.activations.1.negative_slope": 0.25}))
    assert [(edit.path, edit.old, edit.new) for edit in found] == [
        ("model.activations.1.negative_slope", 0.5, 0.25)
    ]
    found = edits(EACH, ALL_TANH)
    assert [(edit.path, edit.old, edit.new) for edit in found] == [
        ("model.activation", (Relu(), LeakyRelu(0.5)), Tanh())
    ]


@pytest.mark.parametrize(
    ("model", "places"),
    [
        (Mlp(hidden=()), 0),
        (Mlp(hidden=(3,) * 5), 5),
        (Cnn(), 4),
        (ResNet(blocks=(1, 2)), 7),
        (ResNet(blocks=()), 1),
    ],
)
def test_every_model_knows_its_places(model: Model, places: int) -> None:
    assert model.places == len(model.each_activation) == places
