"""MNIST's own format (idx): numbers in bytes behind a head that says how many; gzipped or plain."""

import gzip
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.files import reading, unusable

_UNSIGNED_BYTES: Final = 8
_GZIP: Final = b"\x1f\x8b"


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """An array of bytes with so many dimensions.

    The head is two zero bytes, the type (8 is unsigned bytes), the number of dimensions, then the sizes in
    four bytes each, the most significant first.

    Raises:
        NotAvailable: if it is missing, cut off, or not of that form.
    """
    content = _content(path)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise unusable(
            path, f"is not in MNIST's format (idx): it begins with {content[:4].hex(' ') or 'nothing'}."
        )
    if content[2] != _UNSIGNED_BYTES:
        raise unusable(
            path, f"is in idx format, but of type 0x{content[2]:02x}, not of unsigned bytes (0x08)."
        )
    if content[3] != dimensions:
        raise unusable(path, f"has {content[3]} dimensions, not {dimensions}.")
    start = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[place : place + 4], "big") for place in range(4, start, 4))
    needed = start + int(np.prod(shape, dtype=np.float64))
    if len(content) != needed or len(content) < start:
        shown = "x".join(map(str, shape))
        raise unusable(
            path, f"is cut off or too long: {shown} bytes were to come, {len(content) - start} did."
        )
    if 0 in shape:
        raise unusable(path, "is empty.")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def find_idx(folder: Path, name: str) -> Path:
    """The file of that name in a folder, in any of the usual spellings.

    Raises:
        NotAvailable: if there is none.
    """
    plain = name.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    for spelling in (name, plain, f"{dotted}.gz", dotted):
        if (folder / spelling).is_file():
            return folder / spelling
    raise unusable(folder, f"there is no file {name} in it, nor {plain}.")


def _content(path: Path) -> bytes:
    with reading(path, "a file in MNIST's format"):
        content = path.read_bytes()
        if content[:2] != _GZIP:
            return content
        try:
            return gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise unusable(path, "is cut off or broken: it can't be decompressed.") from None
