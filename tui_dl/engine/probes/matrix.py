"""The weights of one layer as a picture: the whole matrix in levels, and each unit's incoming weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

import torch
from torch import Tensor, nn

from tui_dl.engine.probes.base import AfterUpdateProbe
from tui_dl.engine.probes.class_views import is_picture
from tui_dl.engine.probes.layer_map import Layer, layers_of
from tui_dl.wire.pictures import MatrixRead

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

MOST_ROWS: Final = 96
MOST_COLUMNS: Final = 160
"""More levels than a screen has cells are not sent."""
PICTURE_LEVELS: Final = 24_576
"""All pictures together: 384 of 8 x 8, 31 of 28 x 28."""
TOP: Final = 127
NOT_FINITE: Final = -128
_MOST_CHANNELS: Final = 4
"""A convolution's filters over more channels than an image has are no pictures."""
_Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d


@final
class MatrixProbe(AfterUpdateProbe):
    """Looks after the update at the chosen layer; at the first matrix where that has none."""

    name = "matrix"

    def look(self, trainer: Trainer) -> MatrixRead | None:
        """Reduced on its device: what is read from there is no more than a screen shows."""
        mixing = [layer for layer in layers_of(trainer.model) if layer.mixes]
        chosen = next((layer for layer in mixing if layer.name == self.layer), None)
        if chosen is None:
            if self.layer or not mixing:
                # A norm's scales are no matrix, and another layer's would be shown under its name.
                return None
            chosen = mixing[0]
        weight = weight_of(chosen)
        shape = () if trainer.splits is None else trainer.splits.input_shape
        return read_matrix(
            chosen.name, weight, picture_shape(chosen, weight, shape, is_first=chosen is mixing[0])
        )


def weight_of(layer: Layer) -> Tensor:
    """The layer's first parameter of two dimensions or more, (p, …)."""
    return next(each.detach() for each in layer.module.parameters(recurse=False) if each.ndim >= 2)


def picture_shape(
    layer: Layer, weight: Tensor, input_shape: tuple[int, ...], *, is_first: bool
) -> tuple[int, int, int]:
    """Channels, height and width of the picture that a unit's incoming weights make; zeros if none."""
    if isinstance(layer.module, _Convolution):
        is_flat = weight.ndim == 4 and weight.shape[1] <= _MOST_CHANNELS
        return (weight.shape[1], weight.shape[2], weight.shape[3]) if is_flat else (0, 0, 0)
    if (
        is_first
        and is_picture(input_shape)
        and weight.ndim == 2
        and weight.shape[1] == math.prod(input_shape)
    ):
        channels = math.prod(input_shape[:-2])
        return channels, input_shape[-2], input_shape[-1]
    return 0, 0, 0


def read_matrix(layer: str, weight: Tensor, picture: tuple[int, int, int] = (0, 0, 0)) -> MatrixRead:
    """A weight (p, …) in levels.

    Args:
        layer: its name.
        weight: at least two dimensions; all but the first are laid side by side.
        picture: channels, height and width of a row as a picture; zeros for none.
    """
    matrix = weight.flatten(1).float()
    finite = matrix.isfinite()
    known = matrix.where(finite, 0.0)
    scale = known.abs().max()
    unit = TOP / scale.clamp_min(torch.finfo(torch.float32).tiny)
    blocks, broken = _largest(known), _largest((~finite).float())
    levels = (blocks * unit).round().where(broken == 0, float(NOT_FINITE)).to(torch.int8)
    channels, height, width = picture
    units = min(len(matrix), PICTURE_LEVELS // max(height * width, 1)) if channels else 0
    pictures = torch.zeros(0, dtype=torch.int8, device=matrix.device)
    if units:
        means = matrix[:units].reshape(units, channels, height, width).mean(1)
        pictures = (means * unit).round().where(means.isfinite(), float(NOT_FINITE)).to(torch.int8)
    lowest, highest = (matrix.where(finite, end) for end in (math.inf, -math.inf))
    counts = (~finite).sum(), (known < 0).sum(), ((known == 0) & finite).sum()
    # float64 keeps all of them exact, in one read.
    numbers = torch.stack([each.double() for each in (scale, lowest.min(), highest.max(), *counts)]).tolist()
    has_any = numbers[3] < matrix.numel()
    return MatrixRead(
        layer=layer,
        shape=tuple(weight.shape),
        rows=levels.shape[0],
        columns=levels.shape[1],
        levels=levels.cpu().numpy().tobytes(),
        scale=numbers[0],
        lowest=numbers[1] if has_any else None,
        highest=numbers[2] if has_any else None,
        negative=int(numbers[4]),
        zeros=int(numbers[5]),
        nonfinite=int(numbers[3]),
        height=height if units else 0,
        width=width if units else 0,
        pictures=pictures.cpu().numpy().tobytes(),
        units=units,
    )


def _largest(matrix: Tensor) -> Tensor:
    """The value of largest magnitude in each block (r, c); blocks as small as the limits on both allow."""
    rows, columns = matrix.shape
    tall, wide = -(-rows // MOST_ROWS), -(-columns // MOST_COLUMNS)
    if tall == wide == 1:
        return matrix
    down, across = -(-rows // tall), -(-columns // wide)
    # Zeros never are the largest, unless all are.
    padded = nn.functional.pad(matrix, (0, across * wide - columns, 0, down * tall - rows))
    blocks = padded.reshape(down, tall, across, wide)
    high, low = blocks.amax((1, 3)), blocks.amin((1, 3))
    return high.where(high >= -low, low)
