"""Writes messages as JSON lines to a file or to standard output, and says when nobody reads them any more."""

import asyncio
import sys
from pathlib import Path
from typing import IO, final

from tui_dl.errors import UsageError
from tui_dl.wire import json_lines
from tui_dl.wire.messages import AnyMessage, Message, RunDescribed


@final
class JsonWriter:
    """One object a line, complete lines only. ``-`` is standard output.

    Raises UsageError if the file can't be opened.
    """

    def __init__(self, target: str) -> None:
        self.broken = asyncio.Event()
        """Set once the reader has gone or the disk is full."""
        self.problem = ""
        """Empty for a reader that has gone, which is no mistake."""
        self._target = target
        self._has_started = False
        self._stream: IO[bytes]
        if target == "-":
            self._stream = sys.stdout.buffer
            return
        try:
            self._stream = Path(target).open("wb")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise UsageError(f"--jsonl {target}: can't be written: {error.strerror or error}") from error

    def __call__(self, message: AnyMessage | Message) -> None:
        """Write what the message stands for; a run starts once, however often it is described anew."""
        if self.broken.is_set() or (self._has_started and isinstance(message, RunDescribed)):
            return
        self._has_started = self._has_started or isinstance(message, RunDescribed)
        lines = b"".join(json_lines.encode(value) for value in json_lines.objects(message))
        if not lines:
            return
        try:
            self._stream.write(lines)
            self._stream.flush()
        except BrokenPipeError:
            self._give_up("")
        except OSError as error:
            self._give_up(f"--jsonl {self._target}: {error.strerror or error}: no more lines are written")

    def close(self) -> None:
        """Close a file; standard output stays open."""
        if self._target != "-" and not self.broken.is_set():
            self._stream.close()

    def _give_up(self, problem: str) -> None:
        self.problem = problem
        self.broken.set()
        if self._target == "-":
            # Python flushes standard output once more at exit and would complain about it there.
            sys.stdout = None
