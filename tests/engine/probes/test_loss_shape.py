"""A loss as a function: values and derivatives against formulas by hand, places against the samples."""

import math

import pytest
import torch
from torch.nn import functional as F

from tests.engine.probes.observing import make_batch, trainer, trainer_of
from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.loss_shape import LossShapeProbe
from tui_dl.wire.pictures import LossShapeRead


def looked(preset: str, changes: dict[str, object] | None = None) -> LossShapeRead:
    seen, probe = trainer(preset, changes), LossShapeProbe()
    make_batch(seen, probe)
    reading = probe.reading()
    assert isinstance(reading, LossShapeRead)
    return reading


def places(reading: LossShapeRead) -> torch.Tensor:
    return torch.linspace(reading.low, reading.high, len(reading.curves[0].values), dtype=torch.float64)


def assert_is(reading: LossShapeRead, values: torch.Tensor, slopes: torch.Tensor) -> None:
    found = reading.curves[0]
    torch.testing.assert_close(torch.tensor(found.values).double(), values, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.tensor(found.slopes).double(), slopes, rtol=1e-4, atol=1e-5)


def test_squared_absolute_and_huber_of_an_error() -> None:
    squared = looked("outliers")
    e = places(squared)
    assert squared.variable == "error"
    assert 0.0 in e.tolist()
    assert_is(squared, e**2, 2 * e)
    absolute = looked("outliers", {"loss": "l1"})
    e = places(absolute)
    assert_is(absolute, e.abs(), e.sign())
    huber = looked("outliers", {"loss": {"name": "huber", "delta": 2.0}})
    e = places(huber)
    assert_is(huber, torch.where(e.abs() < 2, e**2 / 2, 2 * (e.abs() - 1)), e.clamp(-2, 2))


def test_losses_that_know_no_shift_are_drawn_over_the_lead() -> None:
    entropy = looked("digits-mlp")
    m = places(entropy)
    assert (entropy.variable, entropy.outputs) == ("lead", 10)
    right = 1 / (1 + 9 * torch.exp(-m))
    assert_is(entropy, -right.log(), right - 1)
    hinge = looked("digits-mlp", {"loss": {"name": "hinge", "margin": 0.9}})
    m = places(hinge)
    assert hinge.variable == "lead"
    assert_is(hinge, 0.9 * (0.9 - m).clamp_min(0), torch.where(m < 0.9, -0.9, 0.0).double())
    focal = looked("digits-mlp", {"loss": "focal"})
    m = places(focal).requires_grad_()
    p = 1 / (1 + 9 * torch.exp(-m))
    values = -((1 - p) ** 2) * p.log()
    (slopes,) = torch.autograd.grad(values.sum(), m)
    assert focal.variable == "lead"
    assert_is(focal, values.detach(), slopes)


def test_losses_of_logits_against_numbers_are_drawn_over_the_right_logit() -> None:
    squared = looked("squared-or-entropy")
    z = places(squared)
    assert squared.variable == "logit"
    assert_is(squared, (z - 1) ** 2 / 10, 2 * (z - 1) / 10)
    binary = looked("digits-mlp", {"loss": "bce"})
    z = places(binary)
    assert binary.variable == "logit"
    assert_is(binary, (F.softplus(-z) + 9 * math.log(2)) / 10, (torch.sigmoid(z) - 1) / 10)


def test_smoothed_labels_bend_the_loss_up_again() -> None:
    smoothed = looked("digits-mlp", {"regularizers": [{"name": "label_smoothing", "amount": 0.2}]})
    m = places(smoothed)
    logits = torch.zeros(len(m), 10, dtype=torch.float64)
    logits[:, 0] = m
    soft = torch.full((10,), 0.02, dtype=torch.float64)
    soft[0] += 0.8
    wanted = -(F.log_softmax(logits, 1) * soft).sum(1)
    assert_is(smoothed, wanted, torch.softmax(logits, 1)[:, 0] - soft[0])


def test_a_likelihood_is_drawn_at_the_predicted_deviation() -> None:
    reading = looked("variance-band", {"loss": "gaussian_nll"})
    e, sigma = places(reading), reading.sigma
    assert sigma is not None
    assert_is(reading, 0.5 * (math.log(sigma**2) + e**2 / sigma**2), e / sigma**2)


def test_a_rate_is_drawn_at_a_target_of_the_middle() -> None:
    reading = looked("variance-band", {"loss": "poisson_nll", "data": "diabetes"})
    x, target = places(reading), reading.target
    assert target is not None
    assert reading.variable == "log_rate"
    assert_is(reading, x.exp() - target * x, x.exp() - target)


def test_samples_lie_where_the_model_leaves_them() -> None:
    seen, probe = trainer("outliers"), LossShapeProbe()
    make_batch(seen, probe)
    reading = probe.reading()
    assert isinstance(reading, LossShapeRead)
    assert seen.probe_batch is not None
    inputs, targets = seen.probe_batch
    missed = (answers(seen.model, inputs) - targets).flatten()
    assert reading.samples == pytest.approx(missed.tolist())
    assert reading.low <= min(reading.samples) <= max(reading.samples) <= reading.high
    # Squared: each pulls as hard as it is far away.
    sizes = missed.abs().sort(descending=True).values
    assert reading.strongest_share == pytest.approx(float(sizes[:10].sum() / sizes.sum()), rel=1e-4)
    assert looked("outliers", {"loss": "l1"}).strongest_share == pytest.approx(0.1)


def test_leads_are_those_of_the_logits() -> None:
    seen, probe = trainer("digits-mlp"), LossShapeProbe()
    seen.train_batch()
    reading = probe.at_rest(seen, None)
    assert isinstance(reading, LossShapeRead)
    assert seen.probe_batch is not None
    inputs, targets = seen.probe_batch
    leads = []
    for logits, target in zip(answers(seen.model, inputs).tolist(), targets.tolist(), strict=True):
        leads.append(logits[target] - max(one for place, one in enumerate(logits) if place != target))
    assert reading.samples == pytest.approx(leads, abs=1e-5)


def test_the_loss_before_a_swap_stays_until_that_is_undone() -> None:
    seen, probe = trainer("outliers"), LossShapeProbe()
    seen.train_batch()
    seen.apply({"loss": "l1"})
    seen.apply({"optimizer.lr": 0.05})
    swapped = probe.at_rest(seen, None)
    assert isinstance(swapped, LossShapeRead)
    assert [curve.name for curve in swapped.curves] == ["l1", "mse"]
    e = places(swapped)
    torch.testing.assert_close(torch.tensor(swapped.curves[1].values).double(), e**2, rtol=1e-4, atol=1e-5)
    seen.undo()
    seen.undo()
    undone = probe.at_rest(seen, None)
    assert isinstance(undone, LossShapeRead)
    assert [curve.name for curve in undone.curves] == ["mse"]


def test_what_is_not_finite_is_counted() -> None:
    seen, probe = trainer("outliers"), LossShapeProbe()
    with torch.no_grad():
        next(seen.model.parameters()).fill_(math.nan)
    reading = probe.at_rest(seen, None)
    assert isinstance(reading, LossShapeRead)
    assert (reading.samples, reading.nonfinite, reading.strongest_share) == ((), 100, None)
    assert reading.low < 0 < reading.high


def test_of_somebodys_own_loss_nothing_is_drawn() -> None:
    seen, probe = trainer_of(torch.nn.Linear(3, 2), torch.randn(4, 3)), LossShapeProbe()
    make_batch(seen, probe)
    assert probe.reading() is None
    assert probe.at_rest(seen, None) is None
