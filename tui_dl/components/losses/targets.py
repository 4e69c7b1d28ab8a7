"""Targets that a loss can't work with are refused before the first batch."""

from tui_dl.components.data import DataSplits
from tui_dl.errors import SpecError
from tui_dl.spec import losses as spec


def refuse_targets(loss: spec.Loss, splits: DataSplits) -> None:
    """Check the targets of both splits against the loss.

    Raises:
        SpecError: if a count is negative or not a number.
    """
    if not isinstance(loss, spec.PoissonNll):
        return
    for split in (splits.train, splits.validation):
        least = float(split.targets.min())
        if not least >= 0:
            raise SpecError(
                f"poisson_nll is for counts, which are 0 or more, and these data's targets go down to "
                f"{least:.4g}; use mse, huber or gaussian_nll.",
                key="loss",
            )
