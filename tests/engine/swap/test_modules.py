"""Activations and norms that come, go and learn in a running network, against torch's own modules by hand."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.engine.plain_loop import (
    OPTIMIZERS,
    assert_same,
    continuation,
    invariants,
    torch_optimizer,
    trainer,
    weights,
)
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused
from tui_dl.spec.preset import from_toml


def trained(steps: int = 20, **change: Any) -> Trainer:
    of = trainer(**change)
    continuation(of, steps)
    return of


def by_hand(of: Trainer) -> nn.Sequential:
    """The network that runs, written out with torch's own modules alone."""
    parts: list[nn.Module] = []
    for place, layer in enumerate(of.model.layers):  # type: ignore[arg-type]
        parts.append(nn.Linear(layer.in_features, layer.out_features))
        parts[-1].load_state_dict(layer.state_dict())
        if place == len(of.model.layers) - 1:  # type: ignore[arg-type]
            break
        norm, activation = of.model.norms[place], of.model.activations[place]  # type: ignore[index]
        if isinstance(norm, nn.BatchNorm1d):
            parts.append(nn.BatchNorm1d(norm.num_features, norm.eps, norm.momentum))
        elif isinstance(norm, nn.LayerNorm):
            parts.append(nn.LayerNorm(norm.normalized_shape, norm.eps))
        if not isinstance(norm, nn.Identity):
            parts[-1].load_state_dict(norm.state_dict())
        parts.append(copy.deepcopy(activation))
    return nn.Sequential(*parts)


def in_order(model: nn.Module, plain: nn.Sequential) -> list[tuple[nn.Parameter, nn.Parameter]]:
    """The model's parameters with those of the plain network that stand for them."""
    flat = [module for name in ("layers",) for module in getattr(model, name)]
    pairs = list(zip(flat, [one for one in plain if isinstance(one, nn.Linear)], strict=True))
    for name in ("activations", "norms"):
        ours = [module for module in getattr(model, name) if list(module.parameters())]
        norms = (nn.BatchNorm1d, nn.LayerNorm)
        theirs = [
            one
            for one in plain
            if list(one.parameters())
            and not isinstance(one, nn.Linear)
            and isinstance(one, norms) == (name == "norms")
        ]
        pairs += zip(ours, theirs, strict=True)
    return [pair for one, other in pairs for pair in zip(one.parameters(), other.parameters(), strict=True)]


COMINGS: dict[str, dict[str, Any]] = {
    "prelu": {"model.activation": {"name": "prelu", "slope": 0.1}},
    "prelu per unit, one layer": {"model.activations.1": {"name": "prelu", "per_unit": True}},
    "batch norm": {"regularizers.batch_norm": {"momentum": 0.3, "eps": 0.001}},
    "batch norm, preserving": {"regularizers.batch_norm": {"insertion": "preserving"}},
    "layer norm, one layer": {"regularizers.layer_norm": {"layers": [0]}},
    "both": {"regularizers.batch_norm.layers": [1], "model.activations.0": "prelu"},
}


