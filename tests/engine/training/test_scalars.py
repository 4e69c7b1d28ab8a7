"""The numbers of each step: exact, whenever they are drained."""

import numpy as np
import pytest

from tests.engine.plain_loop import trainer
from tui_dl.engine.training import scalars as module
from tui_dl.engine.training.scalars import StepScalars
from tui_dl.engine.training.trainer import Trainer


def drained(of: Trainer) -> list[StepScalars]:
    blocks = []
    while (block := of.drain_scalars()).values.size:
        blocks.append(block)
    return blocks


@pytest.mark.parametrize("every", [1, 3, 7, 300])
def test_values_do_not_depend_on_when_they_are_drained(every: int) -> None:
    of, parts = trainer(), []
    results = []
    for step in range(1, 301):
        results.append(of.train_batch())
        if step % every == 0:
            parts += drained(of)
    parts += drained(of)
    names = parts[0].names
    assert names[:8] == (
        "loss",
        "data_loss",
        "penalty",
        "lr",
        "epoch",
        "samples_seen",
        "accuracy",
        "cross_entropy",
    )
    assert names[8:] == ("grad_norm",)
    values = np.concatenate([part.values for part in parts], axis=1)
    assert values.dtype == np.float64
    assert values.shape == (9, 300)
    starts = [part.first_step for part in parts]
    assert starts == np.cumsum([1, *(part.values.shape[1] for part in parts[:-1])]).tolist()
    columns = dict(zip(names, values.tolist(), strict=True))
    assert columns["loss"] == [result.loss for result in results]
    assert columns["grad_norm"] == [result.grad_norm for result in results]
    assert columns["accuracy"] == [result.metrics["accuracy"] for result in results]
    assert columns["cross_entropy"] == [result["cross_entropy"] for result in results]
    assert columns["data_loss"] == columns["loss"]
    assert set(columns["penalty"]) == {0.0}
    assert columns["epoch"] == [step // 7 for step in range(300)]
    assert columns["samples_seen"][:7] == [16, 32, 48, 64, 80, 96, 104]


def test_a_change_of_what_is_measured_begins_a_block() -> None:
    of = trainer(loss="huber")
    for _ in range(5):
        of.train_batch()
    of.apply({"loss": "mse", "regularizers.l2.strength": 0.1})
    for _ in range(4):
        result = of.train_batch()
    first, second = drained(of)
    assert (first.first_step, first.values.shape[1], second.first_step, second.values.shape[1]) == (
        1,
        5,
        6,
        4,
    )
    assert "loss.huber" not in first.names
    assert second.values[second.names.index("loss.huber"), -1] == result.metrics["loss.huber"]
    assert (second.values[second.names.index("penalty")] > 0).all()


def test_an_undo_loses_no_step() -> None:
    of = trainer()
    of.train_batch()
    of.apply({"optimizer.lr": 0.1})
    of.train_batch()
    of.train_batch()
    of.undo()
    of.train_batch()
    blocks = drained(of)
    assert [(block.first_step, block.values.shape[1]) for block in blocks] == [(1, 1), (2, 2), (2, 1)]


def test_what_nobody_drains_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_STEPS", 600)
    monkeypatch.setattr(module, "READ_EVERY_STEPS", 50)
    of = trainer(model__hidden=[2])
    for _ in range(1010):
        of.train_batch()
    (block,) = drained(of)
    assert block.first_step + block.values.shape[1] == 1011
    assert 550 <= block.values.shape[1] <= 610


def test_nothing_drained_is_empty() -> None:
    of = trainer()
    assert of.drain_scalars().values.size == 0
    of.train_batch()
    assert of.drain_scalars().values.shape == (9, 1)
    assert of.drain_scalars().values.size == 0
