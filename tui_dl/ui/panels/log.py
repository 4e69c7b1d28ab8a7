"""The log: what happened to the run and what its engine wrote, the newest at the end, as `tail -f` has it."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final

from rich.cells import chop_cells

from tui_dl.runs.engine_log import EngineLog, LogLine
from tui_dl.runs.folder import RunFolder
from tui_dl.ui.ink import Line, Part, cells, spread, wrapped
from tui_dl.ui.log_entries import FILTERS, AnyEntry, LogEntries, Place
from tui_dl.ui.numerals import count
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import LogEntry, RunModel, Topic

_STYLES: Final = {"info": "", "good": "good", "warning": "warn", "error": "bad"}
_MARKS: Final = {"info": " ", "good": "+", "warning": "!", "error": "✗"}
_NARROW: Final = 64
"""Below this width an entry's words stand under its head."""


class LogPanel(LinePanel):
    """Follows the end until it is scrolled; then it stays where it is while more comes in below.

    Only what is visible is wrapped: a screenful costs the same after ten entries and after ten thousand.
    """

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("events", "link"))

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self.entries = LogEntries(model)
        self._bottom: Place | None = None
        """None follows the end."""

    @property
    def is_following(self) -> bool:
        """Whether what comes next will be in sight."""
        return self._bottom is None

    # -- what is in it ---------------------------------------------------------------------------------

    def has_news(self) -> bool:
        """Whether the engine has written something that is not here yet."""
        engine = self._engine()
        return engine is not None and engine.has_news()

    def renew(self) -> int:
        """Read what the engine has written since, and paint what differs."""
        engine = self._engine()
        if engine is not None:
            engine.read()
        return self.repaint()

    def _engine(self) -> EngineLog | None:
        """The engine's log, where it lies on this machine."""
        if not self.model.path:
            return None
        path = RunFolder(Path(self.model.path)).log_path
        if self.entries.engine is None or self.entries.engine.path != path:
            self.entries.engine = EngineLog(path)
        return self.entries.engine

    def show_filter(self, by: int = 1, name: str = "") -> None:
        """Another kind of entries: the one named, or so many further on."""
        names = list(FILTERS)
        self.entries.filter = name or names[(names.index(self.entries.filter) + by) % len(names)]
        self._bottom = None
        self.repaint()

    # -- moving in it ----------------------------------------------------------------------------------

    def move_lines(self, lines: int) -> None:
        """Towards the oldest or the newest; at the end it follows again."""
        shown = self.entries.shown()
        width = self.content_size.width
        if shown and width > 0:
            self._go(shown, _moved(shown, *self._place(shown, width), lines, width), width)

    def _go(self, shown: Sequence[AnyEntry], place: tuple[int, int], width: int) -> None:
        index, used = _with_rows_above(shown, *place, self.content_size.height - 1, width)
        is_end = index == len(shown) - 1 and used >= len(_lines(shown[-1], width))
        self._bottom = None if is_end else Place(shown[index], used)
        self.repaint()

    def jump(self, by: int) -> None:
        """To the oldest (by < 0), or to the end, which is followed from then on."""
        shown = self.entries.shown()
        width = self.content_size.width
        if by < 0 and shown and width > 0:
            self._go(shown, (0, 1), width)
        else:
            self._bottom = None
            self.repaint()

    def _place(self, shown: Sequence[AnyEntry], width: int) -> tuple[int, int]:
        if self._bottom is None:
            return len(shown) - 1, len(_lines(shown[-1], width))
        index = self.entries.index_of(self._bottom.entry)
        return index, max(min(self._bottom.lines, len(_lines(shown[index], width))), 1)

    # -- how it looks ----------------------------------------------------------------------------------

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A line of filters and, below it, as many lines as fit, up to the present place."""
        shown = self.entries.shown()
        rows = max(height - 1, 0)
        lines: list[Line] = []
        if shown and rows:
            index, used = self._place(shown, width)
            index, used = _with_rows_above(shown, index, used, rows, width)
            lines = list(_lines(shown[index], width)[:used])
            while index and len(lines) < rows:
                index -= 1
                lines[:0] = _lines(shown[index], width)
            lines = lines[-rows:]
        if not shown:
            lines = [(), *([(f"  {text}", "dim")] for text in wrapped(self._nothing(), max(width - 4, 10)))]
        return [self._head(width, len(shown)), *lines]

    def _head(self, width: int, shown: int) -> Line:
        present = self.entries.filter
        left: list[Part] = []
        for name in FILTERS:
            style = "chosen" if name == present else "dim"
            left.append((f" {name} ", style, f"screen.filter_log('{name}')"))
        total = self.entries.total
        number = count(shown) if shown == total else f"{count(shown)} of {count(total)}"
        follow: Part = ("following", "good")
        if not self.is_following:
            follow = ("End follows", "warn", "screen.jump_view(1)")
        for right in (
            [
                (f"{self.keymap.shown('filter_log')} ", "key"),
                ("filters  ", "dim"),
                (f"{number}  ", "dim"),
                follow,
                " ",
            ],
            [follow, " "],
        ):
            if cells(left) + cells(right) < width:
                return spread(left, right, width)
        return left

    def _nothing(self) -> str:
        engine = self.entries.engine
        if self.entries.filter == "engine":
            if engine is None or not engine.is_there:
                return "The engine's output is not on this machine."
            return (
                "The engine has written nothing: that is how it should be. Warnings and crashes appear here."
            )
        if self.entries.filter != "all":
            return f"Nothing of this kind yet ({count(self.entries.total)} other entries)."
        return (
            "Changes, undos, scenes, notices and the engine's own words appear here, the newest at the end."
        )


def _moved(shown: Sequence[AnyEntry], index: int, used: int, lines: int, width: int) -> tuple[int, int]:
    """The place so many lines on, as far as there are any."""
    used += lines
    while used < 1 and index > 0:
        index -= 1
        used += len(_lines(shown[index], width))
    while index < len(shown) - 1 and used > len(_lines(shown[index], width)):
        used -= len(_lines(shown[index], width))
        index += 1
    return index, max(min(used, len(_lines(shown[index], width))), 1)


def _with_rows_above(
    shown: Sequence[AnyEntry], index: int, used: int, rows: int, width: int
) -> tuple[int, int]:
    """The same place, or the lowest one of the first screenful if that lies further down."""
    before = used
    for above in range(index - 1, -1, -1):
        if before >= rows:
            break
        before += len(_lines(shown[above], width))
    return _moved(shown, index, used, rows - before, width) if before < rows else (index, used)


@lru_cache(maxsize=1024)
def _lines(entry: AnyEntry, width: int) -> tuple[Line, ...]:
    """An entry with its time, step and kind; long ones wrap."""
    step, level = ("", "info") if isinstance(entry, LogLine) else (count(entry.step), entry.level)
    kind = "engine" if isinstance(entry, LogLine) else entry.kind
    is_timed = isinstance(entry, LogEntry) or entry.is_live
    clock = datetime.fromtimestamp(entry.time_s).astimezone().strftime("%H:%M:%S") if is_timed else " " * 8
    style, mark = _STYLES[level], _MARKS[level]
    lines: list[Line] = []
    if width < _NARROW:
        lines.append([(f" {clock} {f'step {step}' if step else ''} {kind}", "dim")])
        lines += [[f" {mark} ", (text, style)] for text in _body(entry, max(width - 4, 8))]
        return tuple(lines)
    head = f" {clock} {step:>9} {kind[:11]:<11} {mark} "
    body = _body(entry, max(width - len(head), 16))
    lines.append([(head, "dim" if level == "info" else style), (body[0], style)])
    lines += [[" " * len(head), (text, style)] for text in body[1:]]
    return tuple(lines)


def _body(entry: AnyEntry, width: int) -> list[str]:
    if isinstance(entry, LogLine):
        # A traceback lives by its indentation.
        return chop_cells(entry.text, width) or [""]
    return wrapped(entry.text, width) or [""]
