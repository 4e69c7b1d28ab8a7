"""Every loss by hand: value and gradient from its formula, bits from torch's functional, refusals."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from tests.components.catalogue import LOSSES, name
from tui_dl.components.heads import means, raw_of_variance, variances
from tui_dl.components.losses import WeightedLoss, build_loss, loss_on_head
from tui_dl.errors import SpecError
from tui_dl.spec import losses as spec
from tui_dl.spec.heads import LOG_RATE, VALUE, Head

CLASSES = 5
EPS = 1e-6
SETTINGS: list[spec.Loss] = [
    spec.Huber(delta=0.25),
    spec.Mse(reduction="sum_over_outputs"),
    spec.GaussianNll(variance="unit"),
    spec.GaussianNll(eps=0.1, full=True),
    spec.PoissonNll(full=True),
    spec.Hinge(margin=2.5, p=2),
    spec.Focal(gamma=0.5, alpha=0.25),
    spec.Focal(gamma=0.0),
]
ALL: list[spec.Loss] = [*LOSSES, *SETTINGS]
BY_TASK = [(loss, task) for loss in ALL for task in loss.tasks]
OF_CLASSES = [loss for loss in ALL if "classification" in loss.tasks]


def _batch(task: str, loss: spec.Loss | None = None) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(11)
    if task == "classification":
        outputs = torch.randn(12, CLASSES, generator=generator)
        return outputs.requires_grad_(), torch.randint(0, CLASSES, (12,), generator=generator)
    width = loss.head(task).outputs(2) if loss else 2
    outputs = torch.randn(12, width, generator=generator).requires_grad_()
    targets = torch.randn(12, 2, generator=generator)
    return outputs, targets.mul(3).abs().floor() if isinstance(loss, spec.PoissonNll) else targets


def _soft(classes: int = CLASSES) -> Tensor:
    return torch.randn(12, classes, generator=torch.Generator().manual_seed(5)).softmax(1)


def _weights() -> Tensor:
    return torch.tensor([0.5, 2.0, 1.0, 0.1, 1.4])


def _built(
    loss: spec.Loss, task: str, class_weights: Tensor | None = None
) -> Callable[[Tensor, Tensor], Tensor]:
    return build_loss(loss, task, CLASSES if task == "classification" else 2, class_weights)


def _by_formula(loss: spec.Loss, task: str, values: Tensor, targets: Tensor) -> Tensor:  # noqa: C901
    """Each sample's loss (N,) in float64, from the textbook."""
    if task == "classification":
        truth = torch.eye(CLASSES, dtype=torch.float64)[targets] if targets.ndim == 1 else targets.double()
        shares = values.exp() / values.exp().sum(1, keepdim=True)
        match loss:
            case spec.CrossEntropy():
                return -(truth * shares.log()).sum(1)
            case spec.Focal():
                return -(truth * loss.alpha * (1 - shares) ** loss.gamma * shares.log()).sum(1)
            case spec.Bce():
                yes = 1 / (1 + (-values).exp())
                return -(truth * yes.log() + (1 - truth) * (1 - yes).log()).mean(1)
            case spec.Hinge():
                missing = (loss.margin - values[:, :, None] + values[:, None, :]).clamp(min=0) ** loss.p
                missing = missing * (1 - torch.eye(CLASSES, dtype=torch.float64))
                return (truth * missing.sum(2)).sum(1) / CLASSES
    else:
        truth = targets.double()
        if isinstance(loss, spec.GaussianNll):
            mean = values[:, :2]
            variance = torch.ones_like(mean)
            if loss.variance == "learned":
                variance = (1 + values[:, 2:].exp()).log() + loss.eps
            constant = math.log(2 * math.pi) if loss.full else 0.0
            return 0.5 * (variance.log() + (truth - mean) ** 2 / variance + constant).mean(1)
        if isinstance(loss, spec.PoissonNll):
            stirling = truth * truth.log() - truth + 0.5 * (2 * math.pi * truth).log()
            extra = torch.where(truth > 1, stirling, 0.0) if loss.full else 0.0
            return (values.exp() - truth * values + extra).mean(1)
    errors = values - truth
    match loss:
        case spec.Mse():
            return (errors**2).mean(1) if loss.reduction == "mean" else (errors**2).sum(1)
        case spec.L1Loss():
            return errors.abs().mean(1)
        case spec.Huber():
            inside = errors.abs() <= loss.delta
            outside = loss.delta * (errors.abs() - loss.delta / 2)
            return torch.where(inside, errors**2 / 2, outside).mean(1)
    raise AssertionError(loss)


