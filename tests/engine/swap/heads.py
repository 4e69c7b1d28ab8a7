"""What the tests of losses and of the heads they ask for have in common."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.plain_loop import (
    continuation,
    trainer,
)
from tui_dl.engine.training.trainer import Trainer

LINE: dict[str, Any] = {"data": {"name": "line", "samples": 60, "slope": 0.5, "intercept": 2.0}}


OF_VALUES = ("mse", "l1", "huber", "gaussian_nll", "poisson_nll")


def trained(loss: object, steps: int = 12, **change: Any) -> Trainer:
    of = trainer(**{"model__hidden": [6], **change, "loss": loss})
    continuation(of, steps)
    return of


def head(of: Trainer) -> nn.Linear:
    found = of.model.layers[-1]  # type: ignore[index,union-attr]
    assert isinstance(found, nn.Linear)
    return found


def data(of: Trainer) -> tuple[Tensor, Tensor]:
    assert of.splits is not None
    return of.splits.train.inputs, of.splits.train.targets


def gaussian(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.gaussian_nll_loss(outputs[:, :1], targets, F.softplus(outputs[:, 1:]) + 1e-6)
