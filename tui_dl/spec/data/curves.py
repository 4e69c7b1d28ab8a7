"""Values over one input, generated."""

from typing import Annotated

from tui_dl.spec.component import number
from tui_dl.spec.data.base import Data, Noise, Normalise, Sampled, Samples, TestShare, ValidationShare


class Line(Data, Sampled, frozen=True, tag="line"):
    """Points on a line y = slope·x + intercept with noise and, on request, outliers to train on."""

    fixed_task = "regression"
    kind = "curve"
    source = "generated: x uniform in [centre - 1, centre + 1]"

    samples: Samples = 125
    slope: Annotated[float, number("True slope", ge=-1e6, le=1e6)] = 2.0
    intercept: Annotated[float, number("True intercept", ge=-1e6, le=1e6)] = 1.0
    centre: Annotated[
        float,
        number(
            "Middle of the inputs; far from 0, slope and intercept are hard to tell apart", ge=-1e3, le=1e3
        ),
    ] = 0.0
    noise: Noise = 0.1
    outliers: Annotated[
        int, number("Training points at the largest x that are moved by outlier_shift", ge=0, le=1_000_000)
    ] = 0
    outlier_shift: Annotated[float, number("How far an outlier is moved in y", ge=-1e6, le=1e6)] = -10.0
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Sine(Data, Sampled, frozen=True, tag="sine"):
    """A sine wave over one input, with noise."""

    fixed_task = "regression"
    kind = "curve"
    source = "generated: y = sin(2π·frequency·x), x uniform in [-1, 1]"

    samples: Samples = 250
    frequency: Annotated[float, number("Periods per unit of x", gt=0, le=1000)] = 1.0
    noise: Noise = 0.1
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Heteroscedastic(Data, Sampled, frozen=True, tag="heteroscedastic"):
    """A wave whose noise grows with x: where to be sure, and where not, is there to be learnt."""

    fixed_task = "regression"
    kind = "curve"
    source = "generated: y = sin(2x) + σ(x)·ε, x uniform in [-2, 2], σ linear from noise_left to noise_right"

    samples: Samples = 400
    noise_left: Annotated[float, number("Standard deviation of the noise at x = -2", ge=0, le=1e6)] = 0.05
    noise_right: Annotated[float, number("Standard deviation of the noise at x = 2", ge=0, le=1e6)] = 0.55
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0
