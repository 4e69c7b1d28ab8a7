"""Raw samples of each data set, before they are split and scaled."""

from dataclasses import dataclass
from functools import singledispatch
from typing import final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.missing import no_builder
from tui_dl.spec import data as spec


@final
@dataclass(frozen=True)
class Samples:
    """Inputs float32 (N, *input_shape) with targets: classes int64 (N,), or values float32 (N, 1)."""

    inputs: NDArray[np.float32]
    targets: NDArray[np.int64] | NDArray[np.float32]
    class_names: tuple[str, ...] = ()


@singledispatch
def draw_samples(data: spec.Data, rng: np.random.Generator) -> Samples:
    """Load or generate all samples; whatever is random comes from the generator given."""
    no_builder(data, "samples")


@singledispatch
def spoil_training(
    data: spec.Data, inputs: NDArray[np.float32], targets: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Spoil the raw targets of the training split if the data asks for it; validation stays clean."""
    return targets


@draw_samples.register
def _(data: spec.Digits, rng: np.random.Generator) -> Samples:
    # Loading scikit-learn takes a second, which the other data sets need not wait for.
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = tuple(str(name) for name in digits.target_names)
    return Samples(digits.images.astype(np.float32), digits.target.astype(np.int64), names)


@draw_samples.register
def _(data: spec.Spiral, rng: np.random.Generator) -> Samples:
    """Arm k at radius r has angle 2π(turns·r + k/arms); radii are evenly spaced up to the rim at 1."""
    arms = np.arange(data.samples) % data.arms
    points_per_arm = -(-data.samples // data.arms)
    radius = (np.arange(data.samples) // data.arms + 1) / points_per_arm
    angle = 2 * np.pi * (data.turns * radius + arms / data.arms)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points += data.noise * rng.standard_normal(points.shape)
    return Samples(
        points.astype(np.float32), arms.astype(np.int64), tuple(f"arm {k}" for k in range(data.arms))
    )


@draw_samples.register
def _(data: spec.Moons, rng: np.random.Generator) -> Samples:
    """The formula of sklearn.datasets.make_moons, whose seed has 32 bits and whose import takes a second."""
    upper = data.samples // 2
    outer = np.linspace(0, np.pi, upper)
    inner = np.linspace(0, np.pi, data.samples - upper)
    points = np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], axis=1),
            np.stack([1 - np.cos(inner), 0.5 - np.sin(inner)], axis=1),
        ]
    )
    points += data.noise * rng.standard_normal(points.shape)
    classes = (np.arange(data.samples) >= upper).astype(np.int64)
    return Samples(points.astype(np.float32), classes, ("upper", "lower"))


@draw_samples.register
def _(data: spec.Line, rng: np.random.Generator) -> Samples:
    x = rng.uniform(-1, 1, (data.samples, 1))
    y = data.slope * x + data.intercept + data.noise * rng.standard_normal(x.shape)
    return Samples(x.astype(np.float32), y.astype(np.float32))


@spoil_training.register
def _(data: spec.Line, inputs: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.float32]:
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
