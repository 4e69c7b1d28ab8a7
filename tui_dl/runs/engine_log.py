"""Reads what an engine has written on its standard output and error, as it grows and whatever it is."""

import os
import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

MOST_LINES: Final = 10_000
LONGEST_LINE_BYTES: Final = 4096
FIRST_READ_BYTES: Final = 512 * 1024
"""What is read of a log that is longer when it is first looked at, and after falling behind by more."""

_ESCAPES: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]?")
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_RUBBISH: Final = re.compile("\ufffd{4,}")


@final
@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the engine's own words; `time_s` is Unix time, no later than which it was written."""

    number: int
    time_s: float
    text: str
    is_live: bool
    """Whether it was read as it came: only then `time_s` is when it was written, to a second or so."""


@final
class EngineLog:
    """The end of a log that may still grow. A missing file has no lines; it may come later.

    Args:
        path: of the log.
        most_lines: older ones are let go.
    """

    def __init__(self, path: Path, most_lines: int = MOST_LINES) -> None:
        self.path = path
        self.lines: deque[LogLine] = deque(maxlen=most_lines)
        self.is_there = False
        self.written_s = 0.0
        """When something was written last, in Unix time."""
        self._offset = 0
        self._inode = 0
        self._number = 0
        self._line = bytearray()
        self._cut_bytes = 0

    @property
    def unfinished(self) -> str:
        """What was written since the last end of a line."""
        return _words(bytes(self._line), self._cut_bytes)

    def has_news(self) -> bool:
        """Whether `read` would find something; costs one call of the system."""
        try:
            found = self.path.stat()
        except OSError:
            return self.is_there
        return not self.is_there or (found.st_ino, found.st_size) != (self._inode, self._offset)

    def read(self) -> bool:
        """Take in what has come. Returns whether anything has."""
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                is_first = not self.is_there
                if is_first or found.st_ino != self._inode or found.st_size < self._offset:
                    self._begin(found.st_ino)
                waiting = found.st_size - self._offset
                if waiting <= 0:
                    return is_first
                skipped = max(waiting - FIRST_READ_BYTES, 0)
                if skipped:
                    file.seek(self._offset + skipped)
                    # What stands before the next end of a line is the rest of one that was not read.
                    skipped += len(file.readline(LONGEST_LINE_BYTES))
                    self._skip(skipped, found.st_mtime)
                file.seek(self._offset + skipped)
                data = file.read(waiting - skipped)
        except OSError:
            self.is_there = False
            return False
        self._offset += skipped + len(data)
        self.written_s = found.st_mtime
        self._take(data, found.st_mtime, is_live=not is_first)
        return True

    def _begin(self, inode: int) -> None:
        self.is_there, self._inode, self._offset = True, inode, 0
        self.lines.clear()
        self._line.clear()
        self._cut_bytes = 0

    def _skip(self, skipped: int, time_s: float) -> None:
        self._line.clear()
        self._cut_bytes = 0
        self._add(f"({skipped:,} bytes before this are in {self.path.name})", time_s, is_live=False)

    def _take(self, data: bytes, time_s: float, *, is_live: bool) -> None:
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._extend(piece)
            self._add(self.unfinished, time_s, is_live=is_live)
            self._line.clear()
            self._cut_bytes = 0
        self._extend(rest)

    def _extend(self, piece: bytes) -> None:
        # A progress bar comes back to the line's beginning: what it wrote last is what counts.
        back = piece.rstrip(b"\r").rfind(b"\r")
        if back >= 0 or (self._line.endswith(b"\r") and piece.strip(b"\r")):
            self._line.clear()
            self._cut_bytes = 0
            piece = piece[back + 1 :]
        room = LONGEST_LINE_BYTES - len(self._line)
        self._line += piece[:room]
        self._cut_bytes += max(len(piece) - room, 0)

    def _add(self, text: str, time_s: float, *, is_live: bool) -> None:
        self._number += 1
        self.lines.append(LogLine(self._number, time_s, text, is_live))


def printable(text: str) -> str:
    """Text that does nothing to a terminal: no escape sequences, no control or direction marks."""
    plain = _UNPRINTABLE.sub("\ufffd", _ESCAPES.sub("", text).expandtabs(8))
    return _RUBBISH.sub("\ufffd\ufffd\ufffd", plain)


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log that are not empty; none if it can't be read."""
    log = EngineLog(path)
    log.read()
    texts = [line.text for line in log.lines] + [log.unfinished]
    return [text.rstrip() for text in texts if text.strip()][-count:] if count > 0 else []


def _words(data: bytes, cut_bytes: int) -> str:
    text = printable(data.decode("utf-8", "replace").rstrip("\r"))
    return f"{text}… ({cut_bytes:,} more bytes)" if cut_bytes else text
