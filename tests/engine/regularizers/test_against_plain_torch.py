"""Every regularizer against a loop written by hand in plain PyTorch, to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.plain_loop import OPTIMIZERS, trainer
from tests.engine.regularizers.by_hand import HandLoop

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

CASES: dict[str, dict[str, dict[str, Any]]] = {
    "elastic net": {"elastic_net": {"strength": 0.02, "l1_ratio": 0.3}},
    "proximal l1": {"l1": {"strength": 0.05, "method": "proximal"}},
    "label smoothing": {"label_smoothing": {"amount": 0.1}},
    "mixup": {"mixup": {"alpha": 0.4}},
    "mixup of smoothed labels": {"mixup": {"alpha": 1.0}, "label_smoothing": {"amount": 0.2}},
    "jitter": {"augmentation": {"jitter": 0.2}},
    "input noise": {"input_noise": {"sigma": 0.3}},
    "weight noise": {"weight_noise": {"sigma": 0.05}},
    "clipping by value": {"gradient_clipping": {"method": "value", "max_value": 0.02}},
    "max norm": {"max_norm": {"limit": 0.7}},
    "all": {
        "l1": {"strength": 0.05, "method": "proximal"},
        "label_smoothing": {"amount": 0.1},
        "mixup": {"alpha": 0.5},
        "augmentation": {"jitter": 0.1},
        "input_noise": {"sigma": 0.1},
        "weight_noise": {"sigma": 0.02},
        "gradient_clipping": {"method": "value", "max_value": 0.05},
        "max_norm": {"limit": 1.0},
    },
}


def listed(regularizers: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": name, **numbers} for name, numbers in regularizers.items()]


def beside(optimizer: str, regularizers: dict[str, dict[str, Any]], steps: int, **change: Any) -> Trainer:
    """Both loops for so many steps."""
    of = trainer(optimizer=OPTIMIZERS[optimizer], regularizers=listed(regularizers), **change)
    loop = HandLoop(of, optimizer, regularizers)
    for _ in range(steps):
        loop.step_beside()
    loop.assert_equal()
    return of


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("optimizer", ["sgd momentum", "adam"])
def test_it_equals_a_loop_written_by_hand(name: str, optimizer: str) -> None:
    beside(optimizer, CASES[name], 100)


@pytest.mark.parametrize("name", ["label smoothing", "mixup", "mixup of smoothed labels"])
def test_soft_targets_reach_a_loss_on_one_hot(name: str) -> None:
    beside("adam", CASES[name], 50, loss="mse")


@pytest.mark.parametrize("name", ["mixup", "jitter", "input noise"])
def test_a_regression_is_regularized_too(name: str) -> None:
    beside("adam", CASES[name], 50, data="sine", loss="mse")


@pytest.mark.parametrize(
    "regularizers",
    [
        {"cutmix": {"alpha": 1.0}},
        {"augmentation": {"shift": 1.5, "rotate": 20.0, "scale": 0.2, "flip": 0.5}},
        {"cutmix": {"alpha": 0.3}, "augmentation": {"shift": 1.0}, "input_noise": {"sigma": 0.2}},
    ],
    ids=lambda each: " ".join(each),
)
def test_images_are_moved_and_pasted(regularizers: dict[str, dict[str, Any]]) -> None:
    beside("adam", regularizers, 60, data="digits")
