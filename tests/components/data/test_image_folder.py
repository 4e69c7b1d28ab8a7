"""The user's own pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tui_dl.components.data import load_data
from tui_dl.errors import NotAvailable
from tui_dl.spec.data import ImageFolder


def _paint(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (10, 6)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def _folder(folder: Path, count: int = 3) -> Path:
    for place in range(count):
        _paint(folder / "dark" / f"{place}.png", (place, 10, 0))
        _paint(folder / "bright" / f"{place}.jpg", (250, 240, 255))
    return folder


def _images(folder: Path, *, size: int = 4, colour: bool = False) -> ImageFolder:
    return ImageFolder(path=str(folder), size=size, colour=colour, normalise="none", validation_share=0.34)


def test_each_folder_is_a_class(tmp_path: Path) -> None:
    splits = load_data(_images(_folder(tmp_path)), 0)
    assert (splits.class_names, splits.input_shape, splits.test) == (("bright", "dark"), (4, 4), None)
    assert (len(splits.train), len(splits.validation)) == (3, 3)
    for split in (splits.train, splits.validation):
        assert torch.equal(split.inputs.amax((1, 2)) < 100, split.targets == 1)


def test_colour_has_three_channels_in_front(tmp_path: Path) -> None:
    splits = load_data(_images(_folder(tmp_path), colour=True), 0)
    assert splits.input_shape == (3, 4, 4)
    dark = splits.train.inputs[splits.train.targets == 1][0]
    assert dark[1].unique().tolist() == [10]
    assert dark[2].unique().tolist() == [0]


def test_train_and_test_may_lie_apart(tmp_path: Path) -> None:
    _folder(tmp_path / "train")
    _folder(tmp_path / "test", count=1)
    (tmp_path / "readme.txt").write_text("hello")
    splits = load_data(_images(tmp_path), 0)
    assert splits.test is not None
    assert splits.test.targets.tolist() == [0, 1]
    assert len(splits.train) + len(splits.validation) == 6


def test_minmax_is_over_whole_pictures(tmp_path: Path) -> None:
    _folder(tmp_path)
    splits = load_data(ImageFolder(path=str(tmp_path), size=4), 0)
    assert (splits.train.inputs.amin().item(), splits.train.inputs.amax().item()) == (0.0, 1.0)
    assert splits.scaling.shift.unique().numel() == 1


def test_any_kind_of_pixel_will_do(tmp_path: Path) -> None:
    _folder(tmp_path)
    for place, mode in enumerate(("L", "1", "P", "RGBA", "LA")):
        Image.new(mode, (5, 5)).save(tmp_path / "dark" / f"mode {place}.png")
    assert len(load_data(_images(tmp_path, colour=True), 0).train) > 0


def test_whatever_is_wrong_is_one_message(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "whole")
    broken = folder / "dark" / "broken.png"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(broken)
    good, noise = broken.read_bytes(), np.random.default_rng(1).bytes(4000)
    for content, words in ((good[: len(good) // 2], "is a broken picture"), (b"hello", "is not a picture")):
        broken.write_bytes(content)
        with pytest.raises(NotAvailable, match=rf"broken\.png: {words}"):
            load_data(_images(folder), 0)
    broken.write_bytes(good[:60] + noise)
    with pytest.raises(NotAvailable, match=r"broken\.png: is a broken picture"):
        load_data(_images(folder), 0)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ((), "pictures: there is no such folder"),
        (("pictures/",), "of two or more classes is needed; there is none"),
        (("pictures/a/1.png",), "of two or more classes is needed; there is only a"),
        (("pictures/a/1.png", "pictures/b/"), r"b: has no picture in it; a file's name ends in one of \.bmp"),
        (("pictures/a/1.png", "pictures/b/1.png"), "has 2 pictures; at least 4 are needed"),
        (
            ("pictures/train/a/1.png", "pictures/train/b/1.png", "pictures/test/c/1.png"),
            "c: is of a class that the folder train does not have",
        ),
    ],
)
def test_folders_that_will_not_do(tmp_path: Path, made: tuple[str, ...], message: str) -> None:
    for name in made:
        if name.endswith("/"):
            (tmp_path / name).mkdir(parents=True)
        else:
            _paint(tmp_path / name, (1, 2, 3))
    with pytest.raises(NotAvailable, match=message):
        load_data(_images(tmp_path / "pictures"), 0)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("hello")
    with pytest.raises(NotAvailable, match="is a file, not a folder"):
        load_data(_images(tmp_path / "pictures"), 0)
