"""What the palette offers: actions with their keys, components, presets, runs, settings."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from tui_dl.errors import TuiDlError
from tui_dl.runs.listing import RunSummary
from tui_dl.spec.preset import PresetSummary, list_presets, load_preset
from tui_dl.ui.numerals import count
from tui_dl.ui.proposal import TITLES, names_for, present_at, summary_of
from tui_dl.ui.screens.palette import Command
from tui_dl.ui.settings_fields import choices_for, setting_fields, text_of

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.screens.run import RunScreen

Leave = Callable[[Callable[[], None]], object]
"""Leaves what is shown now, if that is wanted, and then does something."""

_MOST_RUNS: Final = 500
_NOT_FOUND_HERE: Final = frozenset({"palette"})


def action_commands(screen: "RunScreen") -> Iterator[Command]:
    """Every entry of the table of keys; of those with one action the one that applies now."""
    model, view, keymap = screen.model, screen.view, screen.program.keymap
    able = {entry.action: entry for entry in reversed(tuple(keymap.available(model, view)))}
    seen: set[str] = set()
    for entry in keymap.entries:
        if entry.action in seen or entry.id in _NOT_FOUND_HERE:
            continue
        seen.add(entry.action)
        entry = able.get(entry.action, entry)
        yield Command(
            kind=entry.group.lower(),
            label=entry.label,
            run=partial(screen.run_action, entry.action),
            help=entry.tooltip,
            key=entry.shown,
            is_possible=entry.action in able,
        )


def component_commands(screen: "RunScreen") -> Iterator[Command]:
    """Every component at every place where it may stand; it opens the form with that one chosen."""
    experiment = screen.model.experiment
    if experiment is None:
        return
    for place, title in TITLES.items():
        head, _, inner = place.partition(".")
        if inner and not hasattr(getattr(experiment, head), inner):
            continue
        present = present_at(experiment, place)
        standing = (
            {one.name for one in present} if isinstance(present, tuple) else {getattr(present, "name", "")}
        )
        for name in names_for(place):
            there = "  (runs now)" if name in standing else ""
            yield Command(
                kind="component",
                label=f"{title.partition(' ')[0].lower()}: {name}{there}",
                run=partial(screen.flows.change, place, component=name),
                help=summary_of(place, name),
                at_once=False,
            )


def preset_commands(app: "TuiDlApp", leave: Leave) -> Iterator[Command]:
    """Every preset; this run is left properly first."""
    if app.openings is None:
        return
    for preset in _presets():

        def begin(name: str = preset.name) -> None:
            try:
                experiment = load_preset(name)
            except TuiDlError as error:
                app.notify(str(error), severity="error", markup=False)
                return
            leave(lambda: app.start(experiment, name))

        yield Command("preset", f"{preset.name}", begin, preset.title, at_once=False)


@cache
def _presets() -> tuple[PresetSummary, ...]:
    """Those that are shipped: they don't change while the program runs, and reading them takes a while."""
    return list_presets()


def run_commands(
    app: "TuiDlApp", leave: Leave, runs: Iterable[RunSummary], present: str
) -> Iterator[Command]:
    """Live and recent runs, but for the one that is shown."""
    if app.openings is None:
        return
    for run in list(runs)[:_MOST_RUNS]:
        if run.id == present:
            continue
        way = app.attach if run.alive else app.resume
        verb = "return to it" if run.alive else "go on from its last checkpoint"
        yield Command(
            kind="live run" if run.alive else "run",
            label=run.id,
            run=partial(leave, partial(way, run.id)),
            help=f"{run.state} at step {count(run.step)}: {verb}",
            at_once=run.alive,
        )


def setting_commands(app: "TuiDlApp") -> Iterator[Command]:
    """Every value of every setting that has only some."""
    for field in setting_fields():
        present = text_of(getattr(app.settings, field.name))
        for choice in choices_for(app, field):
            mark = "  (now)" if choice == present else ""
            yield Command(
                kind="setting",
                label=f"{field.label}: {choice}{mark}",
                run=partial(app.change_settings, **{field.name: field.value_of(choice)}),
                help=field.help,
                at_once=False,
            )
