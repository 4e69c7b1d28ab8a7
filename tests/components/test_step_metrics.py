"""Metrics measured many batches at a time: the same numbers as one by one, bounded, in order."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components import step_metrics
from tui_dl.components.step_metrics import StepMetrics
from tui_dl.components.tasks import Classification, Regression, Task, Unmeasured

Batch = tuple[Tensor, Tensor, Tensor, str]
TASKS: list[Task] = [Classification(), Regression()]


def _batches(task: Task, sizes: list[int], loss_name: str = "other") -> list[Batch]:
    generator = torch.Generator().manual_seed(9)
    batches: list[Batch] = []
    for samples in sizes:
        if isinstance(task, Classification):
            outputs = 3 * torch.randn(samples, 7, generator=generator)
            targets = torch.randint(0, 7, (samples,), generator=generator)
            loss = F.cross_entropy(outputs, targets)
        else:
            outputs, targets = (torch.randn(samples, 1, generator=generator) for _ in range(2))
            loss = F.mse_loss(outputs, targets)
        batches.append((outputs.requires_grad_(), targets, loss, loss_name))
    return batches


def _drained(
    task: Task, batches: list[Batch], drain_after: frozenset[int] = frozenset()
) -> dict[str, list[float]]:
    metrics = StepMetrics(task)
    columns: dict[str, list[float]] = {name: [] for name in metrics.names}
    for index, batch in enumerate(batches):
        metrics.add(*batch)
        if index in drain_after or index == len(batches) - 1:
            for name, values in metrics.drain().items():
                assert (values.dtype, values.requires_grad) == (torch.float64, False)
                columns[name] += values.tolist()
    return columns


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@given(
    sizes=st.lists(st.sampled_from([1, 3, 13, 64]), min_size=1, max_size=40),
    drain_after=st.frozensets(st.integers(0, 39)),
)
def test_numbers_do_not_depend_on_when_they_are_drained(
    task: Task, sizes: list[int], drain_after: frozenset[int]
) -> None:
    batches = _batches(task, sizes)
    assert _drained(task, batches) == _drained(task, batches, drain_after)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("loss_name", ["other", "cross_entropy", "mse"])
def test_each_batch_has_the_numbers_of_being_measured_alone(task: Task, loss_name: str) -> None:
    batches = _batches(task, [64, 64, 29, 64, 1], loss_name)
    columns = _drained(task, batches)
    for index, batch in enumerate(batches):
        alone = {name: value.item() for name, value in task.step_metrics(*batch).items()}
        assert {name: values[index] for name, values in columns.items()} == pytest.approx(alone, rel=1e-5)


def test_a_loss_that_is_the_metric_keeps_its_bits() -> None:
    batches = _batches(Classification(), [64, 64, 29], "cross_entropy")
    columns = _drained(Classification(), batches)
    assert columns["cross_entropy"] == [loss.item() for _, _, loss, _ in batches]


def test_accuracy_is_an_exact_share() -> None:
    batches = _batches(Classification(), [29, 29, 7])
    shares = [
        (outputs.argmax(1) == targets).sum().item() / len(targets) for outputs, targets, _, _ in batches
    ]
    assert _drained(Classification(), batches)["accuracy"] == shares


def test_a_swap_of_the_loss_keeps_the_order() -> None:
    first, second = (_batches(Classification(), [8, 8], name) for name in ("cross_entropy", "mse"))
    mixed = [first[0], second[1], first[0]]
    assert _drained(Classification(), mixed)["accuracy"] == [
        _drained(Classification(), [batch])["accuracy"][0] for batch in mixed
    ]


def test_little_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_metrics, "MOST_BATCHES", 4)
    metrics = StepMetrics(Classification())
    batches = _batches(Classification(), [8] * 11)
    for batch in batches:
        metrics.add(*batch)
        assert len(metrics._held) < 4
    assert len(metrics.drain()["accuracy"]) == 11
    monkeypatch.setattr(step_metrics, "MOST_NUMBERS", 8 * 7)
    metrics.add(*batches[0])
    assert not metrics._held


def test_what_is_cleared_is_not_drained() -> None:
    metrics = StepMetrics(Classification())
    batches = _batches(Classification(), [8, 8, 8])
    metrics.add(*batches[0])
    metrics.clear()
    assert metrics.drain() == {}
    metrics.add(*batches[1])
    assert len(metrics.drain()["accuracy"]) == 1
    assert metrics.drain() == {}


def test_a_task_without_metrics_holds_nothing() -> None:
    metrics = StepMetrics(Unmeasured())
    metrics.add(torch.ones(2), torch.ones(2), torch.tensor(1.0), "")
    assert (metrics.names, metrics.drain(), metrics._held) == ((), {}, [])
