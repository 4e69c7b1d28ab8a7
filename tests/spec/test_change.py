from typing import Any

import msgspec
import pytest

from tests.spec.experiments import SMALL
from tests.spec.listings import named
from tui_dl.errors import SpecError
from tui_dl.spec.activations import LeakyRelu, Relu, Tanh
from tui_dl.spec.change import Edit, apply_change, edits, for_variant, ingredient_of, revalidated
from tui_dl.spec.data import Digits, Moons
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.inits import Zeros
from tui_dl.spec.losses import CrossEntropy
from tui_dl.spec.models import LinearModel, Mlp
from tui_dl.spec.optimizers import Adam, Sgd
from tui_dl.spec.preset import from_toml
from tui_dl.spec.regularizers import L1, L2, Dropout
from tui_dl.spec.validate import needs_fresh_start

ADAM = Adam(lr=0.5, beta1=0.25)


def experiment(**fields: Any) -> Experiment:
    return msgspec.structs.replace(from_toml(SMALL, "small.toml"), **fields)


@pytest.mark.parametrize(
    ("change", "optimizer"),
    [
        ({}, ADAM),
        ({"optimizer.lr": 0.25}, Adam(lr=0.25, beta1=0.25)),
        ({"optimizer": {"lr": 0.25}}, Adam(lr=0.25, beta1=0.25)),
        ({"optimizer": {"name": "adam", "lr": 0.25}}, Adam(lr=0.25, beta1=0.25)),
        ({"optimizer": "adam"}, ADAM),
        ({"optimizer.name": "adam"}, Adam()),
        ({"optimizer.name": "adam", "optimizer.lr": 0.25}, Adam(lr=0.25)),
        ({"optimizer.lr": 0.25, "optimizer.name": "adam"}, Adam(lr=0.25)),
        ({"optimizer.name": "sgd"}, Sgd()),
        ({"optimizer": "sgd"}, Sgd()),
        ({"optimizer": {"name": "sgd", "lr": 0.25}}, Sgd(lr=0.25)),
        ({"optimizer": {"lr": 0.25, "name": "sgd"}}, Sgd(lr=0.25)),
        ({"optimizer.momentum": 0.5, "optimizer": "sgd"}, Sgd(momentum=0.5)),
        ({"optimizer": Sgd(lr=0.25)}, Sgd(lr=0.25)),
    ],
)
def test_a_new_name_replaces_and_everything_else_merges(change: dict[str, Any], optimizer: Any) -> None:
    assert apply_change(experiment(optimizer=ADAM), change).optimizer == optimizer


@pytest.mark.parametrize(
    ("change", "model"),
    [
        ({"model.activation": "leaky_relu"}, Mlp((8,), LeakyRelu())),
        ({"model.activation.name": "tanh"}, Mlp((8,), Tanh())),
        ({"model.activation": {"name": "leaky_relu", "negative_slope": 0.5}}, Mlp((8,), LeakyRelu(0.5))),
        (
            {"model": {"activation.name": "leaky_relu", "activation": {"negative_slope": 0.5}}},
            Mlp((8,), LeakyRelu(0.5)),
        ),
        (
            {"model.activation.negative_slope": 0.5, "model.activation": "leaky_relu"},
            Mlp((8,), LeakyRelu(0.5)),
        ),
        ({"model": {"activation": "relu", "name": "mlp"}}, Mlp((8,), Relu())),
        ({"model.activation": "relu", "model.name": "mlp"}, Mlp((64, 64), Relu())),
        ({"model.name": "linear"}, LinearModel()),
        ({"model": "linear", "model.init": "zeros"}, LinearModel(Zeros())),
    ],
)
def test_components_within_components(change: dict[str, Any], model: Any) -> None:
    start = experiment(model=Mlp((8,), Tanh()))
    assert apply_change(start, change).model == model


