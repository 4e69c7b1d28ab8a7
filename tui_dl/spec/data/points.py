"""Classes of points in the plane, generated."""

from typing import Annotated

from tui_dl.spec.component import number
from tui_dl.spec.data.base import Data, Labelled, Noise, Normalise, Samples, TestShare, ValidationShare


class Spiral(Data, Labelled, frozen=True, tag="spiral"):
    """Interleaved spiral arms in the plane: no line separates them."""

    kind = "points"
    source = "generated: arm k at radius r has angle 2π(turns·r + k/arms)"

    samples: Samples = 400
    arms: Annotated[int, number("Number of arms, which is the number of classes", ge=1, le=20)] = 2
    turns: Annotated[float, number("Turns from the centre to the rim", ge=0, le=20, unit="turns")] = 1.5
    noise: Noise = 0.02
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Moons(Data, Labelled, frozen=True, tag="moons"):
    """Two interleaving half circles in the plane."""

    kind = "points"
    source = "sklearn.datasets.make_moons"
    fixed_classes = 2

    samples: Samples = 300
    noise: Noise = 0.2
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Circles(Data, Labelled, frozen=True, tag="circles"):
    """A circle inside another one, in the plane: no line separates them."""

    kind = "points"
    source = "sklearn.datasets.make_circles"
    fixed_classes = 2

    samples: Samples = 300
    factor: Annotated[float, number("Radius of the inner circle; the outer one's is 1", ge=0, lt=1)] = 0.5
    noise: Noise = 0.08
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Blobs(Data, Labelled, frozen=True, tag="blobs"):
    """Round clouds of points, their centres evenly on a circle: lines separate what is far enough apart."""

    kind = "points"
    source = "generated: centre k at distance·(cos 2πk/centres, sin 2πk/centres)"

    samples: Samples = 300
    centres: Annotated[int, number("Number of clouds, which is the number of classes", ge=1, le=20)] = 3
    distance: Annotated[float, number("Distance of the clouds' centres from the origin", ge=0, le=1e6)] = 4.0
    noise: Noise = 1.0
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Xor(Data, Labelled, frozen=True, tag="xor"):
    """The square's four quarters, opposite ones of one class: the smallest thing that no line separates."""

    kind = "points"
    source = "generated: (x, y) uniform in [-1, 1]², class x·y < 0, then noise (Minsky and Papert, 1969)"
    fixed_classes = 2

    samples: Samples = 400
    noise: Noise = 0.05
    normalise: Normalise = "none"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0
