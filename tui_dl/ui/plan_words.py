"""What a plan and a receipt say in words: what each piece of state is, and why it fares as it does."""

from typing import Final, Literal

from tui_dl.wire.plans import Plan, Receipt

ListName = Literal["kept", "rescaled", "converted", "reset"]

_PIECES: Final = {
    "head": "last layer",
    "weights": "weights",
    "position": "place in the epoch",
    "step": "step count",
    "exp_avg": "m, mean of gradients",
    "exp_avg_sq": "v, mean of squared gradients",
    "max_exp_avg_sq": "largest v so far",
    "momentum_buffer": "momentum",
    "square_avg": "mean of squared gradients",
    "grad_avg": "mean of gradients",
    "sum": "sum of squared gradients",
}
STATES: Final = {
    "fresh": "begins with nothing: its first updates are unusual, a warm-up softens them",
    "carry": "takes over what means the same in both, and computes what can be computed",
    "calibrate": "measured on the next batches at the present weights, which stand still meanwhile",
}
FRESH_START: Final = (
    "This is a fresh start by nature: the weights fit no other shape, data or init. Training begins again at "
    "step 0; all curves so far stay, as a ghost, and undo brings this run back."
)


def piece(name: str) -> str:
    """A piece of state, by its name in a plan: `optimizer.exp_avg` is `m, mean of gradients`."""
    if name.startswith("head."):
        return f"{piece(name.removeprefix('head.'))} of the last layer"
    short = name.removeprefix("optimizer.")
    return _PIECES.get(short, short.replace("_", " "))


def pieces(names: tuple[str, ...]) -> str:
    """Several of them; what the optimizer holds comes after the rest."""
    return " · ".join(piece(name) for name in names)


def reason(name: ListName, change: Plan | Receipt) -> str:
    """Why the pieces of this list fare so; empty where the list itself says it."""
    if name == "converted" and all(one.partition(".")[0] == "head" for one in change.converted):
        return "its rows for the values go on, those for variances come or go with the loss"
    if name == "kept":
        return "" if _restarts(change) else "the same weights go on, with the batch that was next"
    if name == "rescaled":
        return "the new loss has gradients of another size: m·ρ and v·ρ² keep the next step as long as it was"
    if name == "converted":
        return (
            STATES["calibrate"]
            if change.state == "calibrate"
            else "the same meaning, computed into the other form"
        )
    return _why_reset(change)


def _why_reset(change: Plan | Receipt) -> str:
    if _restarts(change):
        return "new weights have no past that any of this could belong to"
    if all(name.startswith("head.") for name in change.reset):
        return "what was learnt about its rows fits them no longer"
    old, new = optimizers(change)
    if old and old != new:
        if change.state == "fresh":
            return f"what {old} has learnt about each weight means something else to {new}, or nothing"
        return f"{new} has no use for it"
    if change.state == "fresh":
        return "a fresh state was asked for"
    return "with the new settings it is not needed, or begins from nothing"


def optimizers(change: Plan | Receipt) -> tuple[str, str]:
    """The names of the optimizer before and after; empty where it stays."""
    for path, old, new in change.edits:
        if path == "optimizer":
            return old.partition("(")[0], new.partition("(")[0]
    return "", ""


def _restarts(change: Plan | Receipt) -> bool:
    return change.restarts if isinstance(change, Plan) else "weights" in change.reset


def size_words(relative: float | None) -> tuple[str, str]:
    """How an update compares with the recent ones: words, and the style they are written in."""
    if relative is None:
        return "not known", "dim"
    if relative > 10:
        return "far too long: the loss may explode", "bad"
    if relative > 3:
        return "long: the loss may jump", "warn"
    if relative >= 1 / 3:
        return "as long as the last ones", "good"
    if relative > 0.1:
        return "short: slower than now", "warn"
    return "tiny: training will look frozen", "warn"
