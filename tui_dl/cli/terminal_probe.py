"""Questions that only the terminal itself can answer, asked by escape sequences."""

import os
import re
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

_PATIENCE_S = 0.5
_REST_S = 0.1
_CURSOR = re.compile(rb"\x1b\[(\d+);(\d+)R")
_GROUND = re.compile(rb"\x1b\]11;rgb:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)(?:\x07|\x1b\\)")
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


@dataclass(frozen=True)
class EarlyAnswers:
    """What a terminal answered while the program was loading; None: it did not, or not yet."""

    ambiguous_width: int | None = None
    ground_is_light: bool | None = None
    typed: str = ""
    """What was typed meanwhile."""


_QUESTIONS: Final = "\r─\x1b[6n\r\x1b[K"
_GROUND_QUESTION: Final = "\x1b]11;?\x1b\\"


def ask_early() -> Callable[[], EarlyAnswers]:
    """Ask for the width of ambiguous characters and the ground's colour; returns what reads the answers.

    Answers come while the screen's modules are imported: nobody waits for them. Between the two the terminal
    does not echo; Ctrl-C gives it back as it was.
    """
    source, target = sys.stdin.fileno(), sys.stderr.fileno()
    try:
        before = termios.tcgetattr(source)
    except termios.error:
        return EarlyAnswers
    give_back = _given_back_on_ctrl_c(source, before)
    tty.setcbreak(source, termios.TCSANOW)
    # Where an answer may come late it would be taken for keys, the ground's colour for a dozen of them.
    question = _QUESTIONS if _may_be_slow() else _GROUND_QUESTION + _QUESTIONS
    with suppress(OSError):
        os.write(target, question.encode())

    def read() -> EarlyAnswers:
        try:
            return _read_early(source)
        finally:
            give_back()

    return read


def _may_be_slow() -> bool:
    return any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "STY"))


def _given_back_on_ctrl_c(source: int, before: list[Any]) -> Callable[[], None]:
    """Have the terminal's modes restored by Ctrl-C too; returns what restores them otherwise."""
    handler = signal.getsignal(signal.SIGINT)

    def give_back() -> None:
        termios.tcsetattr(source, termios.TCSANOW, before)
        signal.signal(signal.SIGINT, handler)

    def interrupted(number: int, frame: Any) -> None:
        give_back()
        if callable(handler):
            handler(number, frame)

    signal.signal(signal.SIGINT, interrupted)
    return give_back


def _read_early(source: int) -> EarlyAnswers:
    """Read what has come so far; waits only for the rest of an answer that has begun."""
    received = b""
    deadline = time.monotonic() + _REST_S
    while True:
        has_begun = b"\x1b" in received and _CURSOR.search(received) is None
        patience_s = max(0.0, deadline - time.monotonic()) if has_begun else 0.0
        if not select.select([source], [], [], patience_s)[0]:
            break
        chunk = os.read(source, 4096)
        if not chunk:
            break
        received += chunk
    cursor, ground = _CURSOR.search(received), _GROUND.search(received)
    rest = _GROUND.sub(b"", _CURSOR.sub(b"", received, count=1))
    typed = "" if b"\x1b" in rest else rest.decode(errors="ignore")
    return EarlyAnswers(
        int(cursor.group(2)) - 1 if cursor else None, _is_light(ground) if ground else None, typed
    )


def _is_light(ground: "re.Match[bytes]") -> bool:
    # Components have one to four hexadecimal digits; luminance by the weights of ITU-R BT.709.
    red, green, blue = (int(one, 16) / (16 ** len(one) - 1) for one in ground.groups())
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5)


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
