"""Losses: the number that training makes small. A proxy for the aim, which is unseen data."""

from typing import Annotated, ClassVar

from tui_dl.spec.component import Component, number


class Loss(Component, frozen=True):
    """Base of all losses."""

    tasks: ClassVar[tuple[str, ...]]
    """Tasks it makes sense for: classification (logits and class indices), regression (values)."""


class CrossEntropy(Loss, frozen=True, tag="cross_entropy"):
    """-log softmax(logits)[class], the mean over the batch."""

    tasks = ("classification",)
    source = "torch.nn.functional.cross_entropy"


class Mse(Loss, frozen=True, tag="mse"):
    """Mean squared error; for classes against one-hot targets, the mean over samples and classes."""

    tasks = ("classification", "regression")
    source = "torch.nn.functional.mse_loss"


class L1Loss(Loss, frozen=True, tag="l1"):
    """Mean absolute error: outliers pull no harder than anyone else; for classes against one-hot targets."""

    tasks = ("classification", "regression")
    source = "torch.nn.functional.l1_loss"


class Huber(Loss, frozen=True, tag="huber"):
    """Squared below delta, absolute above (Huber, 1964); for classes against one-hot targets."""

    tasks = ("classification", "regression")
    source = "torch.nn.functional.huber_loss"

    delta: Annotated[float, number("Error at which it turns from squared to absolute", gt=0, le=1e6)] = 1.0


AnyLoss = CrossEntropy | Mse | L1Loss | Huber
