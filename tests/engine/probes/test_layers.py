import copy
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.components.catalogue import OPTIMIZERS, name
from tests.engine.probes.observing import digits_with, hook_count, make_batch, trainer, trainer_of, weights
from tui_dl.engine.probes.activity import saturated_count
from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.optimizers import AnyOptimizer


def gradients_by_hand(seen: Trainer, strength: float = 0.0) -> dict[str, Tensor]:
    model = copy.deepcopy(seen.model)
    inputs, targets = seen.peek_batch()
    loss = F.cross_entropy(model(inputs), targets)
    named = dict(model.named_parameters())
    loss = loss + strength / 2 * sum(p.square().sum() for p in named.values() if p.ndim == 2)
    return dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))


def norm(*tensors: Tensor) -> float:
    return math.sqrt(sum(float(each.detach().double().square().sum()) for each in tensors))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model.activation": "tanh", "optimizer": {"name": "sgd", "momentum": 0.9}},
        {"regularizers": [{"name": "gradient_clipping", "max_norm": 1e-3}]},
    ],
)
def test_gradient_norms_are_autograds_before_clipping(changes: dict[str, object]) -> None:
    seen, probe = trainer(changes=changes), LayersProbe()
    for _ in range(3):
        seen.train_batch()
    by_hand = gradients_by_hand(seen)
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    assert [layer.name for layer in reading.layers] == ["layers.0", "layers.1", "layers.2"]
    for layer in reading.layers:
        expected = norm(by_hand[f"{layer.name}.weight"], by_hand[f"{layer.name}.bias"])
        assert layer.grad_norm == pytest.approx(expected, rel=1e-5)
    expected = norm(by_hand["layers.0.weight"]) / norm(by_hand["layers.2.weight"])
    assert reading.grad_ratio == pytest.approx(expected, rel=1e-5)


def test_norms_and_learnt_slopes_are_layers_too_and_a_layers_units_are_read_behind_its_activation() -> None:
    changes = {"model.activation": "prelu", "regularizers": ["batch_norm"], "model.hidden": [5]}
    seen, probe = trainer(changes=changes), LayersProbe()
    seen.train_batch()
    by_hand = gradients_by_hand(seen)
    with torch.no_grad():
        model = copy.deepcopy(seen.model)
        model.activations[0].weight.zero_()  # type: ignore[index, union-attr]
        seen.model.activations[0].weight.zero_()  # type: ignore[index, union-attr]
        values = model.norms[0](model.layers[0](seen.peek_batch()[0].flatten(1)))  # type: ignore[index, operator]
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    readings = {layer.name: layer for layer in reading.layers}
    assert list(readings) == ["layers.0", "norms.0", "activations.0", "layers.1"]
    assert readings["layers.0"].dead_share == pytest.approx(1 - (values > 0).any(0).float().mean().item())
    assert readings["norms.0"].dead_share is None
    assert by_hand.keys() == dict(seen.model.named_parameters()).keys()
    assert all(layer.grad_norm for layer in reading.layers)
    assert readings["norms.0"].update_ratio


def test_the_penalty_is_part_of_the_gradient() -> None:
    seen, probe = trainer(changes={"regularizers": [{"name": "l2", "strength": 0.5}]}), LayersProbe()
    with_penalty, without = gradients_by_hand(seen, 0.5), gradients_by_hand(seen)
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    measured = reading.layers[0].grad_norm
    assert measured == pytest.approx(
        norm(with_penalty["layers.0.weight"], with_penalty["layers.0.bias"]), 1e-5
    )
    assert measured != pytest.approx(norm(without["layers.0.weight"], without["layers.0.bias"]), rel=1e-2)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=name)
def test_update_ratio_is_the_way_that_the_weights_went(optimizer: AnyOptimizer) -> None:
    experiment = digits_with(optimizer)
    seen, probe = Trainer(experiment), LayersProbe()
    for _ in range(3):
        seen.train_batch()
    before = weights(seen)
    make_batch(seen, probe)
    after, reading = weights(seen), probe.reading()
    assert reading is not None
    for layer in reading.layers:
        names = [f"{layer.name}.weight", f"{layer.name}.bias"]
        moved = norm(*(after[each] - before[each] for each in names))
        assert moved > 0
        assert layer.update_ratio == pytest.approx(moved / norm(*(before[each] for each in names)), rel=1e-5)
        assert layer.weight_norm == pytest.approx(norm(*(after[each] for each in names)), rel=1e-5)


class Functional(nn.Module):
    def __init__(self, drop: float = 0.0) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        self.drop = drop

    def forward(self, inputs: Tensor) -> Tensor:
        return self.second(F.dropout(F.relu(self.first(inputs)), self.drop, self.training))


def kill(layer: nn.Module, units: list[int]) -> None:
    with torch.no_grad():
        layer.weight[units] = 0.0
        layer.bias[units] = -1.0
        alive = [unit for unit in range(len(layer.bias)) if unit not in units]
        layer.bias[alive] = 100.0


def dead_shares(model: nn.Module, inputs: Tensor) -> dict[str, float | None]:
    probe = LayersProbe()
    make_batch(trainer_of(model, inputs), probe)
    reading = probe.reading()
    assert reading is not None
    return {layer.name: layer.dead_share for layer in reading.layers}


def test_dead_units_are_those_that_are_zero_for_every_sample() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    kill(model[0], [1, 3])
    assert dead_shares(model, torch.randn(16, 3)) == {"0": 0.5, "2": None}


