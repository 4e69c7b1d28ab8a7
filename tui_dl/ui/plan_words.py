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
    "schedule.scale": "what evaluations have made of the rate",
    "schedule.best": "the best loss that evaluations are measured by",
    "mu_product": "product of the momentum's warm-up",
    "exp_inf": "u, largest recent gradient",
    "acc_delta": "mean of squared steps",
    "prev": "gradient before",
    "step_size": "step of each weight",
    "eta": "rate of the next step",
    "mu": "share of new weights in the average",
    "ax": "average of the weights",
    "row_var": "mean of squared gradients by rows",
    "col_var": "mean of squared gradients by columns",
    "variance": "mean of squared gradients of vectors",
    "func_evals": "count of evaluations",
    "n_iter": "count of iterations",
    "d": "last direction",
    "t": "last step length",
    "old_dirs": "past changes of the gradient",
    "old_stps": "past steps",
    "ro": "their curvatures",
    "H_diag": "scale of the curvature",
    "prev_flat_grad": "gradient before",
    "prev_loss": "loss before",
    "al": "room to compute in",
}
_BEHIND_LAYERS: Final = {"norms": "norm", "activations": "learnt slopes"}
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
    kind, _, place = short.partition(".")
    if kind in _BEHIND_LAYERS and place:
        return f"{_BEHIND_LAYERS[kind]} of layer {place}"
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
        return _why_converted(change)
    return _why_reset(change)


def _why_converted(change: Plan | Receipt) -> str:
    if change.state == "calibrate":
        return STATES["calibrate"]
    if all(name.startswith("norms.") for name in change.converted):
        return "statistics, scale and shift are measured so that the network computes what it did"
    return "the same meaning, computed into the other form"


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
    if all(name.partition(".")[0] in _BEHIND_LAYERS for name in change.reset):
        return "it comes new, with nothing learnt yet, or goes"
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
