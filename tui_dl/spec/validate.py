"""The whole of an experiment: parts, contradictions, lecture; every script and variant rehearsed."""

from collections.abc import Mapping
from typing import Any

from tui_dl.errors import SpecError
from tui_dl.spec.change import apply_change, edits
from tui_dl.spec.contradictions import refuse_contradictions
from tui_dl.spec.decode import decode
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture_checks import refuse_impossible_expectations, refuse_misnumbered_and_misnamed
from tui_dl.spec.wording import joined

FRESH_START = (
    "data",
    "model.hidden",
    "model.init",
    "model.channels",
    "model.kernel",
    "model.pooling",
    "model.width",
    "model.blocks",
    "seed",
    "training.device",
    "training.threads",
)
"""Paths whose change means a fresh start, which no script can make; another model is one as well."""

_NOT_TRAINING = ("title", "summary", "lecture", "scene", "script", "variant", "expect")
_NOT_OF_A_VARIANT = ("lecture", "scene", "variant", "expect")


def experiment_from_tree(tree: Mapping[str, Any], *, rehearse: bool = True) -> Experiment:
    """Read and check an experiment from plain values.

    Args:
        tree: what TOML holds.
        rehearse: check scripts, variants, scenes and expectations against the experiment too. An experiment
            that was changed while it ran may have left them behind.

    Raises:
        SpecError: for the first mistake, with its dotted key.
    """
    experiment = decode(tree)
    refuse_contradictions(experiment)
    if rehearse:
        refuse_misnumbered_and_misnamed(experiment)
        _rehearse_script(experiment)
        refuse_impossible_expectations(experiment, _rehearse_variants(experiment))
    return experiment


def needs_fresh_start(path: str) -> bool:
    """Whether an edit at a path can't be made to a network that goes on training."""
    return path == "model" or any(path == each or path.startswith(f"{each}.") for each in FRESH_START)


def _rehearse_script(experiment: Experiment) -> None:
    """Apply the scripted changes one after another, in the order in which the run would."""
    indices = sorted(range(len(experiment.scripts)), key=lambda index: experiment.scripts[index].at_step)
    present = experiment
    for index in indices:
        key = f"script[{index}].set"
        changed = _applied(present, experiment.scripts[index].set, key)
        for edit in edits(present, changed):
            if edit.path.split(".")[0] in _NOT_TRAINING:
                raise SpecError("is not a setting that a script can change.", key=joined(key, edit.path))
            if needs_fresh_start(edit.path):
                raise SpecError(
                    "would need a fresh start, which a script can't make; use a variant.",
                    key=joined(key, edit.path),
                )
        present = changed


def _rehearse_variants(experiment: Experiment) -> dict[str, Experiment]:
    """What each variant trains, by name."""
    variants: dict[str, Experiment] = {}
    for index, variant in enumerate(experiment.variants):
        key = f"variant[{index}]"
        changed = _applied(experiment, variant.set, f"{key}.set")
        for edit in edits(experiment, changed):
            if edit.path.split(".")[0] in _NOT_OF_A_VARIANT:
                raise SpecError(
                    "is not a setting that a variant can change.", key=joined(f"{key}.set", edit.path)
                )
        variants[variant.name] = changed
        try:
            if variant.script:
                _rehearse_script(changed)
        except SpecError as error:
            raise SpecError(f"its set does not go with {error.key}: {error.problem}", key=key) from None
    return variants


def _applied(experiment: Experiment, change: Mapping[str, Any], key: str) -> Experiment:
    try:
        return apply_change(experiment, change)
    except SpecError as error:
        raise SpecError(error.problem, key=joined(key, error.key) if error.key else key) from None
