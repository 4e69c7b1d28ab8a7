"""What the picker offers: presets, files of the present folder and runs, and what of them fits a search."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, Literal, final

from tui_dl.runs.listing import RunSummary
from tui_dl.spec.preset import PresetSummary
from tui_dl.ui.fuzzy import best, queries_for
from tui_dl.ui.ink import Line
from tui_dl.ui.keys.keymap import Keymap
from tui_dl.ui.panels.list_panel import ListRow
from tui_dl.ui.screens.picker_lines import preset_preview, preset_row, run_preview, run_row

ListName = Literal["presets", "runs"]


@final
class PickerChoices:
    """All that can be chosen; a search narrows what is listed, nothing else."""

    def __init__(self) -> None:
        self.presets: dict[str, PresetSummary] = {}
        """By name."""
        self.own: dict[str, PresetSummary] = {}
        """Files of the present folder, by path."""
        self.runs: dict[str, RunSummary] = {}

    def take_own(self, files: Iterable[PresetSummary]) -> bool:
        """Know these files; tells whether anything changed."""
        before, self.own = self.own, {one.path: one for one in files}
        return self.own != before

    def take_runs(self, runs: Iterable[RunSummary]) -> bool:
        """Know these runs; tells whether anything changed, their order included."""
        before, self.runs = self.runs, {one.id: one for one in runs}
        return list(self.runs.values()) != list(before.values())

    def preset(self, row_id: str) -> PresetSummary | None:
        """The preset or file of a row."""
        return self.presets.get(row_id) or self.own.get(row_id)

    def preset_rows(self, search: str) -> list[ListRow]:
        """Rows of the presets that fit, then of the files."""
        queries = queries_for(search)
        presets = [one for one in self.presets.values() if _fits(queries, one.name, one.title)]
        own = [one for one in self.own.values() if _fits(queries, one.name, one.title)]
        rows = [ListRow(one.name, partial(preset_row, one), 2) for one in presets]
        if own:
            rows.append(ListRow("#own", _own_heading, 1, is_heading=True))
            rows += [ListRow(one.path, partial(preset_row, one), 2) for one in own]
        return rows

    def run_rows(self, search: str, now: datetime) -> list[ListRow]:
        """Rows of the runs that fit."""
        queries = queries_for(search)
        runs = [one for one in self.runs.values() if _fits(queries, one.id, one.preset, one.state)]
        return [ListRow(one.id, partial(_run_row, one, now), 2) for one in runs]

    def preview(self, shown: ListName, chosen: str, width: int, language: str, now: datetime) -> list[Line]:
        """What to say of the chosen row; nothing without one."""
        if shown == "runs":
            run = self.runs.get(chosen)
            return [] if run is None else run_preview(run, width, now)
        preset = self.preset(chosen)
        return [] if preset is None else preset_preview(preset, width, language)

    def foot(self, shown: ListName, chosen: str, keymap: Keymap) -> Line:
        """The keys that do something with the chosen row, and those of the program."""
        run = self.runs.get(chosen) if shown == "runs" else None
        keys = {"Enter": ("start" if run is None else "return" if run.alive else "go on", "open")}
        if run is not None and not run.alive:
            keys["Del"] = ("delete", "delete")
        if self.runs:
            keys["Tab"] = ("runs" if shown == "presets" else "presets", "switch")
        keys[keymap.shown("palette")] = ("find", "palette")
        keys[keymap.shown("settings")] = ("settings", "settings")
        keys[keymap.shown("leave")] = ("leave", "leave")
        line: list[Any] = []
        for key, (label, action) in keys.items():
            line += [(f" {key} ", "key", f"screen.{action}"), (f"{label} ", "dim", f"screen.{action}")]
        return line


def _fits(queries: tuple[str, ...], name: str, *texts: str) -> bool:
    return any(best(queries, text, scattered=text is name) for text in (name, *texts))


def _own_heading(_width: int, _chosen: bool) -> list[Line]:
    return [[("In this folder", "title")]]


def _run_row(run: RunSummary, now: datetime, width: int, chosen: bool) -> list[Line]:
    return run_row(run, width, chosen, now)