def test_one_sample_is_enough_to_be_alive() -> None:
    model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU(), nn.Linear(2, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
    assert dead_shares(model, torch.tensor([[1.0], [2.0], [-1e-6]]))["0"] == 0.0
    assert dead_shares(model, torch.tensor([[1.0], [2.0]]))["0"] == 0.5


def test_an_activation_written_as_a_function_is_seen_in_what_the_next_layer_gets() -> None:
    model = Functional()
    kill(model.first, [0])
    assert dead_shares(model, torch.randn(16, 3)) == {"first": 0.25, "second": None}


def test_channels_of_a_convolution_are_its_units() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2))
    with torch.no_grad():
        model[1].bias.copy_(torch.tensor([-100.0, 100.0, 0.0]))
    assert dead_shares(model, torch.randn(8, 1, 6, 6)) == {"0": pytest.approx(1 / 3), "1": None, "4": None}


def test_a_leaky_unit_is_never_dead_and_dropout_kills_nobody() -> None:
    leaky = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(), nn.Linear(4, 2))
    kill(leaky[0], [1, 3])
    assert dead_shares(leaky, torch.randn(16, 3))["0"] == 0.0
    dropped = nn.Sequential(nn.Linear(3, 4), nn.Identity(), nn.Dropout(0.9), nn.Linear(4, 2))
    assert dead_shares(dropped, torch.randn(1, 3))["0"] == 0.0


def test_an_identity_before_the_activation_is_not_the_activation() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Identity(), nn.ReLU(), nn.Linear(4, 2))
    kill(model[0], [1, 3])
    assert dead_shares(model, torch.randn(16, 3))["0"] == 0.5


@pytest.mark.parametrize(
    "activation", [nn.Sigmoid(), nn.Tanh(), nn.Softsign(), nn.Hardsigmoid(), nn.Hardtanh()], ids=repr
)
def test_saturated_is_where_the_derivative_is_below_a_hundredth_of_its_maximum(activation: nn.Module) -> None:
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64, requires_grad=True)
    y = activation(x)
    slope = torch.autograd.grad(y.sum(), x)[0].abs()
    expected = int((slope < 0.01 * slope.max()).sum())
    counted = saturated_count(activation, y.detach())
    assert counted is not None
    assert 0 < expected < 4001
    assert int(counted) == expected


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.GELU(), nn.Identity(), nn.LeakyReLU()], ids=repr)
def test_what_is_open_on_one_side_does_not_saturate(activation: nn.Module) -> None:
    assert saturated_count(activation, torch.zeros(3)) is None


def test_saturated_share_of_a_layer() -> None:
    seen, probe = trainer(changes={"model.activation": "sigmoid"}), LayersProbe()
    with torch.no_grad():
        seen.model.layers[0].bias[:16] = 1000.0
    inputs, _ = seen.peek_batch()
    hidden = torch.sigmoid(seen.model.layers[0](inputs.flatten(1))).detach()
    expected = float((hidden * (1 - hidden) < 0.0025).double().mean())
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    assert expected >= 0.25
    assert reading.layers[0].saturated_share == pytest.approx(expected, abs=2e-3)
    assert reading.layers[2].saturated_share is None


def test_hooks_are_on_for_the_forward_pass_alone() -> None:
    seen, probe = trainer(), LayersProbe()
    on = {}
    for phase in seen.phases():
        probe.observe(seen, phase)
        on[phase] = hook_count(seen.model) > 0
    assert [phase for phase, is_on in on.items() if is_on] == ["fetch"]
    copy.deepcopy(seen.model)


def test_a_batch_that_is_given_up_leaves_no_hooks() -> None:
    seen, probe = trainer(), LayersProbe()
    phases = seen.phases()
    probe.observe(seen, next(phases))
    assert hook_count(seen.model) > 0
    probe.release()
    assert hook_count(seen.model) == 0
    assert probe.reading() is None


def test_frozen_tied_and_unused_parameters() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.frozen, self.first, self.again = (nn.Linear(3, 3) for _ in range(3))
            self.unused = nn.Linear(5, 5)
            self.again.weight = self.first.weight
            self.frozen.requires_grad_(False)

        def forward(self, inputs: Tensor) -> Tensor:
            return self.again(torch.tanh(self.first(self.frozen(inputs))))

    probe = LayersProbe()
    make_batch(trainer_of(Odd(), torch.randn(4, 3)), probe)
    reading = probe.reading()
    assert reading is not None
    layers = {layer.name: layer for layer in reading.layers}
    assert layers["frozen"].grad_norm is None
    assert layers["frozen"].update_ratio is None
    assert layers["first"].grad_norm is not None
    assert layers["again"].weight_norm is not None
    assert layers["unused"].dead_share is None
    assert not layers["unused"].grad_norm


def test_the_order_is_that_of_the_forward_pass() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Linear(4, 2), nn.Linear(3, 4)

        def forward(self, inputs: Tensor) -> Tensor:
            return self.last(torch.relu(self.first(inputs)))

    probe, seen = LayersProbe(), trainer_of(Backwards(), torch.randn(4, 3))
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    first, last = reading.layers
    assert (first.name, last.name) == ("first", "last")


def test_what_is_not_finite_is_said() -> None:
    seen, probe = trainer(), LayersProbe()
    with torch.no_grad():
        seen.model.layers[1].weight[0, 0] = math.nan
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    assert reading.layers[1].grad_norm is not None
    assert math.isnan(reading.layers[1].grad_norm)
    assert reading.grad_ratio is None or math.isnan(reading.grad_ratio)


def test_weights_that_are_zero_have_no_update_ratio() -> None:
    model = nn.Linear(3, 2)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    probe = LayersProbe()
    make_batch(trainer_of(model, torch.randn(4, 3), torch.ones(4, 2)), probe)
    reading = probe.reading()
    assert reading is not None
    assert reading.layers[0].name == "Linear"
    assert reading.layers[0].update_ratio is None
    assert reading.layers[0].weight_norm
