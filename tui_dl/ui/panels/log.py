"""The log: changes with their receipts, notices, scenes; and the engine's own words where it failed."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import LogEntry, Topic

_STYLES: Final = {"info": "", "good": "good", "warning": "warn", "error": "bad"}
_TAIL_BYTES: Final = 16 * 1024


class LogPanel(LinePanel):
    """Newest first, so that what has just happened needs no scrolling."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("events",))

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Each entry with its time and step; long ones wrap."""
        if not self.model.events:
            return [(), [("  Changes, undos, scenes and notices appear here, the newest first.", "dim")]]
        lines: list[Line] = []
        for entry in reversed(self.model.events):
            lines += _entry(entry, width)
            if len(lines) > 2000:
                break
        return lines


def _entry(entry: LogEntry, width: int) -> list[Line]:
    clock = datetime.fromtimestamp(entry.time_s).astimezone().strftime("%H:%M:%S")
    head = f" {clock} {entry.step:>9,}  {entry.kind:<11} "
    body = wrapped(entry.text, max(width - len(head), 16)) or [""]
    lines: list[Line] = [[(head, "dim"), (body[0], _STYLES[entry.level])]]
    lines += [[" " * len(head), (text, _STYLES[entry.level])] for text in body[1:]]
    return lines


def log_tail(folder: str | Path | None, lines: int) -> list[str]:
    """The last lines of an engine's log; empty if there is none."""
    if not folder:
        return []
    try:
        with (Path(folder) / "engine.log").open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]
