"""Every regularizer against a loop written by hand in plain PyTorch, to the last bit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from torch.nn import functional as F

from tests.engine.plain_loop import OPTIMIZERS, trainer
from tests.engine.regularizers.by_hand import HandLoop
from tests.engine.regularizers.cases import CASES, IMAGES, Regularizers, listed


def beside(optimizer: str, regularizers: Regularizers, steps: int, **change: Any) -> None:
    """Both loops for so many steps."""
    of = trainer(optimizer=OPTIMIZERS[optimizer], regularizers=listed(regularizers), **change)
    loop = HandLoop(of, optimizer, regularizers)
    for _ in range(steps):
        loop.step_beside()
    loop.assert_equal()


@pytest.mark.parametrize("name", CASES)
def test_it_equals_a_loop_written_by_hand(name: str) -> None:
    beside("adam", CASES[name], 100)


@pytest.mark.parametrize("name", ["proximal l1", "all"])
def test_it_does_so_under_another_optimizer(name: str) -> None:
    beside("sgd momentum", CASES[name], 100)


@pytest.mark.parametrize("name", ["all", "elastic net"])
def test_each_micro_batch_has_draws_of_its_own(name: str) -> None:
    beside("adam", CASES[name], 20, training__accumulate=3)


def test_smoothed_labels_are_weighed_as_torch_does() -> None:
    of = trainer(
        data={"name": "moons", "class_weights": [1.0, 3.0]}, regularizers__label_smoothing__amount=0.2
    )
    assert of.splits is not None
    weights = of.splits.class_weights
    assert weights is not None
    for _ in range(10):
        inputs, targets = of.peek_batch()
        outputs = copy.deepcopy(of.model)(inputs)
        expected = F.cross_entropy(outputs, targets, weight=weights, label_smoothing=0.2)
        assert of.train_batch().loss == expected.item()


@pytest.mark.parametrize("name", ["label smoothing", "mixup", "mixup of smoothed labels"])
def test_soft_targets_reach_a_loss_on_one_hot(name: str) -> None:
    beside("adam", CASES[name], 30, loss="mse")


@pytest.mark.parametrize("name", ["mixup", "jitter", "input noise"])
def test_a_regression_is_regularized_too(name: str) -> None:
    beside("adam", CASES[name], 30, data="sine", loss="mse")


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_moved_and_pasted(name: str) -> None:
    beside("adam", IMAGES[name], 30, data="digits")
