"""The preset picker: presets and own files, live and recent runs beside them, a preview of what is chosen."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from tui_dl.errors import TuiDlError, UsageError
from tui_dl.runs.folder import RunFolder
from tui_dl.runs.listing import RunSummary, delete_run
from tui_dl.spec.preset import PresetSummary, list_presets, load_preset
from tui_dl.ui.ink import Line
from tui_dl.ui.own_files import own_files
from tui_dl.ui.panels.list_panel import ListPanel
from tui_dl.ui.screens.dialog import Choice, Dialog, DialogLines
from tui_dl.ui.screens.picker_choices import ListName, PickerChoices
from tui_dl.ui.screens.program_actions import ProgramActions

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp

DEFAULT_PRESET: Final = "digits-mlp"
_LOOK_EVERY_S: Final = 1.0
_WIDTHS: Final = [(0, "-narrow"), (70, "-medium"), (190, "-wide")]
_HEIGHTS: Final = [(0, "-low"), (16, "-tall")]
_HEAD: Final[list[Line]] = [
    [(" tui-dl ", "chosen"), (" Train a network live: look inside, change your mind.", "bold")]
]


class PickerScreen(ProgramActions):
    """Enter starts a preset, or returns to a run; a run that has ended goes on from its checkpoint."""

    CSS = """
    PickerScreen {
        & #head { height: 1; background: $panel; }
        & #search, & #search:focus { height: 1; border: none; padding: 0 2; background: transparent; }
        & #foot { height: 1; dock: bottom; background: $panel; }
        & #body { height: 1fr; }
        & #lists { width: 46%; min-width: 30; }
        & ListPanel, & #preview {
            height: 1fr; border: round $border-blurred; padding: 0 1;
            border-title-color: $primary; border-title-style: bold;
        }
        & ListPanel.chosen { border: round $accent; border-title-color: $accent; }
        & #runs { height: 45%; }
        & #preview { width: 1fr; }

        &.-narrow #lists { width: 1fr; }
        &.-narrow ListPanel { display: none; }
        &.-narrow ListPanel.chosen { display: block; height: 1fr; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #preview { width: 1fr; height: 7; }
        &.-narrow.-low #preview { display: none; }
        &.-wide #lists { layout: horizontal; width: 55%; }
        &.-wide #lists ListPanel { height: 1fr; width: 1fr; }
        &.-low #head { display: none; }
    }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", show=False, priority=True),
        Binding("ctrl+c", "leave", show=False, priority=True),
        Binding("tab,shift+tab", "switch", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("enter", "open", show=False, priority=True),
        Binding("shift+up", "scroll(-3)", show=False, priority=True),
        Binding("shift+down", "scroll(3)", show=False, priority=True),
        Binding("delete", "delete", show=False),
        Binding("f5", "reload", show=False),
    ]
    AUTO_FOCUS = "#presets"
    TAKES_PASTE = True
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    class FilesRead(Message):
        """The files of the present folder were looked at."""

        def __init__(self, files: tuple[PresetSummary, ...]) -> None:
            super().__init__()
            self.files = files

    class RunsRead(Message):
        """The runs were looked at again."""

        def __init__(self, runs: list[RunSummary], problem: str = "") -> None:
            super().__init__()
            self.runs = runs
            self.problem = problem

    def __init__(self) -> None:
        super().__init__()
        self._choices = PickerChoices()
        self._shown: ListName = "presets"
        self._is_looking = False
        self._wants_own = False
        """Whether the files of the folder are to be read with the next look."""

    @property
    def program(self) -> "TuiDlApp":
        """The app."""
        return cast("TuiDlApp", self.app)

    def compose(self) -> ComposeResult:
        """Two lists on the left, the preview on the right."""
        yield DialogLines(_HEAD, id="head")
        yield Input(placeholder="type to search", compact=True, select_on_focus=False, id="search")
        with Horizontal(id="body"):
            with Vertical(id="lists"):
                yield ListPanel(id="presets", empty=[[("No preset is called that.", "dim")]])
                yield ListPanel(id="runs", empty=[[("No runs yet.", "dim")]])
            preview = DialogLines([], id="preview")
            preview.border_title = "What it is"
            yield preview
        yield DialogLines([()], id="foot")

    def on_mount(self) -> None:
        self._read_presets()
        self._choices.take_runs(self.program.run_catalogue.known)
        self._switch_to("presets")
        self._renew(keep=False)
        self._list("presets").choose(DEFAULT_PRESET)
        self.action_reload()
        self.set_interval(_LOOK_EVERY_S, self._look)

    def on_screen_resume(self) -> None:
        self._look()
        self._tell()

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell)

    def on_key(self, event: events.Key) -> None:
        """Letters search, but for the keys of the program while nothing is searched."""
        if isinstance(self.focused, Input):
            return
        keymap = self.program.keymap
        for name in ("leave", "palette", "settings"):
            if keymap.is_key_of(name, event.key):
                event.stop()
                getattr(self, f"action_{name}")()
                return
        character = event.character or ""
        if character.isprintable() and character.strip():
            event.stop()
            search = self.query_one(Input)
            search.focus()
            search.value += "" if character == "/" else character
            search.cursor_position = len(search.value)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is searched for."""
        event.stop()
        search = self.query_one(Input)
        search.focus()
        search.value = (event.text.splitlines() or [""])[0][:80]

    @on(Input.Changed)
    def find(self) -> None:
        """Show what fits; where only the other list has some, go there."""
        self._renew(keep=False)
        other = self._other
        if not self._list(self._shown).ids and self._list(other).ids:
            self._switch_to(other)

    @on(ListPanel.Moved)
    def moved(self) -> None:
        """Another one to preview."""
        self._tell()

    def on_descendant_focus(self) -> None:
        if isinstance(self.focused, ListPanel):
            self._switch_to("runs" if self.focused.id == "runs" else "presets")

    @on(ListPanel.Opened)
    def opened(self, event: ListPanel.Opened) -> None:
        """Start the preset; attach to a live run, resume an ended one."""
        if event.panel.id == "presets":
            self._begin(event.row_id)
            return
        run = self._choices.runs.get(event.row_id)
        if run is not None:
            (self.program.attach if run.alive else self.program.resume)(run.id)

    # -- actions ---------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        self.program.action_leave()

    def action_back(self) -> None:
        search = self.query_one(Input)
        if search.value or search.has_focus:
            search.value = ""
            self._list(self._shown).focus()
        else:
            self.action_leave()

    def action_switch(self) -> None:
        other = self._other
        if other == "runs" and not self._choices.runs:
            return
        self._switch_to(other)
        if not isinstance(self.focused, Input):
            self._list(other).focus()

    def action_move(self, by: int) -> None:
        self._list(self._shown).action_move(by)

    def action_open(self) -> None:
        self._list(self._shown).action_open()

    def action_scroll(self, by: int) -> None:
        self.query_one("#preview", DialogLines).move_lines(by)

    def action_reload(self) -> None:
        self._read_presets()
        self._renew()
        # A look may be under way, at the runs alone: the next one, in a second, does it then.
        self._wants_own = True
        self._look()

    def action_delete(self) -> None:
        run = self._choices.runs.get(self._list("runs").chosen)
        if self._shown != "runs" or run is None:
            return
        if run.alive:
            self.notify(f"{run.id} is alive: return to it and stop it first.", markup=False)
            return
        dialog = Dialog(
            "Delete this run?",
            [
                f"{run.id}, {run.state} at step {run.step:,}.",
                "Its history and its checkpoints are gone then.",
            ],
            [Choice("d", "Delete", "delete"), Choice("k", "Keep", "keep")],
            first=1,
        )
        self.app.push_screen(dialog, partial(self._delete, run))

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _other(self) -> ListName:
        return "runs" if self._shown == "presets" else "presets"

    def _list(self, name: str) -> ListPanel:
        return self.query_one(f"#{name}", ListPanel)

    def _switch_to(self, name: ListName) -> None:
        self._shown = name
        for one in ("presets", "runs"):
            self._list(one).set_class(one == name, "chosen")
            self._list(one).show_cursor(shows=one == name)
        self._tell()

    def _renew(self, *, keep: bool = True) -> None:
        """Show both lists, as far as they fit what is searched."""
        search, choices = self.query_one(Input).value, self._choices
        presets = choices.preset_rows(search)
        runs = choices.run_rows(search, datetime.now(UTC))
        self._list("presets").show(presets, keep=keep)
        self._list("runs").show(runs, keep=keep)
        self._list("presets").border_title = f"Presets {sum(not one.is_heading for one in presets)}"
        alive = sum(one.alive for one in choices.runs.values())
        self._list("runs").border_title = f"Runs {len(runs)}" + (f", {alive} live" if alive else "")
        self._tell()

    def _read_presets(self) -> None:
        self._choices.presets = {one.name: one for one in list_presets(self.program.language)}

    def _look(self) -> None:
        """Read the runs again, beside the event loop: a disk may be slow."""
        if self._is_looking or not self.is_current:
            return
        self._is_looking = True
        own, self._wants_own = self._wants_own, False
        self.run_worker(partial(self._read, own), thread=True, group="runs")

    def _read(self, own: bool) -> None:
        try:
            if own:
                self.post_message(self.FilesRead(own_files()))
            for runs in self.program.run_catalogue.refreshed():
                # Not call_from_thread: it waits for a loop that may have ended meanwhile.
                self.post_message(self.RunsRead(runs))
        finally:
            self._is_looking = False

    def on_picker_screen_files_read(self, event: FilesRead) -> None:
        if self._choices.take_own(event.files):
            self._renew()

    def on_picker_screen_runs_read(self, event: RunsRead) -> None:
        if event.problem:
            self.notify(event.problem, severity="error", markup=False, timeout=10)
        if self._choices.take_runs(event.runs):
            self._renew()

    def _begin(self, row_id: str) -> None:
        preset = self._choices.preset(row_id)
        assert preset is not None
        try:
            experiment = load_preset(Path(preset.path))
        except TuiDlError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.program.start(experiment, Path(preset.path).stem)

    def _delete(self, run: RunSummary, answer: str | None) -> None:
        if answer != "delete":
            return

        def work() -> None:
            problem = ""
            try:
                delete_run(RunFolder(Path(run.path)))
            except UsageError as error:
                problem = str(error)
            *_, runs = self.program.run_catalogue.refreshed()
            self.post_message(self.RunsRead(runs, problem))

        self.run_worker(work, thread=True, group="delete")

    def _tell(self) -> None:
        """Preview what is chosen, and say what can be done with it."""
        if not self.is_attached:
            return
        preview = self.query_one("#preview", DialogLines)
        width = max(preview.content_size.width, 20)
        chosen, choices = self._list(self._shown).chosen, self._choices
        preview.show(choices.preview(self._shown, chosen, width, self.program.language, datetime.now(UTC)))
        foot = choices.foot(self._shown, chosen, self.program.keymap)
        self.query_one("#foot", DialogLines).show([foot])