def _assert_follows(
    function: Callable[[Tensor, Tensor], Tensor],
    outputs: Tensor,
    targets: Tensor,
    formula: Callable[[Tensor], Tensor],
) -> None:
    value = function(outputs, targets)
    value.backward()
    exact = outputs.detach().double().requires_grad_()
    expected = formula(exact)
    expected.backward()
    assert value.shape == ()
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    assert outputs.grad is not None
    assert exact.grad is not None
    torch.testing.assert_close(outputs.grad, exact.grad.float(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("loss", "task"), BY_TASK, ids=name)
def test_value_and_gradient_follow_the_formula(loss: spec.Loss, task: str) -> None:
    outputs, targets = _batch(task, loss)
    _assert_follows(
        _built(loss, task), outputs, targets, lambda exact: _by_formula(loss, task, exact, targets).mean()
    )


@pytest.mark.parametrize("loss", OF_CLASSES, ids=name)
def test_soft_targets_are_the_probabilities_of_the_classes(loss: spec.Loss) -> None:
    outputs, _ = _batch("classification")
    targets = _soft()
    _assert_follows(
        _built(loss, "classification"),
        outputs,
        targets,
        lambda exact: _by_formula(loss, "classification", exact, targets).mean(),
    )


@pytest.mark.parametrize("loss", OF_CLASSES, ids=name)
def test_one_hot_rows_are_worth_the_class(loss: spec.Loss) -> None:
    outputs, classes = _batch("classification")
    for weights in (None, torch.full((CLASSES,), 3.0)):
        function = _built(loss, "classification", weights)
        hard, soft = function(outputs, classes), function(outputs, F.one_hot(classes, CLASSES).float())
        times = 3.0 if weights is not None and isinstance(loss, spec.CrossEntropy) else 1.0
        torch.testing.assert_close(hard * times, soft, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("loss", OF_CLASSES, ids=name)
@pytest.mark.parametrize("is_soft", [False, True])
def test_class_weights_make_a_weighted_mean(loss: spec.Loss, is_soft: bool) -> None:
    outputs, targets = _batch("classification")
    targets = _soft() if is_soft else targets
    weights = _weights()

    def formula(exact: Tensor) -> Tensor:
        each = _by_formula(loss, "classification", exact, targets)
        if is_soft and isinstance(loss, spec.CrossEntropy):  # torch: weights within, the mean over samples
            shares = exact.log_softmax(1)
            return -(targets.double() * weights.double() * shares).sum(1).mean()
        share = targets.double() @ weights.double() if is_soft else weights.double()[targets]
        return (each * share).sum() / share.sum()

    _assert_follows(_built(loss, "classification", weights), outputs, targets, formula)


@pytest.mark.parametrize("loss", OF_CLASSES, ids=name)
@pytest.mark.parametrize("is_soft", [False, True])
def test_weighted_means_of_parts_add_up_to_that_of_the_whole(loss: spec.Loss, is_soft: bool) -> None:
    outputs, targets = _batch("classification")
    outputs, targets = outputs.detach(), _soft() if is_soft else targets
    function = _built(loss, "classification", _weights())
    assert isinstance(function, WeightedLoss)
    parts = [(outputs[:5], targets[:5]), (outputs[5:], targets[5:])]
    totals = [function.total_weight(each) for _, each in parts]
    together = sum(function(*part).double() * total for part, total in zip(parts, totals, strict=True))
    assert float(together / sum(totals)) == pytest.approx(float(function(outputs, targets)), rel=1e-6)


def _gaussian(outputs: Tensor, targets: Tensor, **options: Any) -> Tensor:
    mean, raw = outputs[:, :2], outputs[:, 2:]
    return F.gaussian_nll_loss(mean, targets, F.softplus(raw) + EPS, **options)


PLAIN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": F.cross_entropy,
    "bce": F.binary_cross_entropy_with_logits,
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "huber": F.huber_loss,
    "gaussian_nll": _gaussian,
    "poisson_nll": F.poisson_nll_loss,
    "hinge": F.multi_margin_loss,
    "focal": lambda outputs, targets: (
        -((1 - outputs.softmax(1)[torch.arange(12), targets]) ** 2)
        * outputs.log_softmax(1)[torch.arange(12), targets]
    ).mean(),
}
TAKES_CLASSES = ("cross_entropy", "hinge", "focal")


def _bits(
    function: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    values = outputs.detach().clone().requires_grad_()
    value = function(values, targets)
    value.backward()
    assert values.grad is not None
    return value.detach(), values.grad


@pytest.mark.parametrize(("loss", "task"), [(loss, task) for loss in LOSSES for task in loss.tasks], ids=name)
def test_a_plain_loop_gets_the_same_bits(loss: spec.Loss, task: str) -> None:
    outputs, targets = _batch(task, loss)
    on_one_hot = task == "classification" and loss.name not in TAKES_CLASSES
    plain_targets = F.one_hot(targets, CLASSES).float() if on_one_hot else targets
    value, gradient = _bits(_built(loss, task), outputs, targets)
    plain, plain_gradient = _bits(PLAIN[loss.name], outputs, plain_targets)
    if loss.name == "focal":  # torch has none; 1 - p is taken otherwise here
        torch.testing.assert_close(value, plain)
        torch.testing.assert_close(gradient, plain_gradient)
        return
    assert torch.equal(value, plain)
    assert torch.equal(gradient, plain_gradient)


def test_every_loss_has_a_plain_one_beside_it() -> None:
    assert set(PLAIN) == {loss.name for loss in LOSSES}


@pytest.mark.parametrize(
    ("loss", "plain"),
    [
        (spec.GaussianNll(variance="unit"), lambda o, t: F.gaussian_nll_loss(o, t, torch.ones_like(o))),
        (spec.GaussianNll(full=True), lambda o, t: _gaussian(o, t, full=True)),
        (spec.PoissonNll(full=True), lambda o, t: F.poisson_nll_loss(o, t, full=True)),
        (spec.Huber(delta=0.25), lambda o, t: F.huber_loss(o, t, delta=0.25)),
        (
            spec.Mse(reduction="sum_over_outputs"),
            lambda o, t: F.mse_loss(o, t, reduction="none").sum(1).mean(),
        ),
    ],
    ids=lambda value: name(value) if isinstance(value, spec.Loss) else "plain",
)
def test_settings_of_losses_on_values_have_torchs_bits(loss: spec.Loss, plain: Any) -> None:
    outputs, targets = _batch("regression", loss)
    for found, expected in zip(
        _bits(_built(loss, "regression"), outputs, targets), _bits(plain, outputs, targets), strict=True
    ):
        assert torch.equal(found, expected)


def test_weighted_cross_entropy_and_margin_have_torchs_bits() -> None:
    outputs, classes = _batch("classification")
    weights, soft = _weights(), _soft()
    cross_entropy = _built(spec.CrossEntropy(), "classification", weights)
    for targets in (classes, soft):
        plain = _bits(lambda o, t: F.cross_entropy(o, t, weight=weights), outputs, targets)
        assert all(map(torch.equal, _bits(cross_entropy, outputs, targets), plain))
    loss = spec.Hinge(margin=2.5, p=2)
    found = _bits(_built(loss, "classification"), outputs, classes)
    plain = _bits(lambda o, t: F.multi_margin_loss(o, t, p=2, margin=2.5), outputs, classes)
    assert all(map(torch.equal, found, plain))
    # torch divides the weighted margins by the samples instead of their weights
    weighed = float(_built(loss, "classification", weights)(outputs.detach(), classes))
    torchs = float(F.multi_margin_loss(outputs.detach(), classes, p=2, margin=2.5, weight=weights))
    assert weighed * float(weights[classes].sum()) == pytest.approx(torchs * len(classes), rel=1e-6)


def test_mse_summed_over_classes_is_as_many_times_torchs_mean() -> None:
    outputs, targets = _batch("classification")
    summed = _built(spec.Mse(reduction="sum_over_outputs"), "classification")(outputs, targets)
    torch.testing.assert_close(summed, CLASSES * _built(spec.Mse(), "classification")(outputs, targets))


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0])
def test_focal_is_finite_with_finite_gradient_where_a_sample_is_certain(gamma: float) -> None:
    outputs = torch.tensor([[200.0, -200.0], [-200.0, 200.0], [0.0, 0.0]]).requires_grad_()
    value = build_loss(spec.Focal(gamma=gamma), "classification", 2)(outputs, torch.tensor([0, 0, 1]))
    value.backward()
    assert math.isfinite(value.item())
    assert outputs.grad is not None
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("loss", OF_CLASSES, ids=name)
def test_a_single_class_gives_a_finite_loss(loss: spec.Loss) -> None:
    outputs = torch.full((3, 1), 0.5)
    value = build_loss(loss, "classification", 1)(outputs, torch.zeros(3, dtype=torch.int64))
    assert math.isfinite(value.item())


