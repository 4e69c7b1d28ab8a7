"""Files of well-known data sets: where they are had, and the checksums that tell them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final


@final
@dataclass(frozen=True)
class RemoteFile:
    """A file by its name on the server, its SHA-256 and its size in bytes."""

    name: str
    sha256: str
    size: int


@final
@dataclass(frozen=True)
class RemoteSet:
    """Files that lie together, on several servers, of which the next is asked where one fails."""

    servers: tuple[str, ...]
    files: tuple[RemoteFile, ...]


_TRAIN_IMAGES: Final = "train-images-idx3-ubyte.gz"
_TRAIN_LABELS: Final = "train-labels-idx1-ubyte.gz"
_TEST_IMAGES: Final = "t10k-images-idx3-ubyte.gz"
_TEST_LABELS: Final = "t10k-labels-idx1-ubyte.gz"

REMOTE_SETS: Final[Mapping[str, RemoteSet]] = MappingProxyType(
    {
        "mnist": RemoteSet(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            (
                RemoteFile(
                    _TRAIN_IMAGES,
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                ),
                RemoteFile(
                    _TRAIN_LABELS, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881
                ),
                RemoteFile(
                    _TEST_IMAGES,
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                ),
                RemoteFile(
                    _TEST_LABELS, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542
                ),
            ),
        ),
        "fashion_mnist": RemoteSet(
            (
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
            (
                RemoteFile(
                    _TRAIN_IMAGES,
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    26_421_880,
                ),
                RemoteFile(
                    _TRAIN_LABELS, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515
                ),
                RemoteFile(
                    _TEST_IMAGES,
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    4_422_102,
                ),
                RemoteFile(
                    _TEST_LABELS, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148
                ),
            ),
        ),
        "cifar10": RemoteSet(
            ("https://www.cs.toronto.edu/~kriz/",),
            (
                RemoteFile(
                    "cifar-10-binary.tar.gz",
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                    170_052_171,
                ),
            ),
        ),
    }
)
