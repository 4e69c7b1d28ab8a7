"""Classes of points in the plane."""

import numpy as np

from tui_dl.components.data.samples import Samples, draw_samples
from tui_dl.spec import data as spec


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
def _(data: spec.Circles, rng: np.random.Generator) -> Samples:
    """The formula of sklearn.datasets.make_circles."""
    outer = data.samples // 2
    inner = data.samples - outer
    angles = [np.linspace(0, 2 * np.pi, count, endpoint=False) for count in (outer, inner)]
    rings = [np.stack([np.cos(angle), np.sin(angle)], axis=1) for angle in angles]
    points = np.concatenate([rings[0], data.factor * rings[1]])
    points += data.noise * rng.standard_normal(points.shape)
    classes = (np.arange(data.samples) >= outer).astype(np.int64)
    return Samples(points.astype(np.float32), classes, ("outer", "inner"))


@draw_samples.register
def _(data: spec.Blobs, rng: np.random.Generator) -> Samples:
    clouds = np.arange(data.samples) % data.centres
    angle = 2 * np.pi * clouds / data.centres
    points = data.distance * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points += data.noise * rng.standard_normal(points.shape)
    names = tuple(f"blob {k}" for k in range(data.centres))
    return Samples(points.astype(np.float32), clouds.astype(np.int64), names)


@draw_samples.register
def _(data: spec.Xor, rng: np.random.Generator) -> Samples:
    """As many points in each quarter; noise comes after the class is settled: some cross the lines."""
    quarter = np.arange(data.samples) % 4
    signs = np.stack([np.where(quarter < 2, 1, -1), np.where(quarter % 2 == 0, 1, -1)], axis=1)
    points = signs * rng.uniform(0, 1, signs.shape)
    points += data.noise * rng.standard_normal(points.shape)
    classes = (signs[:, 0] != signs[:, 1]).astype(np.int64)
    return Samples(points.astype(np.float32), classes, ("same sign", "opposite"))
