"""Raw samples of a data set, before they are split and scaled; each kind draws them in a file of its own."""

from dataclasses import dataclass
from functools import singledispatch
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.missing import no_builder
from tui_dl.spec import data as spec

Inputs = NDArray[np.float32] | NDArray[np.uint8]


@final
@dataclass(frozen=True)
class Samples:
    """All that there is of a data set.

    Attributes:
        inputs: (N, *input_shape), float32, or uint8 of pictures, which needs a quarter of the memory.
        targets: classes int64 (N,), or values float32 (N, 1).
        class_names: of a classification, by class index.
        test: the test split that the data set itself has; None leaves it to `test_share`.
        is_scaled_whole: whether scaling treats the pixels of a channel alike, rather than each by itself.
        fill: what to put in place of NaN, fitted on train: ``mean`` or ``median``; empty if none is there.
    """

    inputs: Inputs
    targets: NDArray[np.int64] | NDArray[np.float32]
    class_names: tuple[str, ...] = ()
    test: "Samples | None" = None
    is_scaled_whole: bool = False
    fill: Literal["", "mean", "median"] = ""


@singledispatch
def draw_samples(data: spec.Data, rng: np.random.Generator) -> Samples:
    """Load or generate all samples; whatever is random comes from the generator given."""
    no_builder(data, "data/samples")


@singledispatch
def spoil_training(data: spec.Data, inputs: Inputs, targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spoil the raw targets of the training split if the data asks for it; validation stays clean."""
    return targets
