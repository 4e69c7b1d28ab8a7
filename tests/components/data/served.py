"""Tiny files in the formats of the well-known sets, and a server on loopback that hands them out."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tui_dl.components.data.remote_files import RemoteFile, RemoteSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRAIN, TEST = 60, 20


def idx(values: np.ndarray) -> bytes:
    """An array of bytes in MNIST's own format, gzipped."""
    head = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
    return gzip.compress(head + values.astype(np.uint8).tobytes(), mtime=0)


def mnist_files(train: int = TRAIN, test: int = TEST, side: int = 28) -> dict[str, bytes]:
    """The four files: the picture of a class has a bright row at its number."""
    files: dict[str, bytes] = {}
    rng = np.random.default_rng(0)
    for prefix, count in (("train", train), ("t10k", test)):
        labels = np.arange(count) % 10
        images = rng.integers(0, 40, (count, side, side))
        images[np.arange(count), labels] += 200
        # Both ends of the range are there, whatever is held out.
        images[:, -1, -1], images[:, -1, 0] = 255, 0
        files[f"{prefix}-images-idx3-ubyte.gz"] = idx(images)
        files[f"{prefix}-labels-idx1-ubyte.gz"] = idx(labels)
    return files


def cifar_archive(per_batch: int = 10) -> bytes:
    """The binary version as an archive; the picture of a class is as bright as its number says."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"):
            labels = np.arange(per_batch, dtype=np.uint8) % 10
            pixels = np.repeat(labels[:, None] * 20, 3072, axis=1).astype(np.uint8)
            pixels[:, 1024:2048] += 1
            content = np.concatenate([labels[:, None], pixels], axis=1).tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def written(folder: Path, files: dict[str, bytes]) -> Path:
    """All files in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def remote_set(files: dict[str, bytes], *servers: str) -> RemoteSet:
    """What is known of files that are as they should be."""
    known = [
        RemoteFile(name, hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()
    ]
    return RemoteSet(servers, tuple(known))


@dataclass
class Server:
    """Hands out files; some of them it may break off, or answer with a status that is no success."""

    files: dict[str, bytes]
    address: str = ""
    broken_off: set[str] = field(default_factory=set)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    """Cleared, it keeps everybody waiting."""

    def __post_init__(self) -> None:
        self.may_answer.set()


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Server]:
    """A server on loopback, for as long as the block lasts."""
    server = Server(files)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            server.asked.append(name)
            status = server.status.get(name, 200 if name in server.files else 404)
            if status != 200:
                self.send_error(status)
                return
            content = server.files[name]
            server.may_answer.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if name in server.broken_off else content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.address = f"http://127.0.0.1:{listening.server_port}/"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