@pytest.mark.parametrize(("loss", "task"), BY_TASK, ids=name)
def test_nan_in_an_output_reaches_the_loss(loss: spec.Loss, task: str) -> None:
    outputs, targets = _batch(task, loss)
    for column in range(outputs.shape[1]):
        broken = outputs.detach().clone()
        broken[3, column] = math.nan
        assert _built(loss, task)(broken, targets).isnan()


def test_a_loss_for_another_task_is_refused_by_name() -> None:
    with pytest.raises(
        SpecError, match="cross_entropy is a loss for classification, the data's task is regression"
    ):
        build_loss(spec.CrossEntropy(), "regression", 1)


def test_a_loss_on_values_is_taken_of_the_means_of_another_head() -> None:
    outputs, targets = _batch("regression", spec.GaussianNll())
    head = spec.GaussianNll().head("regression")
    on_means = loss_on_head(spec.Huber(), "regression", 2, None, head)
    assert on_means is not None
    assert torch.equal(on_means(outputs, targets), F.huber_loss(outputs[:, :2], targets))
    rates = loss_on_head(spec.Mse(), "regression", 2, None, LOG_RATE)
    assert rates is not None
    assert torch.equal(rates(outputs[:, :2], targets), F.mse_loss(outputs[:, :2].exp(), targets))
    for loss, other in ((spec.GaussianNll(), VALUE), (spec.PoissonNll(), head), (spec.PoissonNll(), VALUE)):
        assert loss_on_head(loss, "regression", 2, None, other) is None


@given(variance=st.floats(1e-5, 1e8), least=st.sampled_from([1e-6, 1e-3, 1.0]))
def test_the_raw_output_of_a_variance_gives_that_variance(variance: float, least: float) -> None:
    head = Head("mean_variance", least)
    raw = torch.tensor([[7.0, raw_of_variance(variance, least)]], dtype=torch.float64)
    found = variances(head, raw)
    assert found is not None
    assert float(found) == pytest.approx(max(variance, 2 * least), rel=1e-6)
    assert float(means(head, raw)) == 7.0
