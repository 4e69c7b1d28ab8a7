import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.components.catalogue import OPTIMIZERS, name
from tests.engine.probes.observing import digits_with, make_batch, trainer, trainer_of, weights
from tui_dl.components.optimizers import moments
from tui_dl.engine.probes.optimizer_state import OptimizerProbe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec import optimizers as spec
from tui_dl.wire.snapshots import OptimizerRead

WITH_SETTINGS = [
    *OPTIMIZERS,
    spec.Sgd(momentum=0.9),
    spec.Sgd(momentum=0.9, nesterov=True),
    spec.Adam(amsgrad=True),
    spec.Adam(fused=False),
    spec.RmsProp(momentum=0.9, centered=True),
    spec.Adagrad(lr_decay=0.1),
    spec.Asgd(t0=1.0),
]


def rms(*tensors: Tensor) -> float:
    flat = torch.cat([each.detach().double().reshape(-1) for each in tensors])
    return float(flat.square().mean().sqrt())


def read_after(seen: Trainer, batches: int) -> tuple[OptimizerRead, dict[str, Tensor]]:
    for _ in range(batches - 1):
        seen.train_batch()
    before, probe = weights(seen), OptimizerProbe()
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    return reading, before


@pytest.mark.parametrize("optimizer", WITH_SETTINGS, ids=name)
def test_effective_step_is_the_way_that_the_weights_went(optimizer: spec.AnyOptimizer) -> None:
    seen = Trainer(digits_with(optimizer))
    reading, before = read_after(seen, 4)
    after = weights(seen)
    moved = {each: after[each] - before[each] for each in after}
    assert reading.effective_step == pytest.approx(rms(*moved.values()), rel=1e-5)
    for layer in reading.layers:
        expected = rms(moved[f"{layer.layer}.weight"], moved[f"{layer.layer}.bias"])
        assert expected > 0
        assert layer.effective_step == pytest.approx(expected, rel=1e-5)
    assert reading.lr == optimizer.lr


def held(parts: Sequence[Any], of: Callable[[Any], Tensor]) -> float | None:
    """Of the parameters that have it."""
    found = []
    for part in parts:
        with contextlib.suppress(KeyError):
            found.append(of(part))
    return rms(*found) if found else None


@pytest.mark.parametrize("optimizer", WITH_SETTINGS, ids=name)
def test_moments_are_those_that_the_optimizer_declares(optimizer: spec.AnyOptimizer) -> None:
    seen = Trainer(digits_with(optimizer))
    reading, _ = read_after(seen, 4)
    declared = moments(optimizer)
    other = next((each for each in ("exp_inf", "row_var") if each in declared.others), "")
    assert (reading.first_moment, reading.second_moment) == (declared.first, declared.second or other)
    state = seen.optimizer.state
    for layer in reading.layers:
        module = seen.model.get_submodule(layer.layer)
        parts = [state[module.weight], state[module.bias]] if state else []
        first = held(parts, lambda part: part[declared.first])
        second = held(parts, lambda part: part[declared.second].sqrt())
        if other == "exp_inf":
            second = held(parts, lambda part: part["exp_inf"])
        elif other == "row_var":
            rows = parts[0]["row_var"].expand_as(module.weight)
            second = rms(rows.sqrt(), parts[1]["variance"].sqrt())
        assert layer.first_moment_rms == (None if first is None else pytest.approx(first, rel=1e-5))
        assert layer.second_moment_rms == (None if second is None else pytest.approx(second, rel=1e-5))
        if declared.step:
            assert layer.step == 4


def test_adams_bias_corrections_are_those_of_its_own_step() -> None:
    reading, _ = read_after(trainer(), 5)
    layer = reading.layers[0]
    assert layer.step == 5
    assert layer.first_bias_correction == pytest.approx(1 - 0.9**5)
    assert layer.second_bias_correction == pytest.approx(1 - 0.999**5)


def test_decoupled_decay_is_part_of_the_step() -> None:
    changes = {
        "optimizer": {"name": "sgd", "lr": 0.1},
        "regularizers": [{"name": "weight_decay", "rate": 5.0}],
    }
    with_decay, _ = read_after(trainer(changes=changes), 1)
    without, _ = read_after(trainer(changes={"optimizer": {"name": "sgd", "lr": 0.1}}), 1)
    assert with_decay.effective_step is not None
    assert without.effective_step is not None
    assert with_decay.effective_step > 5 * without.effective_step


@pytest.mark.parametrize(
    "kind",
    [
        torch.optim.Adamax,
        torch.optim.NAdam,
        torch.optim.RAdam,
        torch.optim.Adadelta,
        torch.optim.Rprop,
        torch.optim.ASGD,
    ],
)
def test_any_torch_optimizer_is_read_by_the_names_of_its_state(kind: type[torch.optim.Optimizer]) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    seen = trainer_of(model, torch.randn(8, 3), torch.ones(8, 2), kind(model.parameters(), lr=0.01))
    reading, before = read_after(seen, 3)
    after = weights(seen)
    assert reading.effective_step == pytest.approx(
        rms(*(after[key] - before[key] for key in after)), rel=1e-4
    )
    assert all(layer.step == 3 for layer in reading.layers)
    if kind is torch.optim.Adamax:
        held = [seen.optimizer.state[parameter]["exp_inf"] for parameter in model[0].parameters()]
        assert reading.layers[0].second_moment_rms == pytest.approx(rms(*held), rel=1e-5)


def test_a_rate_that_is_a_tensor() -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.25), foreach=False)
    reading, _ = read_after(trainer_of(model, torch.randn(8, 3), optimizer=optimizer), 2)
    assert reading.lr == pytest.approx(0.25)


def test_nothing_is_said_before_a_whole_batch() -> None:
    seen, probe = trainer(), OptimizerProbe()
    for phase in seen.phases():
        assert probe.reading() is None
        probe.observe(seen, phase)
        if phase == "clip":
            break
    assert probe.reading() is None


def test_a_diverged_optimizer_is_read_all_the_same() -> None:
    reading, _ = read_after(trainer(changes={"optimizer": {"name": "sgd", "lr": 1e12}}), 4)
    assert reading.effective_step is not None
    assert not math.isfinite(reading.effective_step) or reading.effective_step > 1