@pytest.mark.parametrize(
    ("change", "regularizers"),
    [
        ({"regularizers": ["dropout", {"name": "l1", "strength": 0.5}]}, (L1(0.5), Dropout())),
        ({"regularizers": []}, ()),
        ({"regularizers.l2.strength": 0.5}, (L2(0.5),)),
        ({"regularizers.l1.strength": 0.5}, (L1(0.5), L2(0.25))),
        ({"regularizers.l1": True}, (L1(), L2(0.25))),
        ({"regularizers.l2": True}, (L2(0.25),)),
        ({"regularizers.dropout": {"p": 0.25}}, (L2(0.25), Dropout(0.25))),
        ({"regularizers.dropout": {"name": "dropout", "p": 0.25}}, (L2(0.25), Dropout(0.25))),
        ({"regularizers": {"dropout": {"p": 0.25}, "l2": False}}, (Dropout(0.25),)),
        ({"regularizers.l2": False}, ()),
        ({"regularizers.l2": None}, ()),
        ({"regularizers.l1": None}, (L2(0.25),)),
        ({"regularizers.l2.strength": 0.5, "regularizers": ["l1"]}, (L1(), L2(0.5))),
        ({"regularizers": [L1(0.5)]}, (L1(0.5),)),
    ],
)
def test_regularizers_go_by_their_names(change: dict[str, Any], regularizers: Any) -> None:
    assert apply_change(experiment(regularizers=(L2(0.25),)), change).regularizers == regularizers


