"""Questions that only the terminal itself can answer, asked by escape sequences."""

import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_PATIENCE_S = 0.5
_CURSOR = re.compile(rb"\x1b\[(\d+);(\d+)R")
_SYNCHRONISED = re.compile(rb"\x1b\[\?2026;(\d)\$y")


@dataclass(frozen=True)
class TerminalAnswers:
    """None: the terminal did not answer."""

    ambiguous_width: int | None
    """Cells taken by a character of ambiguous width, such as a line: 1, or 2 in some CJK set-ups."""
    braille_width: int | None
    synchronised_output: bool | None
    """Whether it can hold a frame back until it is complete."""
    round_trip_ms: float | None


def ask_terminal() -> TerminalAnswers | None:
    """Ask the controlling terminal; None if there is none on standard input and output."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    with _raw(sys.stdin.fileno()):
        started = time.perf_counter()
        ambiguous = _width_of("─")
        round_trip_ms = (time.perf_counter() - started) * 1000
        if ambiguous is None:
            return TerminalAnswers(None, None, None, None)
        # The cursor report behind it is the fence: a terminal that skips the question answers only that.
        answer = _query(b"\x1b[?2026$p\x1b[6n", _CURSOR)
        mode = _SYNCHRONISED.search(answer)
        synchronised = mode is not None and mode.group(1) in (b"1", b"2", b"3")
        return TerminalAnswers(ambiguous, _width_of("⣿"), synchronised, round_trip_ms)


def _width_of(character: str) -> int | None:
    answer = _CURSOR.search(_query(b"\r" + character.encode() + b"\x1b[6n", _CURSOR))
    _write(b"\r\x1b[K")
    return int(answer.group(2)) - 1 if answer else None


def _query(question: bytes, until: re.Pattern[bytes]) -> bytes:
    _write(question)
    received = b""
    deadline = time.monotonic() + _PATIENCE_S
    while until.search(received) is None:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        received += os.read(sys.stdin.fileno(), 256)
    return received


def _write(data: bytes) -> None:
    os.write(sys.stdout.fileno(), data)


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
