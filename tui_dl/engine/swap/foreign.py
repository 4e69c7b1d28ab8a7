"""What of a change makes sense for somebody's own module, loss and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tui_dl.engine.parts.parts import Parts

CHANGEABLE: Final = (
    "optimizer",
    "schedule",
    "regularizers.l1",
    "regularizers.l2",
    "regularizers.elastic_net",
    "regularizers.weight_decay",
    "regularizers.weight_noise",
    "regularizers.gradient_clipping",
    "regularizers.max_norm",
    "training.epochs",
)
_REASONS: Final = {
    "data": "the batches are your own",
    "model": "the module is your own; edit it between batches",
    "loss": "the loss is your own callable",
    "seed": "weights and batches are your own",
    "training": "the batches are your own",
    "regularizers": "the module is your own",
}


def refuse_foreign(parts: Parts, change: Mapping[str, Any]) -> None:
    """Check a change of somebody's own parts.

    Raises:
        ChangeRefused: if it reaches for a part that only an experiment has, or for numbers of an optimizer
            that the catalogue doesn't know.
    """
    for path in _paths(change):
        if not any(path == each or path.startswith(f"{each}.") for each in CHANGEABLE):
            reason = _REASONS.get(path.split(".")[0], "this trainer was made from parts")
            raise ChangeRefused(f"{path}: {reason}; what can be changed here is {', '.join(CHANGEABLE)}.")
    touches = any(path.split(".")[0] == "optimizer" for path in _paths(change))
    if touches and not parts.knows_optimizer and not _names_optimizer(change):
        kind = type(parts.optimizer).__name__
        raise ChangeRefused(
            f"optimizer: this {kind} (its class, groups or settings) is not in the catalogue: edit its "
            "numbers in trainer.optimizer.param_groups, or swap it by name, for example for adam."
        )
    if touches and parts.batches.steps_per_epoch > 1 and _named(change) == "lbfgs":
        raise ChangeRefused(
            "optimizer: lbfgs compares gradients from one update to the next, and your "
            f"{parts.batches.steps_per_epoch} batches are others each time; give from_parts one batch that "
            "holds all samples."
        )


def _named(change: Mapping[str, Any]) -> Any:
    value = change.get("optimizer", change.get("optimizer.name"))
    return value.get("name") if isinstance(value, dict) else value


def _names_optimizer(change: Mapping[str, Any]) -> bool:
    value = change.get("optimizer")
    return (
        isinstance(value, str) or "optimizer.name" in change or (isinstance(value, dict) and "name" in value)
    )


def _paths(change: Mapping[str, Any]) -> Iterator[str]:
    """Each path, those of tables of regularizers and training spelt out."""
    for path, value in change.items():
        if path in ("regularizers", "training") and isinstance(value, dict):
            yield from (f"{path}.{name}" for name in value)
        elif path == "regularizers" and isinstance(value, list | tuple):
            for item in value:
                name = item.get("name", "") if isinstance(item, dict) else item
                yield f"{path}.{name}"
        else:
            yield str(path)
