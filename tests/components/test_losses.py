"""Every loss by hand: value and gradient from its formula, bits from torch's functional, refusals."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.components.catalogue import LOSSES, name
from tui_dl.components.losses import build_loss
from tui_dl.errors import SpecError
from tui_dl.spec import losses as spec

CLASSES = 5
ALL = [*LOSSES, spec.Huber(delta=0.25)]
BY_TASK = [(loss, task) for loss in ALL for task in loss.tasks]


def _batch(task: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(11)
    if task == "classification":
        outputs = torch.randn(12, CLASSES, generator=generator)
        return outputs.requires_grad_(), torch.randint(0, CLASSES, (12,), generator=generator)
    return torch.randn(12, 1, generator=generator).requires_grad_(), torch.randn(12, 1, generator=generator)


def _by_formula(loss: spec.Loss, task: str, outputs: Tensor, targets: Tensor) -> tuple[float, Tensor]:
    """Return value and gradient with respect to the outputs, in float64 and without autograd."""
    values = outputs.detach().double()
    if isinstance(loss, spec.CrossEntropy):
        shares = values.exp() / values.exp().sum(1, keepdim=True)
        picked = shares[torch.arange(len(targets)), targets]
        return -picked.log().mean().item(), (shares - torch.eye(CLASSES).double()[targets]) / len(targets)
    truth = torch.eye(CLASSES).double()[targets] if task == "classification" else targets.double()
    errors = values - truth
    if isinstance(loss, spec.Mse):
        each, slope = errors**2, 2 * errors
    elif isinstance(loss, spec.L1Loss):
        each, slope = errors.abs(), errors.sign()
    else:
        assert isinstance(loss, spec.Huber)
        delta = loss.delta
        inside = errors.abs() <= delta
        each = torch.where(inside, errors**2 / 2, delta * (errors.abs() - delta / 2))
        slope = torch.where(inside, errors, delta * errors.sign())
    return each.mean().item(), slope / errors.numel()


@pytest.mark.parametrize(("loss", "task"), BY_TASK, ids=name)
def test_value_and_gradient_follow_the_formula(loss: spec.Loss, task: str) -> None:
    outputs, targets = _batch(task)
    value = build_loss(loss, task, outputs.shape[1])(outputs, targets)
    value.backward()
    expected, gradient = _by_formula(loss, task, outputs, targets)
    assert value.shape == ()
    assert value.item() == pytest.approx(expected, rel=1e-6)
    assert outputs.grad is not None
    torch.testing.assert_close(outputs.grad, gradient.float(), rtol=1e-5, atol=1e-7)


PLAIN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": F.cross_entropy,
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "huber": F.huber_loss,
}


@pytest.mark.parametrize(("loss", "task"), [(loss, task) for loss in LOSSES for task in loss.tasks], ids=name)
def test_a_plain_loop_gets_the_same_bits(loss: spec.Loss, task: str) -> None:
    outputs, targets = _batch(task)
    plain_outputs = outputs.detach().clone().requires_grad_()
    on_one_hot = task == "classification" and loss.name != "cross_entropy"
    plain_targets = F.one_hot(targets, CLASSES).float() if on_one_hot else targets
    value = build_loss(loss, task, outputs.shape[1])(outputs, targets)
    plain = PLAIN[loss.name](plain_outputs, plain_targets)
    value.backward()
    plain.backward()
    assert torch.equal(value, plain)
    assert outputs.grad is not None
    assert plain_outputs.grad is not None
    assert torch.equal(outputs.grad, plain_outputs.grad)


@pytest.mark.parametrize("loss", ALL, ids=name)
def test_a_single_class_gives_a_finite_loss(loss: spec.Loss) -> None:
    outputs = torch.full((3, 1), 0.5)
    value = build_loss(loss, "classification", 1)(outputs, torch.zeros(3, dtype=torch.int64))
    assert math.isfinite(value.item())


@pytest.mark.parametrize(("loss", "task"), BY_TASK, ids=name)
def test_nan_in_an_output_reaches_the_loss(loss: spec.Loss, task: str) -> None:
    outputs, targets = _batch(task)
    broken = outputs.detach().clone()
    broken[3, 0] = math.nan
    assert build_loss(loss, task, outputs.shape[1])(broken, targets).isnan()


def test_a_loss_for_another_task_is_refused_by_name() -> None:
    with pytest.raises(
        SpecError, match="cross_entropy is a loss for classification, the data's task is regression"
    ):
        build_loss(spec.CrossEntropy(), "regression", 1)
