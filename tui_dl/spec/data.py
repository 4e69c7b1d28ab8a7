"""Data: what the network learns from. Points, images and curves, split into train and validation."""

from typing import Annotated, ClassVar, Literal

from tui_dl.spec.component import Component, described, number

Normalise = Annotated[
    Literal["none", "standard", "minmax"],
    described("Scaling of the inputs, fitted on the training split alone; a constant column keeps scale 1"),
]
Samples = Annotated[int, number("Samples in all, both splits together", ge=4, le=10_000_000)]
Noise = Annotated[float, number("Standard deviation of the Gaussian noise", ge=0, le=1e6)]
ValidationShare = Annotated[
    float,
    number("Share of the samples held out for validation (seeded, stratified by class)", ge=0.01, le=0.9),
]


class Data(Component, frozen=True):
    """Base of all data sets."""

    task: ClassVar[Literal["classification", "regression"]]
    kind: ClassVar[Literal["image", "points", "curve"]]
    """What a view can draw: images in a grid, 2-D points, or a curve over one input."""


class Digits(Data, frozen=True, tag="digits"):
    """1797 handwritten digits, 8x8 grey levels, ten classes; bundled with scikit-learn."""

    task = "classification"
    kind = "image"
    source = "sklearn.datasets.load_digits"

    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2


class Spiral(Data, frozen=True, tag="spiral"):
    """Interleaved spiral arms in the plane: no line separates them."""

    task = "classification"
    kind = "points"
    source = "generated: arm k at radius r has angle 2π(turns·r + k/arms)"

    samples: Samples = 400
    arms: Annotated[int, number("Number of arms, which is the number of classes", ge=1, le=20)] = 2
    turns: Annotated[float, number("Turns from the centre to the rim", ge=0, le=20, unit="turns")] = 1.5
    noise: Noise = 0.02
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2


class Moons(Data, frozen=True, tag="moons"):
    """Two interleaving half circles in the plane."""

    task = "classification"
    kind = "points"
    source = "sklearn.datasets.make_moons"

    samples: Samples = 300
    noise: Noise = 0.2
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2


class Line(Data, frozen=True, tag="line"):
    """Points on a line y = slope·x + intercept with noise and, on request, outliers to train on."""

    task = "regression"
    kind = "curve"
    source = "generated: x uniform in [-1, 1]"

    samples: Samples = 125
    slope: Annotated[float, number("True slope", ge=-1e6, le=1e6)] = 2.0
    intercept: Annotated[float, number("True intercept", ge=-1e6, le=1e6)] = 1.0
    noise: Noise = 0.1
    outliers: Annotated[
        int, number("Training points at the largest x that are moved by outlier_shift", ge=0, le=1_000_000)
    ] = 0
    outlier_shift: Annotated[float, number("How far an outlier is moved in y", ge=-1e6, le=1e6)] = -10.0
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2


class Sine(Data, frozen=True, tag="sine"):
    """A sine wave over one input, with noise."""

    task = "regression"
    kind = "curve"
    source = "generated: y = sin(2π·frequency·x), x uniform in [-1, 1]"

    samples: Samples = 250
    frequency: Annotated[float, number("Periods per unit of x", gt=0, le=1000)] = 1.0
    noise: Noise = 0.1
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2


AnyData = Digits | Spiral | Moons | Line | Sine
