"""Every optimizer against torch.optim, bit for bit; what can be edited; what its state means."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.components.catalogue import OPTIMIZERS, name
from tests.components.optimizers_by_hand import ALL, BY_HAND, Plain
from tui_dl.components.optimizers import (
    Moments,
    all_groups,
    base_rates,
    build_optimizer,
    edits_in_place,
    effective_step,
    hyperparameters,
    moments,
)
from tui_dl.spec import optimizers as spec

STEPS = 200


def _model() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 3))


def _batches(steps: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(4)
    return [
        (torch.randn(8, 6, generator=generator), torch.randint(0, 3, (8,), generator=generator))
        for _ in range(steps)
    ]


def _train(model: nn.Module, optimizer: Any, steps: int = STEPS) -> list[float]:
    losses = []
    batches = _batches(steps)
    if isinstance(optimizer, torch.optim.LBFGS):
        # Its loss has to be the same one at every evaluation.
        batches = batches[:1] * steps
    for inputs, targets in batches:
        losses.append(_step(model, optimizer, inputs, targets))
    return losses


def _step(model: nn.Module, optimizer: Any, inputs: Tensor, targets: Tensor) -> float:
    def evaluate() -> Tensor:
        loss = F.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        return loss.detach()

    if isinstance(optimizer, torch.optim.LBFGS):
        return float(optimizer.step(evaluate))
    loss = evaluate()
    optimizer.step()
    return loss.item()


def test_every_optimizer_of_the_catalogue_is_in_the_battery() -> None:
    assert {type(optimizer) for optimizer in ALL} == {type(optimizer) for optimizer in OPTIMIZERS}
    assert set(OPTIMIZERS) <= set(ALL)


@pytest.mark.parametrize(("optimizer", "by_hand"), BY_HAND, ids=map(name, ALL))
def test_two_hundred_steps_equal_torchs_bit_for_bit(optimizer: spec.Optimizer, by_hand: Plain) -> None:
    ours, plain = _model(), _model()
    start = [parameter.detach().clone() for parameter in ours.parameters()]
    built = build_optimizer(optimizer, list(ours.parameters()))
    assert _train(ours, built) == _train(plain, by_hand(list(plain.parameters())))
    for mine, theirs, before in zip(ours.parameters(), plain.parameters(), start, strict=True):
        assert torch.equal(mine, theirs)
        assert not torch.equal(mine, before)


@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_a_built_group_holds_its_hyperparameters(optimizer: spec.Optimizer) -> None:
    groups = build_optimizer(optimizer, list(_model().parameters())).param_groups
    assert base_rates(optimizer)[0] == optimizer.lr  # type: ignore[attr-defined]
    for group, numbers in zip(groups, all_groups(optimizer), strict=True):
        for key, value in numbers.items():
            assert group[key] == value


@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_moments_name_all_that_torch_keeps(optimizer: spec.Optimizer) -> None:
    model = _model()
    built = build_optimizer(optimizer, list(model.parameters()))
    _train(model, built, 2)
    kept = moments(optimizer)
    named = {kept.first, kept.second, *kept.others, "step" if kept.step else ""} - {""}
    found = [
        {key for key, value in built.state.get(parameter, {}).items() if value is not None}
        for parameter in model.parameters()
    ]
    assert set().union(*found) == named
    if not isinstance(optimizer, spec.Muon | spec.Adafactor | spec.Lbfgs):
        # Those keep other things of matrices than of vectors, or all of it with the first parameter.
        assert all(each == named for each in found)


EDITS = [
    (spec.Sgd(), spec.Sgd(lr=0.3)),
    (spec.Sgd(lr=0.02), spec.Sgd(lr=0.01, momentum=0.9)),
    (spec.Sgd(lr=0.02, momentum=0.9), spec.Sgd(lr=0.02, momentum=0.5, nesterov=True)),
    (spec.Adam(), spec.Adam(lr=0.01, beta1=0.5, beta2=0.9, eps=1e-3)),
    (spec.AdamW(), spec.AdamW(weight_decay=0.5)),
    (spec.RmsProp(momentum=0.2), spec.RmsProp(lr=0.001, alpha=0.5, momentum=0.5)),
    (spec.Adagrad(), spec.Adagrad(lr=0.1, lr_decay=0.1)),
    (spec.NAdam(), spec.NAdam(lr=0.01, beta1=0.5, momentum_decay=0.1)),
    (spec.RAdam(), spec.RAdam(lr=0.01, beta2=0.9)),
    (spec.Adamax(), spec.Adamax(lr=0.01, beta1=0.5, eps=1e-3)),
    (spec.Adadelta(), spec.Adadelta(lr=0.3, rho=0.5, eps=1e-3)),
    (spec.Rprop(), spec.Rprop(eta_plus=1.5, step_size_max=0.1)),
    (spec.Asgd(), spec.Asgd(lr=0.3, alpha=0.1, t0=2.0)),
    (spec.Adafactor(), spec.Adafactor(lr=0.3, beta2_decay=-0.5, eps2=0.1, d=2.0)),
    (spec.Muon(), spec.Muon(lr=0.3, momentum=0.5, adamw_lr=0.1, adamw_beta2=0.9)),
    (spec.Lbfgs(), spec.Lbfgs(lr=0.3, max_iter=4)),
]
REBUILDS = [
    (spec.Sgd(), spec.Sgd(fused=False)),
    (spec.Sgd(), spec.Adam()),
    (spec.Adam(), spec.AdamW()),
    (spec.Adam(), spec.Adam(amsgrad=True)),
    (spec.RmsProp(), spec.RmsProp(centered=True)),
    (spec.RmsProp(), spec.RmsProp(momentum=0.1)),
    (spec.Adagrad(), spec.Adagrad(initial_accumulator_value=1.0)),
]


@pytest.mark.parametrize(("old", "new"), EDITS, ids=name)
def test_editing_numbers_in_place_equals_a_new_optimizer_with_the_old_state(
    old: spec.Optimizer, new: spec.Optimizer
) -> None:
    assert edits_in_place(old, new)
    edited, rebuilt = _model(), _model()
    editing = build_optimizer(old, list(edited.parameters()))
    _train(edited, editing, 10)
    before = build_optimizer(old, list(rebuilt.parameters()))
    _train(rebuilt, before, 10)
    for group, numbers in zip(editing.param_groups, all_groups(new), strict=True):
        group.update(numbers)
    after = build_optimizer(new, list(rebuilt.parameters()))
    for parameter in rebuilt.parameters():
        after.state[parameter] = before.state.get(parameter, {})
    assert _train(edited, editing, 20) == _train(rebuilt, after, 20)


@pytest.mark.parametrize(("old", "new"), REBUILDS, ids=name)
def test_what_torch_decides_when_it_builds_is_no_edit(old: spec.Optimizer, new: spec.Optimizer) -> None:
    assert not edits_in_place(old, new)
    assert not edits_in_place(new, old)


@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_the_effective_step_predicts_the_next_update(optimizer: spec.Optimizer) -> None:
    """From the state after an update: factor times gradient (or first moment) is what that update did."""
    if isinstance(optimizer, spec.RmsProp) and optimizer.momentum > 0:
        pytest.skip("torch's RMSprop sums updates there, not gradients")
    if isinstance(optimizer, spec.NAdam) or (isinstance(optimizer, spec.Sgd) and optimizer.nesterov):
        pytest.skip("Nesterov's update mixes gradient and first moment: see below")
    if isinstance(optimizer, spec.Muon | spec.Lbfgs):
        pytest.skip("no factor on each weight: the step is of a matrix, or of all weights together")
    if isinstance(optimizer, spec.Adadelta | spec.Asgd):
        pytest.skip("what is held after an update is the next one's: see below")
    model = _model().double()
    built = build_optimizer(optimizer, list(model.parameters()))
    decay = optimizer.weight_decay if isinstance(optimizer, spec.AdamW | spec.Adafactor) else 0.0
    lr: float = hyperparameters(optimizer)["lr"]
    first = moments(optimizer).first
    for inputs, targets in _batches(3):
        before = [parameter.detach().clone() for parameter in model.parameters()]
        built.zero_grad()
        F.cross_entropy(model(inputs.double()), targets).backward()
        built.step()
    for parameter, start in zip(model.parameters(), before, strict=True):
        state: dict[str, Any] = built.state.get(parameter, {})
        assert parameter.grad is not None
        direction = state[first] if first else parameter.grad
        update = start * (1 - lr * decay) - parameter.detach()
        if isinstance(optimizer, spec.Adafactor):
            # Of weights of root mean square 1, before the cut: both are taken out again.
            size = max(float(start.square().mean().sqrt()), optimizer.eps2)
            plain = effective_step(optimizer, state, 1.0) * direction
            rate = float(state["step"]) ** -0.5
            direction = (
                direction * size / max(1.0, float((plain / rate).square().mean().sqrt()) / optimizer.d)
            )
        torch.testing.assert_close(
            update, effective_step(optimizer, state, lr) * direction, rtol=1e-6, atol=1e-9
        )


@pytest.mark.parametrize(
    "optimizer",
    [one for one in ALL if isinstance(one, spec.NAdam | spec.Adadelta | spec.Asgd)],
    ids=name,
)
def test_the_effective_step_of_those_that_look_ahead(optimizer: spec.Optimizer) -> None:
    """The part of the next update that is decided now: what is left of it when its gradient is nothing."""
    model = _model().double()
    built = build_optimizer(optimizer, list(model.parameters()))
    for inputs, targets in _batches(12):
        built.zero_grad()
        F.cross_entropy(model(inputs.double()), targets).backward()
        built.step()
    for parameter in model.parameters():
        before, state = parameter.detach().clone(), built.state[parameter]
        factor = effective_step(optimizer, state, hyperparameters(optimizer)["lr"])
        assert parameter.grad is not None
        if isinstance(optimizer, spec.NAdam):
            held = state["exp_avg"].clone()
            parameter.grad.zero_()
            built.step()
            # The moments decay once more, and the warm-up goes on by a step.
            ratio = (before - parameter.detach()) / (factor * held)
            assert ratio.min() > 0.8 * optimizer.beta1
            assert ratio.max() < 1.2 * optimizer.beta1 / optimizer.beta2**0.5
            continue
        gradient = torch.full_like(parameter, 1e-9 if isinstance(optimizer, spec.Adadelta) else 1.0)
        parameter.grad.copy_(gradient)
        built.step()
        decay = optimizer.lambd * factor if isinstance(optimizer, spec.Asgd) else 0.0
        rho = optimizer.rho if isinstance(optimizer, spec.Adadelta) else 1.0
        moved = (before * (1 - decay) - parameter.detach()) / gradient
        expected = torch.as_tensor(factor, dtype=torch.float64).expand_as(moved)
        if rho < 1:
            # v decays in the update itself.
            second = built.state[parameter]["square_avg"] / rho
            expected = expected * ((second + optimizer.eps) / (second * rho + optimizer.eps)).sqrt()  # type: ignore[attr-defined]
        torch.testing.assert_close(moved, expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_the_effective_step_leaves_the_state_alone(optimizer: spec.Optimizer) -> None:
    model = _model()
    built = build_optimizer(optimizer, list(model.parameters()))
    assert effective_step(optimizer, {}, 0.5) == 0.5
    _train(model, built, 3)
    for parameter in model.parameters():
        state = built.state.get(parameter, {})
        kept = {key: value.clone() for key, value in state.items() if isinstance(value, Tensor)}
        effective_step(optimizer, state, 0.5)
        assert all(torch.equal(value, state[key]) for key, value in kept.items())


def test_nothing_kept_is_said_of_plain_sgd() -> None:
    assert moments(spec.Sgd()) == Moments()


@pytest.mark.cuda
@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_every_optimizer_trains_on_cuda(optimizer: spec.Optimizer) -> None:
    model = _model().cuda()
    built = build_optimizer(optimizer, list(model.parameters()))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for inputs, targets in _batches(3):
        _step(model, built, inputs.cuda(), targets.cuda())
    for parameter, start in zip(model.parameters(), before, strict=True):
        assert parameter.isfinite().all()
        assert not torch.equal(parameter, start)
