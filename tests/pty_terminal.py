"""A terminal for programs under test: a pty, a screen that pyte decodes, and the answers a terminal gives."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final
from unicodedata import east_asian_width

import pyte

Predicate = Callable[["PtyTerminal"], bool]

_QUERY: Final = re.compile(
    rb"\x1b\[(?:(?P<cursor>6n)|(?P<health>5n)|(?P<primary>0?c)|(?P<secondary>>0?c)|\?(?P<mode>\d+)\$p)"
    rb"|\x1b\](?P<colour>1[01]);\?(?:\x07|\x1b\\)"
)
# Keyboard protocols and the like (`ESC[>25u`, `ESC[<u`), which pyte would print.
_UPDATE_BEGINS: Final = b"\x1b[?2026h"
_UPDATE_ENDS: Final = b"\x1b[?2026l"
_UNKNOWN_TO_PYTE: Final = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")
_INCOMPLETE: Final = re.compile(rb"\x1b(?:\[[0-9;<>=?$]*|\][^\x07\x1b]*\x1b?)?\Z")
_SYNCHRONISED_OUTPUT: Final = b"2026"
_READ_BYTES: Final = 64 * 1024
_LINK_BURST_S: Final = 0.05
_ALTERNATE_SCREEN: Final = 1049


@final
class PtyTerminal:
    """Runs a command in a terminal of its own. A thread reads what it paints and answers what it asks.

    Args:
        command: program and arguments.
        columns: width in cells.
        rows: height in cells.
        environment: of the command; TERM and LANG are set if missing.
        cwd: where it runs.
        link_bytes_per_s: reads no faster than that, as a slow line would; None reads at once.
        ambiguous_is_wide: reports its cursor as if it drew characters of ambiguous width two cells wide.
        ground: of the background, as terminals report it.
        holds_answers: answers nothing before `release_answers`, as over a slow line.
        keeps_output: keeps all bytes in `output`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 160,
        rows: int = 48,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        link_bytes_per_s: float | None = None,
        ambiguous_is_wide: bool = False,
        ground: str = "0000/0000/0000",
        holds_answers: bool = False,
        keeps_output: bool = False,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.decodes = True
        """Whether the screen is kept; reading alone costs next to nothing beside what is measured."""
        self.decodes_late = False
        """Whether the screen is decoded only when it is waited for.

        Decoding here is a hundred times slower than in a terminal: done at once, it would hold up what comes
        next, and take the processor from the program that is measured.
        """
        self._undecoded: deque[tuple[float, bytes, bool]] = deque()
        self._is_updating = False
        self.bytes_received = 0
        self.frames_received = 0
        """Questions for synchronised output: the program asks one behind each frame of data."""
        self.output_tail = b""
        """The last bytes as they came."""
        self.output = b""
        """All of them, where they are kept."""
        self._keeps_output = keeps_output
        self._ambiguous_is_wide = ambiguous_is_wide
        self._ground = ground.encode()
        self._held: list[bytes] | None = [] if holds_answers else None
        self._link_bytes_per_s = link_bytes_per_s
        self._link_free_at = 0.0
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""
        self._changed = threading.Condition(threading.RLock())
        self._watched: Predicate | None = None
        self._seen_at: float | None = None
        self._ended = False
        self._master, slave = os.openpty()
        self._slave: int | None = slave
        _set_size(self._master, columns, rows)
        self.started_at = time.perf_counter()
        self._process = _spawn(command, os.ttyname(slave), _sized_by_terminal(environment), cwd)
        self._thread = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._thread.start()

    # -- what is on the screen -------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Of the command."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the command has."""
        return self._process.poll() is not None

    @property
    def lines(self) -> list[str]:
        """The screen's rows."""
        with self._changed:
            self._catch_up()
            return list(self._screen.display)

    @property
    def text(self) -> str:
        """The whole screen, trailing blanks cut."""
        return "\n".join(line.rstrip() for line in self.lines)

    def style_of(self, text: str) -> tuple[Any, ...] | None:
        """Colours and attributes of the first cell of a text; None where it is not on the screen."""
        with self._changed:
            self._catch_up()
            for number, line in enumerate(self._screen.display):
                column = line.find(text)
                if column >= 0:
                    cell = self._screen.buffer[number][column]
                    return cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore
        return None

    # -- what a person does ----------------------------------------------------------------------------

    def press(self, keys: str | bytes) -> float:
        """Type; returns when, on the clock of `time.perf_counter`."""
        data = keys.encode() if isinstance(keys, str) else keys
        now = time.perf_counter()
        while data:
            data = data[os.write(self._master, data) :]
        return now

    def release_answers(self) -> None:
        """Send all answers that were held, and hold no more."""
        with self._changed:
            held, self._held = self._held or [], None
        self.press(b"".join(held))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the command gets SIGWINCH."""
        with self._changed:
            self._catch_up()
            self.columns, self.rows = columns, rows
            self._screen.resize(rows, columns)
        _set_size(self._master, columns, rows)

    def wait_for(self, wanted: str | Predicate, timeout_s: float = 20.0) -> float:
        """Wait until a text is on the screen or a predicate holds; of a synchronised update, at its end.

        Returns when the bytes that made it so arrived (now if it is so already), without the time that
        decoding took, on the clock of `time.perf_counter`. Raises TimeoutError with the screen, EOFError if
        the command ended before.
        """
        predicate: Predicate = (lambda it: wanted in it.text) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + timeout_s
        with self._changed:
            late, self._undecoded = self._undecoded, deque()
            while late:
                arrived_at, data, is_updating = late.popleft()
                self._stream.feed(data)
                if not is_updating and predicate(self):
                    self._undecoded = late
                    return arrived_at
            if not self._is_updating and predicate(self):
                return time.perf_counter()
            self._watch(predicate)
            try:
                while (seen_at := self._seen_at) is None:
                    if self._ended:
                        raise EOFError(f"the program ended before {wanted!r} was shown:\n{self.text}")
                    if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                        raise TimeoutError(f"{wanted!r} was not shown in {timeout_s} s:\n{self.text}")
                return seen_at
            finally:
                self._watch(None)

    def wait_closed(self, timeout_s: float = 20.0) -> int:
        """Wait until the command has ended and all it said is read. Returns its exit code, as of Popen."""
        code = self._process.wait(timeout_s)
        self._thread.join(timeout_s)
        return code

    def kill(self) -> None:
        """End the command with SIGKILL, as a crash would."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def hang_up(self) -> None:
        """Close the terminal under the command, as a closed window or a dropped link does."""
        self._stop_reading()

    def close(self) -> None:
        """End the command and the terminal; safe to call twice."""
        self.kill()
        self._stop_reading()

    def __enter__(self) -> "PtyTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- inside ----------------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        while self._undecoded:
            self._stream.feed(self._undecoded.popleft()[1])

    def _watch(self, predicate: Predicate | None) -> None:
        self._watched, self._seen_at = predicate, None

    def _stop_reading(self) -> None:
        with self._changed:
            if self._master < 0:
                return
            self._ended = True
        self._thread.join()
        os.close(self._master)
        self._master = -1
        self._close_slave()

    def _close_slave(self) -> None:
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def _read(self) -> None:
        """Read until the other side is closed everywhere, or until told to stop."""
        size = _READ_BYTES if self._link_bytes_per_s is None else 512
        while not self._ended:
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if not ready:
                if self._process.poll() is not None:
                    # Now the end of the output can be seen as the end.
                    self._close_slave()
                continue
            try:
                chunk = os.read(self._master, size)
            except OSError:  # Linux says EIO where others say nothing
                chunk = b""
            if not chunk:
                break
            self._take(chunk, time.perf_counter())
            self._occupy_link(len(chunk))
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _occupy_link(self, n_bytes: int) -> None:
        """Wait as long as a slow line is busy with so many bytes; what was overslept is made good."""
        if self._link_bytes_per_s is None:
            return
        now = time.perf_counter()
        self._link_free_at = max(self._link_free_at, now - _LINK_BURST_S) + n_bytes / self._link_bytes_per_s
        time.sleep(max(0.0, self._link_free_at - now))

    def _take(self, chunk: bytes, arrived_at: float) -> None:
        with self._changed:
            self.bytes_received += len(chunk)
            self.output_tail = (self.output_tail + chunk)[-4096:]
            if self._keeps_output:
                self.output += chunk
            data = self._rest + chunk
            incomplete = _INCOMPLETE.search(data)
            self._rest = data[incomplete.start() :] if incomplete else b""
            data = data[: incomplete.start()] if incomplete else data
            position = 0
            for query in _QUERY.finditer(data):
                self._draw(data[position : query.start()], arrived_at)
                self._answer(query)
                position = query.end()
            self._draw(data[position:], arrived_at)
            watched = self._watched if self._seen_at is None and not self._is_updating else None
            if watched is not None and watched(self):
                self._seen_at = arrived_at
                self._changed.notify_all()

    def _draw(self, data: bytes, arrived_at: float) -> None:
        if not self.decodes or not data:
            return
        # A terminal shows a synchronised update when it is complete.
        begun, ended = data.rfind(_UPDATE_BEGINS), data.rfind(_UPDATE_ENDS)
        if begun >= 0 or ended >= 0:
            self._is_updating = begun > ended
        known = _UNKNOWN_TO_PYTE.sub(b"", data)
        if self.decodes_late and self._watched is None:
            self._undecoded.append((arrived_at, known, self._is_updating))
        else:
            self._stream.feed(known)

    def _answer(self, query: re.Match[bytes]) -> None:
        """As xterm answers; the modes that are asked for are known to be off, or unknown."""
        asked = query.lastgroup
        if asked == "cursor":
            self._catch_up()
            cursor = self._screen.cursor
            column = min(cursor.x, self.columns - 1)
            if self._ambiguous_is_wide:
                line = self._screen.buffer[cursor.y]
                column += sum(east_asian_width(line[x].data[:1] or " ") == "A" for x in range(column))
            answer = b"\x1b[%d;%dR" % (cursor.y + 1, column + 1)
        elif asked == "mode":
            number = query["mode"]
            if number == _SYNCHRONISED_OUTPUT:
                self.frames_received += 1
            answer = b"\x1b[?%s;%d$y" % (number, 2 if number == _SYNCHRONISED_OUTPUT else 0)
        elif asked == "colour":
            answer = b"\x1b]%s;rgb:%s\x1b\\" % (
                query["colour"],
                b"8080/8080/8080" if query["colour"] == b"10" else self._ground,
            )
        else:
            answer = {"health": b"\x1b[0n", "primary": b"\x1b[?62;22c", "secondary": b"\x1b[>41;390;0c"}[
                asked or ""
            ]
        if self._held is not None:
            self._held.append(answer)
            return
        with suppress(OSError):
            os.write(self._master, answer)


class _Screen(pyte.Screen):
    """A pyte screen that is cleared where a terminal would change to its other screen and back."""

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        super().set_mode(*modes, **kwargs)
        self._switch(modes, kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        self._switch(modes, kwargs)

    def _switch(self, modes: tuple[int, ...], kwargs: Mapping[str, Any]) -> None:
        if kwargs.get("private") and _ALTERNATE_SCREEN in modes:
            self.erase_in_display(2)
            self.cursor_position()


def _spawn(
    command: Sequence[str], terminal: str, environment: dict[str, str], cwd: Path | None
) -> "subprocess.Popen[bytes]":
    environment.setdefault("TERM", "xterm-256color")
    environment.setdefault("LANG", "C.UTF-8")
    # Who leads a session and opens a terminal is controlled by it: resizing and hanging up send signals.
    script = 'terminal=$1; shift; exec "$@" <"$terminal" >"$terminal" 2>&1'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", terminal, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
        cwd=cwd,
    )


def _sized_by_terminal(environment: Mapping[str, str] | None) -> dict[str, str]:
    """The environment without a size: it would be believed instead of the terminal's own."""
    return {
        name: value for name, value in (environment or os.environ).items() if name not in ("COLUMNS", "LINES")
    }


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
