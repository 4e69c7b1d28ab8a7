"""Well-known sets of pictures: downloaded once and kept, or read from files that are there already."""

from typing import Annotated

from tui_dl.spec.component import described, number
from tui_dl.spec.data.base import Data, Labelled, Normalise

_Folder = Annotated[
    str,
    described(
        "A folder with the files, which are then used as they are, of any number; empty downloads them",
        max_length=4096,
        examples=["mnist"],
    ),
]
_Mirror = Annotated[
    str,
    described(
        "Address to download from instead; what comes from there must be the very same files",
        max_length=4096,
        pattern=r"^(https?://[^\s]+)?\Z",
        examples=["https://example.org/mnist/"],
    ),
]
_OptionalValidationShare = Annotated[
    float,
    number(
        "Share of the training pictures held out for validation (seeded, stratified by class); with 0 all "
        "train, and the test split is looked at in validation's place",
        ge=0,
        le=0.9,
    ),
]


class Downloaded(Data, Labelled, frozen=True):
    """What all of them have: ten classes, a test split of their own, and a place to come from."""

    kind = "image"
    fixed_test_samples = 10_000
    fixed_classes = 10

    folder: _Folder = ""
    mirror: _Mirror = ""


class Mnist(Downloaded, frozen=True, tag="mnist"):
    """Handwritten digits, 28x28 grey levels, ten classes: 60000, and 10000 to test; 12 MB."""

    source = "LeCun, Cortes and Burges, 1998: the MNIST database of handwritten digits"
    fixed_samples = 60_000

    normalise: Normalise = "minmax"
    validation_share: _OptionalValidationShare = 0.1


class FashionMnist(Downloaded, frozen=True, tag="fashion_mnist"):
    """Clothes in MNIST's format, 28x28 grey levels, ten classes: 60000, and 10000 to test; 31 MB."""

    source = "Xiao, Rasul and Vollgraf, 2017: Fashion-MNIST"
    fixed_samples = 60_000

    normalise: Normalise = "minmax"
    validation_share: _OptionalValidationShare = 0.1


class Cifar10(Downloaded, frozen=True, tag="cifar10"):
    """Small photographs, 32x32 in colour, ten classes: 50000, and 10000 to test; 170 MB."""

    source = "Krizhevsky, 2009: Learning multiple layers of features from tiny images"
    fixed_samples = 50_000

    normalise: Normalise = "standard"
    validation_share: _OptionalValidationShare = 0.1
