"""Metrics by hand, of a batch and of a whole split in any chunks; tasks recognised."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.data import load_data
from tui_dl.components.tasks import (
    Classification,
    MetricSums,
    Regression,
    Task,
    Unmeasured,
    task_for,
    task_of_batch,
)
from tui_dl.spec import data as spec
from tui_dl.spec.heads import LOG_RATE, SIGMOID, Head

CLASSES = 4


def _classified(samples: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(samples)
    return 3 * torch.randn(samples, CLASSES, generator=generator), torch.randint(
        0, CLASSES, (samples,), generator=generator
    )


def _valued(samples: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(samples)
    return torch.randn(samples, 1, generator=generator), torch.randn(samples, 1, generator=generator)


def _expected(task: Task, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Metrics by their definitions, in float64."""
    values = outputs.double()
    if isinstance(task, Regression):
        errors = values - targets.double()
        return {"mse": errors.square().mean().item(), "mae": errors.abs().mean().item()}
    rows = values.tolist()
    picked = [row.index(max(row)) for row in rows]
    shares = [[math.exp(value) / sum(map(math.exp, row)) for value in row] for row in rows]
    truth = targets.tolist()
    squares = [
        (share - (position == one)) ** 2
        for row, one in zip(shares, truth, strict=True)
        for position, share in enumerate(row)
    ]
    return {
        "accuracy": sum(a == b for a, b in zip(picked, truth, strict=True)) / len(truth),
        "cross_entropy": -sum(math.log(row[one]) for row, one in zip(shares, truth, strict=True))
        / len(truth),
        "mse": sum(squares) / len(squares),
        "margin": sum(
            row[one] - max(row[:one] + row[one + 1 :]) for row, one in zip(rows, truth, strict=True)
        )
        / len(truth),
    }


TASKS = [(Classification(), _classified), (Regression(), _valued)]
_IDS = [task.name for task, _ in TASKS]


@pytest.mark.parametrize(("task", "batch"), TASKS, ids=_IDS)
@pytest.mark.parametrize("samples", [1, 2, 64, 1000])
def test_step_metrics_follow_their_definitions(task: Task, batch, samples: int) -> None:  # type: ignore[no-untyped-def]
    outputs, targets = batch(samples)
    measured = task.step_metrics(outputs.requires_grad_(), targets, torch.tensor(0.0), "something else")
    assert tuple(measured) == task.step_metrics_names
    expected = _expected(task, outputs.detach(), targets)
    for name, value in measured.items():
        assert value.shape == ()
        assert not value.requires_grad
        assert value.item() == pytest.approx(expected[name], rel=1e-5)


@pytest.mark.parametrize(
    ("task", "batch", "loss_name", "metric"),
    [
        (Classification(), _classified, "cross_entropy", "cross_entropy"),
        (Regression(), _valued, "mse", "mse"),
        (Regression(), _valued, "l1", "mae"),
    ],
)
def test_a_loss_that_is_the_metric_is_taken_for_it(task: Task, batch, loss_name: str, metric: str) -> None:  # type: ignore[no-untyped-def]
    outputs, targets = batch(8)
    loss = torch.tensor(42.0, requires_grad=True)
    measured = task.step_metrics(outputs, targets, loss, loss_name)
    assert measured[metric].data_ptr() == loss.data_ptr()
    assert not measured[metric].requires_grad
    others = {name: value.item() for name, value in measured.items() if name != metric}
    assert 42.0 not in others.values()


def test_mse_on_one_hot_is_not_the_metric_of_that_name() -> None:
    outputs, targets = _classified(8)
    measured = Classification().step_metrics(outputs, targets, torch.tensor(42.0), "mse")
    assert 42.0 not in [value.item() for value in measured.values()]


@pytest.mark.parametrize(("task", "batch"), TASKS, ids=_IDS)
@given(cuts=st.lists(st.integers(1, 99), max_size=8))
def test_a_split_in_any_chunks_has_the_exact_mean_over_its_samples(
    task: Task, batch, cuts: list[int]
) -> None:  # type: ignore[no-untyped-def]
    outputs, targets = batch(100)
    edges = [0, *sorted(set(cuts)), 100]
    sums = MetricSums(task)
    for start, end in pairwise(edges):
        loss = F.l1_loss(outputs[start:end], torch.zeros_like(outputs[start:end]))
        sums.add(outputs[start:end], targets[start:end], loss)
    means = sums.means()
    assert tuple(means) == (*task.evaluation_metrics_names, "data_loss")
    expected = _expected(task, outputs, targets) | {"data_loss": outputs.double().abs().mean().item()}
    assert means == pytest.approx(expected, rel=1e-6)


def test_accuracy_of_a_split_is_exact() -> None:
    outputs, targets = _classified(300)
    sums = MetricSums(Classification())
    for start in range(0, 300, 7):
        sums.add(outputs[start : start + 7], targets[start : start + 7])
    assert sums.means()["accuracy"] == (outputs.argmax(1) == targets).sum().item() / 300


@pytest.mark.parametrize(("task", "batch"), TASKS, ids=_IDS)
def test_metrics_of_broken_outputs_are_not_finite_and_no_error(task: Task, batch) -> None:  # type: ignore[no-untyped-def]
    outputs, targets = batch(8)
    outputs[2] = math.nan
    sums = MetricSums(task)
    sums.add(outputs, targets)
    means = sums.means()
    assert {name for name, value in means.items() if math.isnan(value)} == set(means) - {"accuracy"}
    assert task.step_metrics(outputs, targets, torch.tensor(math.nan), "")[
        "mse" if "mae" in means else "cross_entropy"
    ].isnan()