@pytest.mark.parametrize("name", ["sgd", "sgd momentum", "adam", "adamw amsgrad", "rmsprop", "adagrad"])
@pytest.mark.parametrize("coming", COMINGS)
def test_further_steps_are_those_of_torchs_own_modules_by_hand(coming: str, name: str) -> None:
    """Old parameters go on with their state, new ones begin as torch begins them."""
    of = trained(optimizer=OPTIMIZERS[name])
    old = list(of.model.parameters())
    was = {one: copy.deepcopy(of.optimizer.state.get(one, {})) for one in old}
    of.apply(COMINGS[coming])
    invariants(of)
    now = set(of.model.parameters())
    assert set(old) < now
    assert of.splits is not None
    plain = by_hand(of)
    pairs = in_order(of.model, plain)
    assert {ours for ours, _ in pairs} == now
    optimizer = torch_optimizer(OPTIMIZERS[name], [theirs for _, theirs in pairs])
    for ours, theirs in pairs:
        if was.get(ours):
            optimizer.state[theirs] = was[ours]
        elif name == "sgd momentum":  # the fused kernel takes all buffers or none
            optimizer.state[theirs] = {"momentum_buffer": torch.zeros_like(theirs)}
    for _ in range(12):
        inputs, targets = of.peek_batch()
        loss = nn.functional.cross_entropy(plain(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert of.train_batch().loss == loss.item()
    for ours, theirs in pairs:
        assert torch.equal(ours, theirs)
    plain.eval()
    validation = of.splits.validation
    with torch.no_grad():
        outside = nn.functional.cross_entropy(plain(validation.inputs), validation.targets)
    assert of.evaluate()["loss"] == pytest.approx(outside.item(), rel=1e-6)


@pytest.mark.parametrize("coming", COMINGS)
def test_what_comes_can_go_again_and_the_rest_keeps_parameters_and_state(coming: str) -> None:
    of = trained()
    parameters = dict(of.model.named_parameters())
    of.apply(COMINGS[coming])
    continuation(of, 3)
    kept = {name: copy.deepcopy(of.optimizer.state[one]) for name, one in parameters.items()}
    values = {name: one.detach().clone() for name, one in parameters.items()}
    receipt = of.apply(
        {
            "regularizers.batch_norm": False,
            "regularizers.layer_norm": False,
            "model.activation": "relu",
        }
    )
    assert receipt.reset
    invariants(of)
    assert dict(of.model.named_parameters()) == parameters
    for name, one in parameters.items():
        assert torch.equal(one, values[name])
        assert_same(dict(of.optimizer.state[one]), kept[name])
    continuation(of, 3)


def test_the_lists_name_what_comes_and_goes() -> None:
    of = trained()
    plan = of.plan({"model.activations.1": "prelu", "regularizers.batch_norm.insertion": "preserving"})
    assert (plan.reset, plan.converted) == (("activations.1",), ("norms.0", "norms.1"))
    assert set(plan.kept) == {
        "weights",
        "position",
        "optimizer.step",
        "optimizer.exp_avg",
        "optimizer.exp_avg_sq",
    }
    of.apply({"regularizers.batch_norm": True})
    plan = of.plan({"regularizers.batch_norm": False, "regularizers.layer_norm.layers": [1]})
    assert plan.reset == ("norms.0", "norms.1")


@pytest.mark.parametrize(
    ("extra", "tolerance"), [({}, 1e-5), ({"optimizer.lr": 0.05}, 1e-5), ({"model.activation": "tanh"}, 1e-5)]
)
def test_a_preserving_batch_norm_computes_the_same_in_eval_mode(
    extra: dict[str, Any], tolerance: float
) -> None:
    of = trained(40)
    assert of.splits is not None
    inputs = of.splits.validation.inputs
    of.apply(extra)
    with torch.no_grad():
        before = of.model.eval()(inputs)
    receipt = of.apply({"regularizers.batch_norm.insertion": "preserving"})
    with torch.no_grad():
        after = of.model.eval()(inputs)
    torch.testing.assert_close(after, before, rtol=tolerance, atol=tolerance)
    assert receipt.probe_loss_after == pytest.approx(receipt.probe_loss_before, abs=1e-6)
    plain = trained(40)
    plain.apply({"regularizers.batch_norm": True})
    with torch.no_grad():
        assert not torch.allclose(plain.model.train()(inputs), before, atol=0.01)


def test_numbers_of_a_norm_are_edited_with_parameters_and_statistics_kept() -> None:
    of = trained(10, regularizers=["batch_norm"])
    before, held = weights(of.model), list(of.model.parameters())
    receipt = of.apply({"regularizers.batch_norm.momentum": 0.5, "regularizers.batch_norm.eps": 0.01})
    assert receipt.reset == receipt.converted == ()
    assert_same(weights(of.model), before)
    assert [id(one) for one in of.model.parameters()] == [id(one) for one in held]
    norm = of.model.norms[0]  # type: ignore[index]
    assert (norm.momentum, norm.eps) == (0.5, 0.01)
    of.undo()
    norm = of.model.norms[0]  # type: ignore[index]
    assert (norm.momentum, norm.eps) == (0.1, 1e-5)


def test_a_last_batch_of_one_sample_takes_the_running_statistics_and_leaves_them() -> None:
    of = trainer(regularizers=["batch_norm"], training__batch_size=103)
    assert of.splits is not None
    assert len(of.splits.train) == 104
    of.train_batch()
    before = [buffer.clone() for buffer in of.model.buffers()]
    inputs, targets = of.peek_batch()
    assert len(inputs) == 1
    plain = copy.deepcopy(of.model).eval()
    assert of.train_batch().loss == nn.functional.cross_entropy(plain(inputs), targets).item()
    assert_same(list(of.model.buffers()), before)
    of.train_batch()
    assert not torch.equal(next(of.model.buffers()), before[0])


def test_a_plan_says_what_becomes_of_a_last_batch_of_one_sample() -> None:
    def warns(of: Trainer, change: dict[str, Any]) -> bool:
        return any("a single sample" in warning for warning in of.plan(change).warnings)

    plain, normed = trainer(), trainer(regularizers=["batch_norm"])
    norm = {"regularizers.batch_norm": True}
    assert warns(plain, {**norm, "training.batch_size": 103})
    assert warns(normed, {"training.batch_size": 103})
    assert not warns(plain, norm)
    assert not warns(plain, {"training.batch_size": 103})
    assert not warns(normed, {"regularizers.batch_norm.momentum": 0.5})


@pytest.mark.parametrize(
    ("setting", "change", "words"),
    [
        ({"training__batch_size": 1}, {"regularizers.batch_norm": True}, "batch of one sample"),
        ({"regularizers": ["batch_norm"]}, {"training.batch_size": 1}, "batch of one sample"),
        (
            {"regularizers": ["batch_norm"]},
            {"regularizers.layer_norm": True},
            "layer 0 has batch_norm already",
        ),
        ({}, {"regularizers.batch_norm.layers": [2]}, "no hidden layer 2; there are 0 to 1"),
        ({}, {"model.activations.2": "tanh"}, 'no such layer: "2"; there are 0 to 1'),
        ({}, {"model.activations.-1": "tanh"}, "no such layer"),
        ({}, {"model.activations": ["tanh"]}, "has 1 items, and 2 layers have an activation"),
        ({}, {"model.activations": ["tanh", "relu"], "model.activation": "tanh"}, "one for all, or a list"),
        ({}, {"model.activations.1": {"name": "hardtanh", "low": 3.0}}, "3 does not lie below 1"),
        ({"model": "linear"}, {"regularizers.layer_norm": True}, "no hidden layer to normalise"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    setting: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    of = trained(3, **setting)
    before = of.state_dict()
    for refuse in (of.plan, of.apply):
        with pytest.raises(ChangeRefused, match=words):
            refuse(change)
    assert_same(of.state_dict(), before)


def test_activations_layer_by_layer_and_all_at_once() -> None:
    of = trained()
    kinds = lambda: [type(one) for one in of.model.activations]  # noqa: E731
    receipt = of.apply({"model.activations.1": "tanh"})
    assert receipt.edits == (("model.activations.1", "relu", "tanh"),)
    assert kinds() == [nn.ReLU, nn.Tanh]
    assert of.apply({"model.activations": ["relu", "tanh"]}).edits == ()
    receipt = of.apply({"model.activation": "sigmoid", "model.activations.0": "mish"})
    assert kinds() == [nn.Mish, nn.Sigmoid]
    receipt = of.apply({"model.activation": "tanh"})
    assert receipt.edits == (("model.activation", "[mish, sigmoid]", "tanh"),)
    assert kinds() == [nn.Tanh, nn.Tanh]
    for _ in range(3):
        of.undo()
    assert kinds() == [nn.ReLU, nn.ReLU]
    assert of.undo_depth == 0


def test_learnt_slopes_stay_when_only_where_they_began_is_edited() -> None:
    of = trained(10, model__activation="prelu")
    slopes = [one.weight for one in of.model.activations]  # type: ignore[union-attr]
    values = [slope.detach().clone() for slope in slopes]
    plan = of.plan({"model.activation.slope": 0.5})
    assert any("stay as they are" in warning for warning in plan.warnings)
    of.apply({"model.activation.slope": 0.5})
    assert all(one.weight is slope for one, slope in zip(of.model.activations, slopes, strict=True))  # type: ignore[arg-type]
    assert_same(slopes, values)


def test_penalties_and_decay_leave_norms_and_slopes_alone() -> None:
    of = trained(
        5,
        model__activation={"name": "prelu", "per_unit": True},
        optimizer={"name": "sgd", "lr": 0.0},
        regularizers=["batch_norm", {"name": "weight_decay", "rate": 0.5}, {"name": "l2", "strength": 0.1}],
    )
    small = [one for one in of.model.parameters() if one.ndim < 2]
    norms_and_slopes: list[Tensor] = [
        one for name in ("norms", "activations") for one in getattr(of.model, name).parameters()
    ]
    assert len(norms_and_slopes) == 6
    weights_alone = [one for one in of.model.parameters() if one.ndim >= 2]
    penalty = 0.05 * sum(float(one.detach().square().sum()) for one in weights_alone)
    evaluated = of.evaluate()
    assert evaluated["loss"] - evaluated["cross_entropy"] == pytest.approx(penalty, rel=1e-4)
    before = [one.detach().clone() for one in small]
    of.apply({"optimizer.lr": 1e-12})
    of.train_batch()
    for one, value in zip(small, before, strict=True):
        torch.testing.assert_close(one.detach(), value, rtol=0, atol=1e-9)


STARVED = """
[data]
name = "digits"
[model]
name = "mlp"
hidden = [64, 64, 64, 64, 64, 64, 64, 64]
activation = "sigmoid"
init = "xavier_normal"
[optimizer]
name = "sgd"
lr = 0.1
"""


def test_batch_norm_with_scale_one_wakes_a_starved_net() -> None:
    of = Trainer(from_toml(STARVED, "starved"))

    def first_gradient() -> float:
        of.train_batch()
        return float(of.model.layers[0].weight.grad.norm())  # type: ignore[index, union-attr]

    continuation(of, 60)
    assert first_gradient() < 1e-4
    assert of.evaluate()["accuracy"] < 0.2
    of.apply({"regularizers.batch_norm": True})
    assert first_gradient() > 0.05
    continuation(of, 200)
    assert of.evaluate()["accuracy"] > 0.8


def test_a_state_with_norms_and_slopes_loads_into_a_plain_trainer_and_back() -> None:
    of = trained(9, regularizers=["batch_norm"], model__activations=["prelu", "relu"])
    state = of.state_dict()
    twin = trainer()
    twin.load_state_dict(state)
    invariants(twin)
    assert_same(twin.state_dict(), state)
    assert continuation(of, 9) == continuation(twin, 9)
    plain = trainer()
    twin.load_state_dict(plain.state_dict())
    assert_same(twin.state_dict(), plain.state_dict())
    assert continuation(twin, 4) == continuation(plain, 4)