def test_languages_merge_too() -> None:
    changed = apply_change(experiment(), {"lecture.ko.title": "숫자", "lecture": {"notes": "n"}})
    assert changed.lecture.notes == "n"
    assert changed.lecture.translations["ko"].title == "숫자"
    assert apply_change(changed, {"lecture.ko": {"notes": "m"}}).lecture.translations["ko"].title == "숫자"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer.lr": -1}, "change: optimizer.lr: must be a number from 0 to 1e12, not -1."),
        ({"optimizer.lr": float("nan")}, "change: optimizer.lr: must be a number from 0 to 1e12, not nan."),
        ({"optimizer..lr": 1}, "change: optimizer..lr: is not a path: a part between two dots is empty."),
        ({"seed.x": 1}, "change: seed.x: seed is not a table; it has no parts."),
        ({"model.hidden.0": 1}, "change: model.hidden.0: model.hidden is a list; set the whole of it."),
        ({"model.activation.negative_slope": 1.0},
         "change: model.activation.negative_slope: relu has no such setting; it has no settings. "
         "leaky_relu has it."),
        ({"regularizers.l3": True},
         f'change: regularizers.l3: no regularizer is called "l3"; there are {named("regularizer")}.'),
        ({"regularizers.l2": 0.5},
         "change: regularizers.l2: must be a table of settings, true or false, not 0.5."),
        ({"regularizers.l2.name": "l1"}, 'change: regularizers.l2.name: must be "l2" here, not "l1".'),
        ({"regularizers.dropout": True, "model": "linear"},
         "change: regularizers.dropout: the linear model has no hidden layer to drop units from; use a model "
         "with hidden layers or take it away."),
        ({"data": "line"},
         "change: loss: cross_entropy is for classification, but the data (line) is regression; use one of "
         "gaussian_nll, huber, l1, mse, poisson_nll."),
        ({3: 4}, "change: a path must be text, not 3."),
        ("optimizer.lr", 'change: a change must be a mapping of dotted paths to values, not "optimizer.lr".'),
        ({".".join("a" * 21): 1}, f"change: {'.'.join('a' * 21)}: is a path of more than 20 parts."),
    ],
)  # fmt: skip
def test_each_mistake_is_one_message(change: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        apply_change(experiment(), change)
    assert str(caught.value) == message


def test_a_cyclic_change_is_refused() -> None:
    cycle: dict[str, Any] = {}
    cycle["optimizer"] = cycle
    with pytest.raises(SpecError, match="nested deeper than 20 levels"):
        apply_change(experiment(), cycle)


def test_a_change_leaves_the_lecture_behind() -> None:
    """A script that no longer fits must not keep a running experiment from being changed."""
    start = from_toml(SMALL + '[[script]]\nat_step = 3\nset = {"optimizer.beta1" = 0.5}\n', "s.toml")
    assert apply_change(start, {"optimizer": "sgd"}).optimizer == Sgd()
    with pytest.raises(SpecError, match="sgd has no such setting"):
        from_toml(
            SMALL + '[[script]]\nat_step = 3\nset = {"optimizer.beta1" = 0.5}\n',
            "s.toml",
            {"optimizer": "sgd"},
        )


def test_edits() -> None:
    old = experiment(regularizers=(L1(), L2(0.25)))
    new = apply_change(
        old,
        {
            "data": "moons",
            "optimizer.lr": 0.5,
            "optimizer.eps": 0.125,
            "model.hidden": [3],
            "model.activation": "tanh",
            "regularizers": ["dropout", {"name": "l2", "strength": 0.5}],
            "training.batch_size": 5,
            "title": "new",
        },
    )
    assert edits(old, new) == (
        Edit("title", "", "new"),
        Edit("data", Digits(), Moons()),
        Edit("model.hidden", (64, 64), (3,)),
        Edit("model.activation", Relu(), Tanh()),
        Edit("optimizer.lr", 0.001, 0.5),
        Edit("optimizer.eps", 1e-8, 0.125),
        Edit("regularizers.l1", L1(), None),
        Edit("regularizers.l2.strength", 0.25, 0.5),
        Edit("regularizers.dropout", None, Dropout()),
        Edit("training.batch_size", 64, 5),
    )
    assert [edit.path for edit in edits(new, old)][-3:] == [
        "regularizers.dropout", "regularizers.l1", "training.batch_size",
    ]  # fmt: skip


VARIANTS = (
    SMALL
    + """
[[scene]]
at_step = 2
[[script]]
at_step = 3
set = {"optimizer.lr" = 0.5}
[[variant]]
name = "slow"
set = {"optimizer.lr" = 0.125}
[[variant]]
name = "never"
script = false
[[expect]]
metric = "lr"
at_step = 4
below = {variant = "slow"}
[lecture.ko]
title = "t"
scenes.1 = "s"
"""
)


def test_for_variant() -> None:
    base = from_toml(VARIANTS, "variants.toml")
    slow, never = for_variant(base, "slow"), for_variant(base, "never")
    assert slow.optimizer == Adam(lr=0.125)
    assert slow.scripts == base.scripts
    assert never.optimizer == Adam()
    assert never.scripts == ()
    for variant in (slow, never):
        assert variant.scenes == variant.variants == variant.expectations == ()
        assert variant.lecture.translations["ko"].scenes == {}
        assert revalidated(variant) == variant
    with pytest.raises(
        SpecError, match=r'no variant is called "nevr"; there are "slow", "never"\. Did you mean "never"\?'
    ):
        for_variant(base, "nevr")
    with pytest.raises(SpecError, match='no variant is called "slow"; there is none'):
        for_variant(slow, "slow")


def test_ingredient_of() -> None:
    assert ingredient_of("optimizer.lr") == "optimizer"
    assert ingredient_of("regularizers.l2.strength") == "regularizers"
    assert ingredient_of("script[0].set") == "script"
    with pytest.raises(SpecError, match='Did you mean "optimizer"'):
        ingredient_of("optimiser.lr")


def test_what_needs_a_fresh_start() -> None:
    assert all(
        map(needs_fresh_start, ["data", "data.noise", "model", "model.hidden", "model.init.gain", "seed"])
    )
    assert not any(map(needs_fresh_start, ["model.activation", "optimizer", "seeds", "training.batch_size"]))


@pytest.mark.parametrize(
    "broken",
    [
        {"optimizer": Adam(lr=float("nan"))},
        {"optimizer": Adam(lr=object())},  # type: ignore[arg-type] # what the test is about
        {"optimizer": "adam "},
        {"loss": CrossEntropy(), "data": 3},
        {"regularizers": (L2(), L2())},
    ],
)
def test_what_a_constructor_let_through_is_found(broken: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        revalidated(experiment(**broken))
