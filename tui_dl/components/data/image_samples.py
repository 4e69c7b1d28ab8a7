"""The user's own pictures, a folder for each class."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.files import reading, unusable
from tui_dl.components.data.samples import Samples, draw_samples
from tui_dl.spec import data as spec

SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
LEAST_PICTURES: Final = 4


@draw_samples.register
def _(data: spec.ImageFolder, rng: np.random.Generator) -> Samples:
    """Pictures in the order of their names, uint8 (N, size, size), or (N, 3, size, size) with colour."""
    folder = Path(data.path)
    inside = [child.name for child in _folders(folder)]
    if set(inside) == {"train", "test"}:
        names = _classes(folder / "train")
        inputs, classes = _read(data, folder / "test", names)
        test = Samples(inputs, classes)
        folder = folder / "train"
    else:
        names, test = _classes(folder), None
    inputs, classes = _read(data, folder, names)
    if len(inputs) < LEAST_PICTURES:
        raise unusable(folder, f"has {len(inputs)} pictures; at least {LEAST_PICTURES} are needed.")
    return Samples(inputs, classes, names, test, is_scaled_whole=True)


def _folders(folder: Path) -> list[Path]:
    with reading(folder, "a folder"):
        return sorted(child for child in folder.iterdir() if child.is_dir() and child.name[0] != ".")


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(child.name for child in _folders(folder))
    if len(names) < 2:
        there = f"only {names[0]}" if names else "none"
        raise unusable(
            folder, f"a folder of pictures for each of two or more classes is needed; there is {there}."
        )
    return names


def _read(
    data: spec.ImageFolder, folder: Path, names: tuple[str, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All pictures of a folder with the classes that are there."""
    strange = [child.name for child in _folders(folder) if child.name not in names]
    if strange:
        raise unusable(folder / strange[0], "is of a class that the folder train does not have.")
    files: list[Path] = []
    classes: list[int] = []
    for place, name in enumerate(names):
        found = _pictures(folder / name)
        files += found
        classes += [place] * len(found)
    shape = (3, data.size, data.size) if data.colour else (data.size, data.size)
    with reading(folder, "a folder"):
        inputs = np.empty((len(files), *shape), dtype=np.uint8)
    for place, file in enumerate(files):
        inputs[place] = _pixels(file, data.size, colour=data.colour)
    return inputs, np.array(classes, dtype=np.int64)


def _pictures(folder: Path) -> list[Path]:
    with reading(folder, "a folder"):
        found = sorted(child for child in folder.iterdir() if child.suffix.lower() in SUFFIXES)
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise unusable(folder, f"has no picture in it; a file's name ends in one of {kinds}.")
    return found


def _pixels(path: Path, size: int, *, colour: bool) -> NDArray[np.uint8]:
    """One picture, its whole brought to size x size."""
    # Loaded for pictures alone.
    from PIL import Image, UnidentifiedImageError

    with reading(path, "a picture"):
        try:
            with Image.open(path) as picture:
                whole = picture.convert("RGB" if colour else "L")
            pixels = np.asarray(whole.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)
        except UnidentifiedImageError:
            raise unusable(path, "is not a picture that can be read.") from None
        except (SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise unusable(path, f"is a broken picture: {error}.") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise unusable(path, f"is a broken picture: {error}.") from None
    return np.moveaxis(pixels, -1, 0) if colour else pixels
