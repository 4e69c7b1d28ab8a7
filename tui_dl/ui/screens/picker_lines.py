"""What the picker says of presets and runs: a row in the list, and the preview beside it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from tui_dl.errors import TuiDlError
from tui_dl.runs.listing import RunSummary
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import PresetSummary, load_preset
from tui_dl.spec.translate import words_of
from tui_dl.ui.ink import Line, Part, cells, fitted, spread, wrapped
from tui_dl.ui.numerals import bytes_held, count
from tui_dl.ui.panels.control import rows_of
from tui_dl.ui.run_model import RunModel

_STATES: Final = {
    "running": ("▶", "good"),
    "paused": ("‖", "warn"),
    "starting": ("◌", "info"),
    "finished": ("■", "dim"),
    "failed": ("✗", "bad"),
    "dead": ("○", "dim"),
}
_FACT_CELLS: Final = 10


def preset_row(preset: PresetSummary, width: int, chosen: bool) -> list[Line]:
    """Title and name."""
    mark: Part = ("▸ " if chosen else "  ", "key")
    title = fitted(preset.title, width - 2)
    is_broken = preset.summary.startswith("broken: ")
    below: list[Part] = ["  ", (preset.name, "dim")]
    if is_broken:
        below += ["  ", ("✗ has a mistake", "bad")]
    return [[mark, (title, "bold" if chosen else "")], below]


def run_row(run: RunSummary, width: int, chosen: bool, now: datetime) -> list[Line]:
    """State, preset and step; below when it began and its name."""
    sign, style = _STATES.get(run.state, ("○", "dim"))
    left: list[Part] = [("▸ " if chosen else "  ", "key"), (f"{sign} ", style)]
    right: list[Part] = [
        (run.state, style if run.alive else "dim"),
        " ",
        (count(run.step), "bold" if run.alive else ""),
    ]
    if run.problem:
        right = [("unreadable", "bad")]
    room = width - cells(left) - cells(right) - 1
    left.append((fitted(run.preset or run.id, room), "bold" if chosen or run.alive else ""))
    when = ago(run.started, now)
    return [spread(left, right, width), [(f"    {when:<11}", "dim"), (run.id, "dim")]]


def ago(started: str, now: datetime) -> str:
    """How long a moment in ISO 8601 is past, in a word or two; empty if it is none."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    passed_s = max((now - moment).total_seconds(), 0.0)
    for unit_s, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if passed_s >= unit_s:
            return f"{int(passed_s // unit_s)} {name} ago"
    return "just now"


def preset_preview(preset: PresetSummary, width: int, language: str) -> list[Line]:
    """Title, summary, ingredients and scenes; what is wrong if it can't be loaded."""
    lines: list[Line] = [[(line, "title")] for line in wrapped(preset.title, width)]
    if not preset.summary.startswith("broken: "):
        lines += [[line] for line in wrapped(preset.summary, width)]
    experiment = experiment_of(preset.path)
    if isinstance(experiment, str):
        return [*lines, (), *([(line, "bad")] for line in wrapped(experiment, width))]
    return [*lines, (), *_ingredients(experiment), *_course(experiment, width, language)]


def experiment_of(path: str) -> Experiment | str:
    """The experiment of a file, or what is wrong with it; read again only when the file has changed."""
    try:
        changed_ns = Path(path).stat().st_mtime_ns
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return _loaded(path, changed_ns)


@lru_cache(maxsize=64)
def _loaded(path: str, _changed_ns: int) -> Experiment | str:
    try:
        return load_preset(Path(path))
    except TuiDlError as error:
        return str(error)


def run_preview(run: RunSummary, width: int, now: datetime) -> list[Line]:
    """The run's facts, what it trains, and what Enter does."""
    sign, style = _STATES.get(run.state, ("○", "dim"))
    facts: list[tuple[str, str, str]] = [
        ("state", f"{sign} {run.state}", style),
        ("step", count(run.step), "bold"),
        ("started", f"{run.started.replace('T', ' ').removesuffix('+00:00')}  {ago(run.started, now)}", ""),
        ("preset", run.preset or "–", ""),
        ("size", bytes_held(run.size_bytes), ""),
    ]
    if run.alive:
        facts.append(("process", str(run.pid), ""))
    lines: list[Line] = [[(line, "title")] for line in wrapped(run.id, width)]
    lines += [[(f"{name:<{_FACT_CELLS}}", "dim"), (text, words)] for name, text, words in facts]
    lines += [[(line, "dim")] for line in wrapped(run.path, width)]
    if run.problem:
        lines += [(), *([(line, "bad")] for line in wrapped(run.problem, width))]
    lines += [(), *([(line, "good")] for line in wrapped(_offer(run), width))]
    experiment = experiment_of(str(Path(run.path) / "experiment.toml"))
    if isinstance(experiment, Experiment):
        lines += [(), *_ingredients(experiment)]
    return lines


def _offer(run: RunSummary) -> str:
    if run.alive:
        return "Enter returns to it."
    return f"Enter goes on from its last checkpoint; Del deletes it. Its numbers: tui-dl report {run.id}"


def _ingredients(experiment: Experiment) -> Sequence[Line]:
    return [
        [(f"{row.label.upper():<15}" if row.head else f"  {row.label:<13}", "title" if row.head else "dim"),
         (row.value, "bold" if row.head or row.differs else "")]
        for row in rows_of(RunModel(experiment=experiment))
    ]  # fmt: skip


def _course(experiment: Experiment, width: int, language: str) -> list[Line]:
    lines: list[Line] = [()] if experiment.scenes else []
    notes = words_of(experiment, language).scenes
    for place, (scene, note) in enumerate(zip(experiment.scenes, notes, strict=True), start=1):
        head = f"scene {place}, step {scene.at_step}  "
        first, *rest = wrapped(head + note, width)
        lines.append([(first[: len(head)], "dim"), first[len(head) :]])
        lines += [[text] for text in rest]
    return lines
