"""The control panel: the ingredients and the regularizers with their present values; Enter changes one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import msgspec
from textual.binding import Binding
from textual.message import Message

from tui_dl.spec.component import Component
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import default_of, fields_of
from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.numerals import count, rate
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel, Topic

_LABEL_WIDTH = 14
_INGREDIENTS = ("data", "model", "loss", "optimizer", "schedule")


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line: `path` is what Enter opens, None for a line that says something only."""

    label: str
    value: str
    path: str | None = None
    head: bool = False
    differs: bool = False
    """Whether the value is not the component's default."""


class ControlPanel(LinePanel, can_focus=True):
    """Data, model, loss, optimizer, schedule, regularizers and run, in this order."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("experiment", "status"))
    BINDINGS: ClassVar[list[Any]] = [
        Binding(with_jamo("up,k"), "move(-1)", show=False),
        Binding(with_jamo("down,j"), "move(1)", show=False),
        Binding("home", "move(-1000)", show=False),
        Binding("end", "move(1000)", show=False),
        Binding("enter", "open", show=False),
        Binding("escape", "release", show=False),
    ]

    class Chosen(Message):
        """A row was opened."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Released(Message):
        """The panel gives the keys back."""

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self._cursor = 0

    def build(self, width: int, height: int) -> Sequence[Line]:
        """All rows; with focus the chosen one is marked and kept in sight."""
        rows = list(rows_of(self.model))
        openable = [index for index, row in enumerate(rows) if row.path is not None]
        chosen = openable[min(self._cursor, len(openable) - 1)] if openable and self.has_focus else -1
        if chosen >= 0:
            self._top = max(min(self._top, chosen), chosen - height + 1)
        return [self._line(row, index == chosen, width) for index, row in enumerate(rows)]

    def _line(self, row: Row, chosen: bool, width: int) -> Line:
        mark = "▌" if chosen else " "
        click = "" if row.path is None else f"screen.change('{row.path}')"
        if row.head:
            label, room = row.label.upper(), width - _LABEL_WIDTH - 4
            style = "chosen" if chosen else "bold"
            parts: list[Part] = [(mark, "key"), (fitted(label, _LABEL_WIDTH), "title"), " "]
        else:
            label, room = row.label, width - _LABEL_WIDTH - 4
            style = "chosen" if chosen else "bold" if row.differs else ""
            parts = [(mark, "key"), "  ", (fitted(label, _LABEL_WIDTH - 2), "dim"), " "]
        value = fitted(row.value, room)
        parts.append((value, style, click) if click else (value, style))
        key = (
            self.keymap.shown_for(f"change('{row.path}')")
            if row.head or row.path == "model.activation"
            else ""
        )
        return [*parts, (f" {key}", "key")]

    def action_move(self, by: int) -> None:
        openable = sum(row.path is not None for row in rows_of(self.model))
        self._cursor = max(min(self._cursor + by, openable - 1), 0)
        self.repaint()

    def action_open(self) -> None:
        openable = [row.path for row in rows_of(self.model) if row.path is not None]
        if openable:
            path = openable[min(self._cursor, len(openable) - 1)]
            assert path is not None
            self.post_message(self.Chosen(path))

    def action_release(self) -> None:
        self.post_message(self.Released())

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()


def rows_of(model: RunModel) -> Iterator[Row]:
    """The rows for the present experiment."""
    experiment = model.experiment
    if experiment is None:
        yield Row("experiment", "not known yet")
        return
    for name in _INGREDIENTS:
        yield from _component_rows(name, getattr(experiment, name), name)
        if name == "model" and model.described is not None:
            yield Row("parameters", count(model.described.parameters))
        if name == "data" and model.described is not None:
            described = model.described
            yield Row(
                "train / val", f"{count(described.train_samples)} / {count(described.validation_samples)}"
            )
    yield from _regularizer_rows(experiment)
    yield Row("run", _seconds_or_batches(experiment), "training", head=True)
    yield Row("epochs", count(model.status.epochs or experiment.training.epochs), "training")
    yield Row("seed", str(experiment.seed))


def _component_rows(label: str, component: Component, path: str) -> Iterator[Row]:
    yield Row(label, component.name, path, head=True)
    for name, field in fields_of(type(component)).items():
        value = getattr(component, field.name)
        default = default_of(field)
        if isinstance(value, Component):
            yield Row(name, brief_component(value), f"{path}.{name}", differs=value != default)
        elif value != default or name in {"lr", "hidden"}:
            yield Row(name, worded(value), path, differs=value != default)


def _regularizer_rows(experiment: Experiment) -> Iterator[Row]:
    there = len(experiment.regularizers)
    yield Row("regularizers", "none" if not there else str(there), "regularizers", head=True)
    for component in experiment.regularizers:
        values = " ".join(worded(getattr(component, name)) for name in component.__struct_fields__)
        yield Row(component.name, values, "regularizers", differs=True)


def _seconds_or_batches(experiment: Experiment) -> str:
    return f"batch {count(experiment.training.batch_size)}"


def brief_component(component: Component) -> str:
    """A component's name, and those of its fields that are not at their defaults."""
    values = [
        f"{name}={worded(getattr(component, field.name))}"
        for name, field in fields_of(type(component)).items()
        if getattr(component, field.name) != default_of(field)
    ]
    return " ".join([component.name, *values])


def worded(value: Any) -> str:
    """A field's value as a person would write it."""
    if isinstance(value, Component):
        return brief_component(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return rate(value)
    if isinstance(value, tuple):
        return _run_lengths(value) or "none"
    return "none" if value is None or value is msgspec.NODEFAULT else str(value)


def _run_lengths(values: tuple[Any, ...]) -> str:
    """64 64 64 as 3×64: eight equal layers fit a narrow panel."""
    words: list[str] = []
    start = 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[start]:
            word = worded(values[start])
            words.append(word if end - start == 1 else f"{end - start}×{word}")
            start = end
    return " ".join(words)
