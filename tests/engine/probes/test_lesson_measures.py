"""Measures that lessons are checked by, each against its formula written out in plain torch."""

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from tests.engine.probes.observing import trainer, trainer_of
from tui_dl.engine.probes.formula import by_formula
from tui_dl.engine.probes.registry import measures
from tui_dl.engine.training.phase_facts import PhaseTeller
from tui_dl.engine.training.trainer import Trainer

SMALL = {"data": {"name": "moons", "samples": 60}, "model.hidden": [6], "training.batch_size": 8}


def measure(seen: Trainer, name: str) -> float:
    value = measures()[name](seen, name)
    assert value is not None
    return value


def flat(seen: Trainer) -> torch.Tensor:
    return torch.cat([each.detach().double().flatten() for each in seen.model.parameters()])


def test_the_cosine_is_that_of_the_updates_that_follow() -> None:
    seen = trainer(changes={**SMALL, "optimizer": {"name": "sgd", "lr": 0.3, "momentum": 0.5}})
    for _ in range(5):
        seen.train_batch()
    told = measure(seen, "update_cosine")
    places = [flat(seen)]
    for _ in range(17):
        seen.train_batch()
        places.append(flat(seen))
    steps = [after - before for before, after in pairwise(places)]
    found = [float(one @ two / (one.norm() * two.norm())) for one, two in pairwise(steps)]
    assert len(found) == 16
    assert told == pytest.approx(sum(found) / 16, rel=1e-6)


def test_nobody_looks_ahead_in_somebodys_own_batches() -> None:
    seen = trainer_of(nn.Linear(2, 1), torch.randn(4, 2))
    assert measures()["update_cosine"](seen, "update_cosine") is None


@pytest.mark.parametrize("lr", [1e-4, 0.3, 30.0])
def test_the_promise_is_the_gain_over_the_slope(lr: float) -> None:
    seen = trainer(changes={**SMALL, "optimizer": {"name": "sgd", "lr": lr}})
    seen.train_batch()
    told = measure(seen, "update_promise")
    inputs, targets = seen.peek_batch()
    twin = copy.deepcopy(seen.model)
    before = seen.loss_function(twin(inputs), targets)
    gradients = torch.autograd.grad(before, list(twin.parameters()))
    promised = -lr * sum(float(each.square().sum()) for each in gradients)
    seen.train_batch()
    with torch.no_grad():
        made = float(seen.loss_function(seen.model(inputs), targets)) - float(before)
    assert told == pytest.approx(made / promised, rel=1e-3, abs=1e-3)
    if lr == 1e-4:
        assert told == pytest.approx(1.0, abs=0.01)


def test_a_linear_loss_keeps_its_promise_exactly_and_a_parabola_half_of_it() -> None:
    line = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        line.weight.fill_(1.0)
    # L = w²: from 1 the step of rate ½ lands in the minimum, and gains half of what the slope promised.
    seen = Trainer.from_parts(
        model=line,
        loss=lambda outputs, _targets: outputs.square().sum(),
        optimizer=torch.optim.SGD(line.parameters(), lr=0.5),
        batches=[(torch.ones(1, 1), torch.zeros(1, 1))],
    )
    assert measure(seen, "update_promise") == pytest.approx(0.5)
    seen.optimizer.param_groups[0]["lr"] = 1.0
    assert measure(seen, "update_promise") == pytest.approx(0.0)
    seen.optimizer.param_groups[0]["lr"] = 2.0
    assert measure(seen, "update_promise") == pytest.approx(-1.0)


def test_the_formula_is_autograds_under_squared_error_alone() -> None:
    seen = trainer("outliers", {"data.outliers": 0})
    for _ in range(3):
        seen.train_batch()
    assert measure(seen, "formula.distance") < 1e-5
    inputs, targets = seen.peek_batch()
    line = by_formula(seen.model, inputs, targets)
    assert line is not None
    residual = (targets - seen.model(inputs)).detach()
    assert float(line.weight) == pytest.approx(float(-2 * (residual * inputs).mean()), rel=1e-5)
    assert float(line.bias) == pytest.approx(float(-2 * residual.mean()), rel=1e-5)
    seen.apply({"loss": "l1"})
    assert measure(seen, "formula.distance") > 0.1


def test_the_formula_is_told_beside_autograd_in_the_backward_phase() -> None:
    def told(seen: Trainer) -> list[str]:
        found: tuple[str, ...] = ()
        for phase in seen.phases():
            words = PhaseTeller().tell(seen, phase)[1] if phase == "backward" else ()
            found = words or found
        return [line for line in found if "by the formula" in line]

    seen = trainer("outliers", {"data.outliers": 0})
    weight, bias = told(seen)
    assert weight.startswith("∂L/∂w = -2/N Σ (y - ŷ)x = ")
    for line in (weight, bias):
        by_hand, by_autograd = (float(part.split()[0]) for part in line.split(" = ")[-1].split(" formula, "))
        assert by_hand == pytest.approx(by_autograd, rel=1e-4)
    seen.apply({"loss": "huber"})
    assert told(seen) == []
    assert told(trainer(changes=SMALL)) == []


def test_a_net_of_several_maps_has_no_formula() -> None:
    seen = trainer("outliers", {"model": {"name": "mlp", "hidden": [3]}})
    assert measures()["formula.distance"](seen, "formula.distance") is None


def test_coupling_is_none_under_squared_error_and_the_softmaxs_under_cross_entropy() -> None:
    seen = trainer(changes={"model": "linear", "loss": "mse"})
    assert measure(seen, "outputs.coupling") == 0
    seen.apply({"loss": "cross_entropy"})
    assert seen.splits is not None
    with torch.no_grad():
        shares = torch.softmax(seen.model(seen.splits.train.inputs[:32]).double(), 1)
    hessians = torch.diag_embed(shares) - shares[:, :, None] * shares[:, None, :]
    whole = float(hessians.square().sum())
    on = float(torch.diagonal(hessians, dim1=1, dim2=2).square().sum())
    assert measure(seen, "outputs.coupling") == pytest.approx(((whole - on) / whole) ** 0.5, rel=1e-4)


def test_one_output_is_coupled_with_nothing() -> None:
    assert measures()["outputs.coupling"](trainer("outliers"), "outputs.coupling") is None


def test_modes_differ_by_dropout_alone_and_leave_no_trace() -> None:
    seen = trainer(changes=SMALL)
    assert measure(seen, "modes.distance") == 0
    seen.apply({"regularizers": [{"name": "dropout", "p": 0.5}]})
    state = torch.get_rng_state()
    apart = measure(seen, "modes.distance")
    assert apart > 0.1
    assert measure(seen, "modes.distance") == apart
    assert torch.equal(torch.get_rng_state(), state)


def test_all_trained_numbers_are_counted() -> None:
    assert measure(trainer(changes={"model": "linear"}), "weights.count") == 64 * 10 + 10


def test_only_what_is_zero_to_the_last_bit_is_counted_as_zero() -> None:
    seen = trainer("outliers", {"model": {"name": "mlp", "hidden": [4]}})
    with torch.no_grad():
        for parameter in seen.model.parameters():
            parameter.fill_(0.0 if parameter.ndim == 1 else 1.0)
        seen.model.layers[0].weight[:2] = torch.tensor([[-0.0], [1e-30]])
    assert measure(seen, "weights.share_zero") == 1 / 8
