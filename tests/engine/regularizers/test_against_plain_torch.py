"""Every regularizer against a loop written by hand in plain PyTorch, to the last bit."""

from __future__ import annotations

import pytest

from tests.engine.plain_loop import OPTIMIZERS, trainer
from tests.engine.regularizers.by_hand import HandLoop
from tests.engine.regularizers.cases import CASES, IMAGES, Regularizers, listed


def beside(optimizer: str, regularizers: Regularizers, steps: int, **change: str) -> None:
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


@pytest.mark.parametrize("name", ["label smoothing", "mixup", "mixup of smoothed labels"])
def test_soft_targets_reach_a_loss_on_one_hot(name: str) -> None:
    beside("adam", CASES[name], 30, loss="mse")


@pytest.mark.parametrize("name", ["mixup", "jitter", "input noise"])
def test_a_regression_is_regularized_too(name: str) -> None:
    beside("adam", CASES[name], 30, data="sine", loss="mse")


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_moved_and_pasted(name: str) -> None:
    beside("adam", IMAGES[name], 30, data="digits")
