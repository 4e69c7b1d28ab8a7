"""Values in place of those that are missing: fitted on the training split alone, as the scaling is."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.samples import Inputs


@final
@dataclass(frozen=True)
class Filling:
    """What takes the place of NaN in each column; None where nothing is missing."""

    values: NDArray[np.float32] | None

    def apply(self, inputs: Inputs) -> Inputs:
        """Inputs (N, *input_shape) without NaN; the same array where nothing is to be filled."""
        if self.values is None:
            return inputs
        return np.where(np.isnan(inputs), self.values, inputs)


def fit_filling(how: Literal["", "mean", "median"], inputs: Inputs) -> Filling:
    """Fit on the training inputs (N, *input_shape); a column that train knows nothing of gets 0."""
    if not how:
        return Filling(None)
    known = np.isfinite(inputs).any(axis=0)
    columns = np.where(known, inputs, 0).astype(np.float64)
    middle = np.nanmean(columns, axis=0) if how == "mean" else np.nanmedian(columns, axis=0)
    return Filling(middle.astype(np.float32))