def test_nothing_measured_is_no_metrics() -> None:
    assert MetricSums(Classification()).means() == {}


def test_a_single_class_is_always_right() -> None:
    outputs, targets = torch.randn(5, 1), torch.zeros(5, dtype=torch.int64)
    sums = MetricSums(Classification())
    sums.add(outputs, targets)
    assert sums.means() == {"accuracy": 1.0, "cross_entropy": 0.0, "mse": 0.0, "margin": 0.0}


def test_predictions_have_the_form_of_the_targets() -> None:
    outputs, targets = _classified(6)
    assert Classification().predictions(outputs).shape == targets.shape
    torch.testing.assert_close(Classification().probabilities(outputs).sum(1), torch.ones(6))
    values, truth = _valued(6)
    assert Regression().predictions(values).shape == truth.shape


def test_the_data_sets_the_task() -> None:
    assert isinstance(task_for(load_data(spec.Moons(), 0)), Classification)
    assert isinstance(task_for(load_data(spec.Sine(), 0)), Regression)


def test_the_task_of_a_batch_that_someone_brings_is_recognised() -> None:
    assert isinstance(task_of_batch(*_classified(6)), Classification)
    assert isinstance(task_of_batch(*_valued(6)), Regression)
    assert isinstance(task_of_batch(torch.randn(6, 5, 9), torch.zeros(6, 5, dtype=torch.int64)), Unmeasured)
    assert isinstance(task_of_batch(torch.randn(6, 2), torch.zeros(6, 2, dtype=torch.int64)), Unmeasured)


def test_an_unmeasured_task_has_a_loss_and_no_metrics() -> None:
    outputs = torch.randn(6, 5, 9)
    task = Unmeasured()
    assert task.step_metrics(outputs, outputs, torch.tensor(1.0), "") == {}
    sums = MetricSums(task)
    sums.add(outputs, outputs, torch.tensor(2.0))
    assert sums.means() == {"data_loss": 2.0}
    assert task.predictions(outputs) is outputs


GAUSSIAN = Head("mean_variance", 1e-6)


def test_a_head_of_mean_and_variance_is_judged_by_both() -> None:
    task = Regression(GAUSSIAN)
    generator = torch.Generator().manual_seed(3)
    outputs, targets = torch.randn(50, 4, generator=generator), torch.randn(50, 2, generator=generator)
    sums = MetricSums(task)
    for start in range(0, 50, 7):
        sums.add(outputs[start : start + 7], targets[start : start + 7])
    mean, variance = outputs[:, :2].double(), (1 + outputs[:, 2:].double().exp()).log() + 1e-6
    errors = targets.double() - mean
    normal = torch.distributions.Normal(mean, variance.sqrt())
    assert sums.means() == pytest.approx(
        {
            "mse": errors.square().mean().item(),
            "mae": errors.abs().mean().item(),
            "nll": -normal.log_prob(targets.double()).mean().item(),
            "coverage": (errors.abs() <= variance.sqrt()).double().mean().item(),
            "sigma": variance.sqrt().mean().item(),
        },
        rel=1e-5,
    )
    assert torch.equal(task.predictions(outputs), outputs[:, :2])
    spreads = task.spreads(outputs)
    assert spreads is not None
    torch.testing.assert_close(spreads.double(), variance.sqrt())
    assert tuple(task.step_metrics(outputs, targets, torch.tensor(0.0), "gaussian_nll")) == ("mse", "mae")


def test_a_model_that_has_diverged_covers_no_number_of_targets() -> None:
    outputs = torch.tensor([[0.0, 0.0], [math.nan, 0.0], [0.0, math.nan], [0.0, math.inf]])
    sums = MetricSums(Regression(GAUSSIAN))
    sums.add(outputs, torch.zeros(4, 1))
    assert math.isnan(sums.means()["coverage"])


def test_a_head_of_rates_predicts_counts() -> None:
    task = Regression(LOG_RATE)
    outputs, targets = torch.tensor([[0.0], [math.log(3.0)]]), torch.tensor([[2.0], [3.0]])
    torch.testing.assert_close(task.predictions(outputs), torch.tensor([[1.0], [3.0]]))
    assert task.step_metrics(outputs, targets, torch.tensor(0.0), "")["mse"].item() == pytest.approx(0.5)
    assert task.spreads(outputs) is None


def test_a_head_of_sigmoids_asks_each_class_by_itself() -> None:
    outputs, targets = _classified(6)
    task = Classification(SIGMOID)
    assert torch.equal(task.probabilities(outputs), outputs.sigmoid())
    of_softmax = Classification()
    for metric in task.evaluation_metrics_names:  # these keep their meaning when the loss is swapped
        assert torch.equal(
            task.of_samples(metric, outputs, targets), of_softmax.of_samples(metric, outputs, targets)
        )


def test_soft_targets_are_judged_by_their_probabilities() -> None:
    outputs, classes = _classified(30)
    soft = torch.randn(30, CLASSES, generator=torch.Generator().manual_seed(1)).softmax(1)
    task = Classification()
    shares, likely = outputs.softmax(1), soft.argmax(1)
    expected = {
        "accuracy": (outputs.argmax(1) == likely).float(),
        "cross_entropy": -(soft * shares.log()).sum(1),
        "mse": (shares - soft).square().mean(1),
        "margin": task.of_samples("margin", outputs, likely),
    }
    for metric, values in expected.items():
        torch.testing.assert_close(task.of_samples(metric, outputs, soft).float(), values)
        one_hot = F.one_hot(classes, CLASSES).float()
        torch.testing.assert_close(
            task.of_samples(metric, outputs, one_hot), task.of_samples(metric, outputs, classes)
        )
