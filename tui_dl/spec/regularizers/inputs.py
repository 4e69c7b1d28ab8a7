"""Regularizers of what is seen: altered and noisy inputs. Training batches alone are altered."""

from typing import Annotated

from tui_dl.spec.component import number
from tui_dl.spec.regularizers.base import Regularizer


class Augmentation(Regularizer, frozen=True, tag="augmentation"):
    """Move, turn, scale and mirror each training image at random; jitter each training point.

    What is for images does not count on points, and the other way round.
    """

    source = "torch.nn.functional.grid_sample, bilinear, edges repeated (Simard et al., 2003)"

    shift: Annotated[float, number("Images: largest move, each way and axis", ge=0, le=64, unit="pixels")] = (
        1.0
    )
    rotate: Annotated[float, number("Images: largest turn, each way", ge=0, le=180, unit="degrees")] = 0.0
    scale: Annotated[float, number("Images: largest change of size, as a share of it", ge=0, le=0.9)] = 0.0
    flip: Annotated[float, number("Images: probability of mirroring left and right", ge=0, le=1)] = 0.0
    jitter: Annotated[
        float, number("Points: standard deviation of the move, in units of the scaled inputs", ge=0, le=1000)
    ] = 0.1


class InputNoise(Regularizer, frozen=True, tag="input_noise"):
    """Gaussian noise on each training input; evaluations see clean ones (Bishop 1995)."""

    source = "Bishop, 1995, Training with Noise is Equivalent to Tikhonov Regularization"

    sigma: Annotated[float, number("Standard deviation, in units of the scaled inputs", ge=0, le=1000)] = 0.1
