"""Values over one input, and how they are spoilt and scattered."""

from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.samples import Inputs, Samples, draw_samples, spoil_training
from tui_dl.spec import data as spec


@draw_samples.register
def _(data: spec.Line, rng: np.random.Generator) -> Samples:
    x = rng.uniform(-1, 1, (data.samples, 1)) + data.centre
    y = data.slope * x + data.intercept + data.noise * rng.standard_normal(x.shape)
    return Samples(x.astype(np.float32), y.astype(np.float32))


@spoil_training.register
def _(data: spec.Line, inputs: Inputs, targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move the points with the largest x, all of them if more are asked for than there are."""
    moved = np.argsort(-inputs[:, 0], kind="stable")[: data.outliers]
    spoilt = targets.copy()
    spoilt[moved] += np.float32(data.outlier_shift)
    return spoilt


@draw_samples.register
def _(data: spec.Sine, rng: np.random.Generator) -> Samples:
    x = rng.uniform(-1, 1, (data.samples, 1))
    y = np.sin(2 * np.pi * data.frequency * x) + data.noise * rng.standard_normal(x.shape)
    return Samples(x.astype(np.float32), y.astype(np.float32))


@draw_samples.register
def _(data: spec.Heteroscedastic, rng: np.random.Generator) -> Samples:
    x = rng.uniform(-2, 2, (data.samples, 1))
    y = np.sin(2 * x) + _growing(data, x) * rng.standard_normal(x.shape)
    return Samples(x.astype(np.float32), y.astype(np.float32))


@singledispatch
def true_deviation(data: spec.Data, inputs: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Deviation of the noise on the targets at raw inputs (N, 1): (N, 1); None where nobody knows it."""
    return None


@true_deviation.register(spec.Line)
@true_deviation.register(spec.Sine)
def _(data: spec.Line | spec.Sine, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.full_like(inputs, data.noise)


@true_deviation.register
def _growing(data: spec.Heteroscedastic, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear in x, from noise_left at -2 to noise_right at 2; beyond, the line goes on, but not below 0."""
    line = data.noise_left + (data.noise_right - data.noise_left) * (inputs + 2) / 4
    return np.maximum(line, 0.0)
