"""The data sets that are downloaded, from the cache or from a folder of the user's."""

from functools import singledispatch
from pathlib import Path
from typing import Final

import numpy as np

from tui_dl.components.data.cifar import Arrays, read_cifar
from tui_dl.components.data.download import Tell, fetch, silent
from tui_dl.components.data.files import unusable
from tui_dl.components.data.idx import find_idx, read_idx
from tui_dl.components.data.samples import Samples, draw_samples
from tui_dl.spec import data as spec

DIGITS: Final = tuple("0123456789")
CLOTHES: Final = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot",
)  # fmt: skip
PHOTOGRAPHS: Final = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@singledispatch
def have_files(data: spec.Data, tell: Tell) -> None:
    """Download what a data set needs and the cache lacks, telling how far it is.

    Raises:
        NotAvailable: if it can't be had.
    """


@have_files.register
def _(data: spec.Downloaded, tell: Tell) -> None:
    _folder(data, tell)


@draw_samples.register
def _(data: spec.Mnist, rng: np.random.Generator) -> Samples:
    return _from_idx(_folder(data), DIGITS)


@draw_samples.register
def _(data: spec.FashionMnist, rng: np.random.Generator) -> Samples:
    return _from_idx(_folder(data), CLOTHES)


@draw_samples.register
def _(data: spec.Cifar10, rng: np.random.Generator) -> Samples:
    train, test = read_cifar(_folder(data))
    return _pictures(train, test, PHOTOGRAPHS)


def _folder(data: spec.Downloaded, tell: Tell = silent) -> Path:
    if not data.folder:
        return fetch(data.name, data.mirror, tell)
    folder = Path(data.folder)
    if not folder.is_dir():
        problem = "is a file, not a folder." if folder.exists() else "there is no such folder."
        raise unusable(folder, f"{problem} Without data.folder, {data.name} is downloaded.")
    return folder


def _from_idx(folder: Path, names: tuple[str, ...]) -> Samples:
    train = _labelled(folder, "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", len(names))
    test = _labelled(folder, "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", len(names))
    if train[0].shape[1:] != test[0].shape[1:]:
        shapes = " and ".join("x".join(map(str, each[0].shape[1:])) for each in (train, test))
        raise unusable(folder, f"the pictures of train and test are of different sizes, {shapes}.")
    return _pictures(train, test, names)


def _labelled(folder: Path, images_name: str, labels_name: str, classes: int) -> Arrays:
    images_path, labels_path = find_idx(folder, images_name), find_idx(folder, labels_name)
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if len(images) != len(labels):
        raise unusable(
            labels_path, f"has {len(labels)} labels for the {len(images)} pictures of {images_path}."
        )
    if labels.max() >= classes:
        raise unusable(labels_path, f"has the label {labels.max()}; there are {classes} classes, from 0.")
    return images, labels.astype(np.int64)


def _pictures(train: Arrays, test: Arrays, names: tuple[str, ...]) -> Samples:
    return Samples(*train, names, Samples(*test), is_scaled_whole=True)
