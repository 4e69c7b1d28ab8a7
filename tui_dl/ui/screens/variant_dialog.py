"""Asks which of the preset's variants should run beside the run, or end."""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from tui_dl.spec.change import for_variant
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Variant
from tui_dl.ui.ink import Line
from tui_dl.ui.screens.dialog import Choice, Dialog
from tui_dl.ui.variants import MOST, free_names

AS_STARTED: Final = "nothing by hand"
_KEYS: Final = "12345678"
_HOW: Final = (
    "Each runs in an engine of its own, from the same data and seed, up to the step of this run and then in "
    "step with it. Its curve is drawn over the plots. It ends with this screen and leaves nothing behind."
)


def offered(experiment: Experiment, *, was_changed: bool) -> tuple[Variant, ...]:
    """The variants of an experiment; and it as it was started, once somebody has changed something."""
    found = experiment.variants[: len(_KEYS) - 1]
    if was_changed and AS_STARTED not in {variant.name for variant in found}:
        return (*found, Variant(AS_STARTED))
    return found


def experiment_of(experiment: Experiment, variant: Variant) -> Experiment:
    """What a variant trains. Raises SpecError if it says something impossible."""
    return for_variant(structs.replace(experiment, variants=(variant,)), variant.name)


def variants_dialog(variants: Sequence[Variant], running: Sequence[str]) -> Dialog:
    """The result is `run:` or `stop:` with the numbers of variants, or `cancel`."""
    if not variants:
        return Dialog("Variants", _how_to_add(), [Choice("c", "Close", "cancel")])
    choices = []
    for place, variant in enumerate(variants):
        if variant.name in running:
            choices.append(Choice(_KEYS[place], f"End: {variant.name}", f"stop:{place}", "It runs now."))
        else:
            choices.append(Choice(_KEYS[place], variant.name, f"run:{place}", difference(variant)))
    names = [variant.name for variant in variants]
    free = free_names(names, running)
    if len(free) > 1:
        places = ",".join(str(names.index(name)) for name in free)
        choices.append(Choice("a", f"All {len(free)} that do not run yet", f"run:{places}"))
    if running:
        places = ",".join(str(place) for place, name in enumerate(names) if name in running)
        choices.append(Choice("x", "End all", f"stop:{places}"))
    choices.append(Choice("c", "Cancel", "cancel"))
    full: list[str | Line] = [f"{MOST} run now, which is as many as may."] if len(running) >= MOST else []
    return Dialog("Variants beside this run", [_HOW, *full], choices)


def difference(variant: Variant) -> str:
    """What is other than in the run as it was started."""
    parts = []
    if variant.name == AS_STARTED and not variant.set:
        parts.append("as it was started, without what was changed by hand")
    parts += [f"{path} = {_value(value)}" for path, value in variant.set.items()]
    if not variant.script:
        parts.append("without the changes that the preset makes by itself")
    return "; ".join(parts) or "the same as this run"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return str(value)


def _how_to_add() -> list[str | Line]:
    return [
        "This experiment has no variants. Add one to its file, and it can be run beside it here and by "
        "--check:",
        (),
        [("  [[variant]]", "bold")],
        [('  name = "twice the rate"', "bold")],
        [('  set = { "optimizer.lr" = 0.02 }', "bold")],
        [("  script = false            # leaves out its [[script]]", "bold")],
        (),
        "tui-dl show PRESET prints a preset to start from. After a change by hand, the run as it was started "
        "can be run beside it too.",
    ]
