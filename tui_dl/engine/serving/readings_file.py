"""The kept readings on disk, for the engine that goes on with the run: lenses have a past then as well."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

import msgspec

from tui_dl.errors import ProtocolError
from tui_dl.wire.framing import FrameSplitter, decode_message, frame
from tui_dl.wire.messages import PROTOCOL, PastReadings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_dl.engine.serving.kept_readings import KeptReadings
    from tui_dl.wire.messages import ReadingTaken

_CHUNK_BYTES: Final = 32 * 1024


class _Head(msgspec.Struct, frozen=True):
    """The file's first line, as JSON; behind it come frames of `PastReadings`."""

    protocol: int
    layers: tuple[str, ...]


@final
class ReadingsFile:
    """One file, replaced whole. What is in it is a convenience: no trouble with it is worth a word.

    Args:
        path: where it lies.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, kept: KeptReadings) -> bool:
        """Write all that is kept. Returns whether that worked; the file of before stays if it did not."""
        partial = self._path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                file.write(msgspec.json.encode(_Head(PROTOCOL, kept.layers)) + b"\n")
                for piece in kept.frames(_CHUNK_BYTES):
                    file.write(piece)
            partial.replace(self._path)
        except OSError:
            with suppress(OSError):
                partial.unlink()
            return False
        return True

    def read(self, kept: KeptReadings, holds: Callable[[ReadingTaken], bool]) -> None:
        """Take in what was written, as far as it is still of the run: `holds` tells.

        Of a damaged file that is what comes before the damage, of another version's nothing.
        """
        try:
            head, _, body = self._path.read_bytes().partition(b"\n")
            found = msgspec.json.decode(head, type=_Head)
            if found.protocol != PROTOCOL:
                return
            kept.describe(found.layers)
            for piece in FrameSplitter().feed(body):
                message = decode_message(piece)
                for reading in message.readings if isinstance(message, PastReadings) else ():
                    if holds(reading):
                        kept.add(reading, frame(reading))
        except (OSError, ProtocolError, msgspec.DecodeError, UnicodeDecodeError):
            return
