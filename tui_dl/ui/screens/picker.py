"""The preset picker: titles and summaries, a preview of the chosen one, live and recent runs beside."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui_dl.errors import TuiDlError
from tui_dl.runs.listing import RunSummary, list_runs
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import PresetSummary, list_presets, load_preset
from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.numerals import bytes_held, count
from tui_dl.ui.panels.control import rows_of
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DialogLines

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp

MOST_RUNS = 30
DEFAULT_PRESET = "digits-mlp"


class PickerScreen(Screen[None]):
    """Enter starts a preset, or returns to a run; a run that has ended goes on from its checkpoint."""

    CSS = """
    PickerScreen {
        & #head { height: 2; background: $panel; }
        & #foot { height: 1; dock: bottom; background: $panel; }
        & Horizontal { height: 1fr; }
        & #lists { width: 46%; min-width: 30; }
        & OptionList, & #preview { border-title-color: $primary; border-title-style: bold; }
        & OptionList { height: 1fr; border: round $border-blurred; background: transparent; padding: 0 1; }
        & OptionList:focus { border: round $accent; }
        & #runs { height: 40%; }
        & #preview { width: 1fr; height: 1fr; border: round $border-blurred; padding: 0 1; }
    }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding(with_jamo("q,escape,ctrl+c"), "leave", show=False),
        Binding("tab,shift+tab", "switch", show=False, priority=True),
        Binding(with_jamo("j"), "move(1)", show=False),
        Binding(with_jamo("k"), "move(-1)", show=False),
        Binding("f5", "reload", show=False),
        Binding(with_jamo("t"), "app.next_theme", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._presets: dict[str, PresetSummary] = {}
        self._runs: dict[str, RunSummary] = {}

    @property
    def program(self) -> "TuiDlApp":
        """The app."""
        return cast("TuiDlApp", self.app)

    def compose(self) -> ComposeResult:
        """Two lists on the left, the preview on the right."""
        head: list[Line] = [
            [(" tui-dl ", "chosen"), (" Train a network live: look inside, change your mind.", "bold")],
            [("  Choose an experiment.", "dim")],
        ]
        yield DialogLines(head, id="head")
        with Horizontal():
            with Vertical(id="lists"):
                presets, runs = OptionList(id="presets"), OptionList(id="runs")
                presets.border_title, runs.border_title = "Presets", "Runs"
                yield presets
                yield runs
            preview = Vertical(DialogLines([], id="preview-lines"), id="preview")
            preview.border_title = "What it is"
            yield preview
        keys = {
            "Enter": "start or return",
            "Tab": "presets / runs",
            "F5": "look again",
            "t": "theme",
            "q": "leave",
        }
        line: Line = [
            part for key, label in keys.items() for part in ((f" {key} ", "key"), (f"{label} ", "dim"))
        ]
        yield DialogLines([line], id="foot")

    def on_mount(self) -> None:
        self.action_reload()
        self.query_one("#presets").focus()

    def on_screen_resume(self) -> None:
        self._show_preview()

    def on_resize(self) -> None:
        self.query_one("#preview").display = self.app.size.width >= 70
        self.call_after_refresh(self._show_preview)

    def action_reload(self) -> None:
        self._presets = {one.name: one for one in list_presets()}
        presets = self.query_one("#presets", OptionList)
        presets.clear_options()
        presets.add_options(
            [Option(_two_lines(one.title, one.name), id=name) for name, one in self._presets.items()]
        )
        if DEFAULT_PRESET in self._presets:
            presets.highlighted = list(self._presets).index(DEFAULT_PRESET)
        self._runs = {one.id: one for one in list_runs()[:MOST_RUNS]}
        runs = self.query_one("#runs", OptionList)
        runs.clear_options()
        runs.add_options([Option(_run_line(one), id=run_id) for run_id, one in self._runs.items()])
        runs.display = bool(self._runs)
        runs.highlighted = 0 if self._runs else None

    def action_switch(self) -> None:
        other = "#runs" if self.query_one("#presets").has_focus and self._runs else "#presets"
        self.query_one(other).focus()

    def on_descendant_focus(self) -> None:
        self._show_preview()

    def action_move(self, by: int) -> None:
        if isinstance(self.focused, OptionList):
            (self.focused.action_cursor_down if by > 0 else self.focused.action_cursor_up)()

    def action_leave(self) -> None:
        self.program.action_leave()

    @on(OptionList.OptionHighlighted)
    def preview(self) -> None:
        """Show what is under the cursor."""
        self._show_preview()

    @on(OptionList.OptionSelected, "#presets")
    def begin(self, event: OptionList.OptionSelected) -> None:
        """Start the preset."""
        name = str(event.option_id)
        try:
            experiment = load_preset(name)
        except TuiDlError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.program.start(experiment, name)

    @on(OptionList.OptionSelected, "#runs")
    def come_back(self, event: OptionList.OptionSelected) -> None:
        """Attach to a live run, resume an ended one."""
        run = self._runs[str(event.option_id)]
        if run.alive:
            self.program.attach(run.id)
        else:
            self.program.resume(run.id)

    def _show_preview(self) -> None:
        lines = self.query_one("#preview-lines", DialogLines)
        width = max(self.query_one("#preview").content_size.width, 20)
        on_runs = self.query_one("#runs").has_focus
        chosen = self.query_one("#runs" if on_runs else "#presets", OptionList).highlighted_option
        if chosen is None or chosen.id is None:
            lines.show([])
        elif on_runs:
            lines.show(_run_preview(self._runs[chosen.id], width))
        else:
            lines.show(_preset_preview(self._presets[chosen.id], width))


def _two_lines(title: str, name: str) -> str:
    return f"{_plain(title)}\n[dim]{_plain(name)}[/dim]"


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _run_line(run: RunSummary) -> str:
    mark = "●" if run.alive else "○"
    head = f"{mark} {_plain(run.preset or run.id)}  {run.state}  step {count(run.step)}"
    return f"{head}\n[dim]  {_plain(run.id)}[/dim]"


def _run_preview(run: RunSummary, width: int) -> list[Line]:
    rows = {
        "run": run.id,
        "preset": run.preset or "–",
        "state": run.state,
        "step": count(run.step),
        "started": run.started,
        "size": bytes_held(run.size_bytes),
    }
    lines: list[Line] = [[(f"{name:<10}", "dim"), (text, "bold")] for name, text in rows.items()]
    lines += [[(line, "dim")] for line in wrapped(run.path, width)]
    if run.problem:
        lines += [[(line, "bad")] for line in wrapped(run.problem, width)]
    hint = "Enter returns to it." if run.alive else "Enter goes on from its last checkpoint."
    return [*lines, (), [(hint, "good")]]


def _preset_preview(preset: PresetSummary, width: int) -> list[Line]:
    lines: list[Line] = [[(line, "title")] for line in wrapped(preset.title, width)]
    lines += [[line] for line in wrapped(preset.summary, width)]
    try:
        experiment = load_preset(preset.name)
    except TuiDlError as error:
        return [*lines, (), *([(line, "bad")] for line in wrapped(str(error), width))]
    lines.append(())
    lines += [
        [(f"{row.label.upper():<15}" if row.head else f"  {row.label:<13}", "title" if row.head else "dim"),
         (row.value, "bold" if row.head or row.differs else "")]
        for row in rows_of(RunModel(experiment=experiment))
    ]  # fmt: skip
    return [*lines, (), *_course(experiment, width)]


def _course(experiment: Experiment, width: int) -> list[Line]:
    lines: list[Line] = []
    for place, scene in enumerate(experiment.scenes, start=1):
        head = f"scene {place}, step {scene.at_step}: "
        texts = wrapped(head + scene.note, width)
        lines += [[(text, "dim")] for text in texts]
    return lines
