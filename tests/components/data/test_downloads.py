"""Downloads over loopback: checksums, the cache, and one message for whatever goes wrong."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.components.data.served import (
    TEST,
    TRAIN,
    Server,
    cifar_archive,
    mnist_files,
    remote_set,
    serving,
)
from tui_dl.components.data import download, have_files, load_data
from tui_dl.components.data.cache import cache_folder
from tui_dl.errors import NotAvailable
from tui_dl.spec.data import Cifar10, FashionMnist, Mnist

IMAGES = "train-images-idx3-ubyte.gz"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """MNIST's files on loopback, known by their checksums; an empty cache."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("TUI_DL_HOME", str(tmp_path / "home"))
    with serving(mnist_files()) as server:
        known = remote_set(server.files, server.address)
        cifar = {"cifar-10-binary.tar.gz": cifar_archive()}
        server.files |= cifar
        monkeypatch.setattr(
            download,
            "REMOTE_SETS",
            {"mnist": known, "fashion_mnist": known, "cifar10": remote_set(cifar, server.address)},
        )
        yield server


@pytest.mark.parametrize(("data", "first"), [(Mnist(), "0"), (FashionMnist(), "T-shirt")])
def test_files_are_downloaded_once(server: Server, data: Mnist | FashionMnist, first: str) -> None:
    said: list[str] = []
    have_files(data, said.append)
    assert len(server.asked) == 4
    assert said[0].startswith(f"downloading {data.name}, 0.0 of ")
    assert said[-1].endswith("(100%)")
    splits = load_data(data, 0)
    assert len(server.asked) == 4
    assert (splits.input_shape, splits.outputs, splits.class_names[0]) == ((28, 28), 10, first)
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (54, 6, TEST)
    # As torchvision's ToTensor, bit for bit.
    assert torch.equal(splits.scaling.scale, torch.full((28, 28), 255.0))
    assert splits.train.inputs.amax() == 1
    bright = splits.train.inputs.mean(2).argmax(1)
    assert torch.equal(bright, splits.train.targets)


def test_the_cache_is_where_it_is_promised(server: Server, tmp_path: Path, monkeypatch: Any) -> None:
    have_files(Mnist(), lambda _: None)
    assert sorted(path.name for path in (tmp_path / "home/data/mnist").iterdir()) == sorted(mnist_files())
    monkeypatch.delenv("TUI_DL_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if os.uname().sysname == "Linux":
        assert cache_folder("mnist") == tmp_path / "cache/tui-dl/mnist"


def test_nothing_is_held_out_but_the_test_split_if_one_says_so(server: Server) -> None:
    splits = load_data(Mnist(validation_share=0.0), 0)
    assert len(splits.train) == TRAIN
    assert splits.validation is splits.test
    assert splits.moved(torch.clone).validation is not splits.validation


def test_a_damaged_file_in_the_cache_is_downloaded_again(server: Server) -> None:
    folder = download.fetch("mnist")
    (folder / IMAGES).write_bytes(b"damaged")
    download.fetch("mnist")
    assert (folder / IMAGES).read_bytes() == server.files[IMAGES]
    assert server.asked.count(IMAGES) == 2


def _refused(data: Mnist | Cifar10 = Mnist()) -> str:  # noqa: B008 - frozen
    with pytest.raises(NotAvailable) as caught:
        load_data(data, 0)
    words = str(caught.value)
    assert "\n" not in words
    kept = cache_folder(data.name)
    assert not kept.exists() or not list(kept.iterdir())
    return words


def test_a_wrong_checksum_is_said_and_nothing_is_kept(server: Server) -> None:
    server.files[IMAGES] = mnist_files(train=50)[IMAGES]
    said = _refused()
    assert said.startswith(f"mnist can't be downloaded: {server.address}{IMAGES} has the wrong checksum")
    assert "data.folder" in said


def test_a_download_that_breaks_off_is_said_and_nothing_is_kept(server: Server) -> None:
    server.broken_off.add(IMAGES)
    assert f"{IMAGES} broke off after 0.0 of 0.0 MB" in _refused()


def test_what_the_server_does_not_have_is_said(server: Server) -> None:
    server.status[IMAGES] = 503
    assert f"{IMAGES} was answered with 503" in _refused()


def test_without_a_network_it_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    known = remote_set(mnist_files(), "http://127.0.0.1:9/", "http://127.0.0.1:9/other/")
    monkeypatch.setattr(download, "REMOTE_SETS", {"mnist": known})
    said = _refused()
    assert f"http://127.0.0.1:9/{IMAGES} can't be reached (connection refused)" in said
    assert "1 other server did no better" in said
    assert "data.name=digits" in said


def test_the_next_server_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    known = remote_set(mnist_files(), "http://127.0.0.1:9/", server.address)
    monkeypatch.setattr(download, "REMOTE_SETS", {"mnist": known})
    assert len(load_data(Mnist(), 0).train) == 54


def test_a_mirror_is_asked_in_place_of_the_servers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    known = remote_set(mnist_files(), "http://127.0.0.1:9/")
    monkeypatch.setattr(download, "REMOTE_SETS", {"mnist": known})
    assert len(load_data(Mnist(mirror=server.address.rstrip("/")), 0).train) == 54


def test_a_full_disk_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    def full(self: object, url: str, output_file: str, *_: object) -> None:
        Path(output_file).write_bytes(b"some")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), output_file)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", full)
    said = _refused()
    assert said.startswith(f"mnist can't be kept in {cache_folder('mnist')}: there is no room on the disk")
    assert "TUI_DL_HOME" in said


def test_a_cache_that_cannot_be_made_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TUI_DL_HOME", str(tmp_path / "file"))
    with pytest.raises(NotAvailable, match=r"mnist can't be kept in .*: not a directory"):
        load_data(Mnist(), 0)


def test_whoever_is_told_may_end_it(server: Server) -> None:
    class EnoughError(Exception):
        pass

    def enough(words: str) -> None:
        if not words.startswith("downloading mnist, 0.0 of") or "(0%)" not in words:
            raise EnoughError

    with pytest.raises(EnoughError):
        have_files(Mnist(), enough)
    assert all(path.name in server.files for path in cache_folder("mnist").iterdir())


def test_cifar_comes_as_an_archive_of_colours(server: Server) -> None:
    splits = load_data(Cifar10(normalise="none"), 0)
    assert (splits.input_shape, splits.class_names[2]) == ((3, 32, 32), "bird")
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (45, 5, 10)
    of_test = splits.test.inputs[7]
    assert of_test.flatten(1).unique(dim=1).flatten().tolist() == [140, 141, 140]
    assert splits.test.targets.tolist() == list(range(10))


def test_a_broken_archive_is_said(server: Server) -> None:
    name = "cifar-10-binary.tar.gz"
    server.broken_off.add(name)
    assert f"{name} broke off after" in _refused(Cifar10())
