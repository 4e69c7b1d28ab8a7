"""L-BFGS: past steps and how the gradient changed along them, and a loss that it evaluates by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers.declared import (
    Moments,
    build_optimizer,
    described,
    effective_step,
    hyperparameters,
    moments,
    named,
    rate_stand_in,
)
from tui_dl.components.optimizers.translation import State, Translation, completed, refitted, translation
from tui_dl.spec import optimizers as spec

_HISTORY = ("old_dirs", "old_stps", "ro")


class LBFGS(torch.optim.LBFGS):
    """Torch's, with what torch forgets when an optimizer is copied."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Find the parameters again."""
        super().__setstate__(state)
        mend(self)


def mend(optimizer: torch.optim.LBFGS) -> None:
    """Give a copy what torch's own `__getstate__` leaves out, without which it can't step."""
    optimizer._params = optimizer.param_groups[0]["params"]
    optimizer._numel_cache = None


def needs_closure(optimizer: torch.optim.Optimizer) -> bool:
    """Whether it evaluates the loss by itself, many times in an update."""
    return isinstance(optimizer, torch.optim.LBFGS)


@build_optimizer.register
def _(optimizer: spec.Lbfgs, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return LBFGS(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.Lbfgs) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "max_iter": optimizer.max_iter,
        # As many as torch allows where nothing is said.
        "max_eval": optimizer.max_iter * 5 // 4,
        "tolerance_grad": optimizer.tolerance_grad,
        "tolerance_change": optimizer.tolerance_change,
        "history_size": optimizer.history_size,
        "line_search_fn": None if optimizer.line_search_fn == "none" else optimizer.line_search_fn,
    }


@described.register
def _(optimizer: torch.optim.LBFGS) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    if group["max_eval"] != group["max_iter"] * 5 // 4:
        return None
    fields = named(spec.Lbfgs, group, "lr", "max_iter", "tolerance_grad", "tolerance_change", "history_size")
    return fields | {"line_search_fn": group["line_search_fn"] or "none"}


@moments.register
def _(optimizer: spec.Lbfgs) -> Moments:
    """Of all parameters together, by torch filed under the first one."""
    counts, last = ("n_iter", "func_evals"), ("d", "t", "H_diag", "prev_flat_grad", "prev_loss", "al")
    return Moments(others=(*_HISTORY, *last, *counts))


@effective_step.register
def _(optimizer: spec.Lbfgs, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr·H, H = s·y/y·y (Liu and Nocedal, 1989): the gradient's factor before past steps correct it."""
    return lr * float(state["H_diag"]) if state.get("H_diag") is not None else lr


@rate_stand_in.register
def _(optimizer: spec.Lbfgs) -> spec.Optimizer | None:
    """A line search finds the length, and an update is many steps."""
    return None


@translation.register
def _(optimizer: spec.Lbfgs) -> Translation:
    return Translation(
        refusal="lbfgs keeps how the gradient changed along its own steps",
        is_bound_to_objective=True,
    )


@refitted.register
def _(new: spec.Lbfgs, old: spec.Optimizer) -> tuple[str, ...]:
    """A shorter history is cut to its newest steps; the room to compute in goes with any length."""
    if not isinstance(old, spec.Lbfgs) or new.history_size == old.history_size:
        return ()
    return (*_HISTORY, "al") if new.history_size < old.history_size else ("al",)


@completed.register
def _(optimizer: spec.Lbfgs, parameter: nn.Parameter, state: State) -> State:
    """Of a history that is too long the newest steps; the room to compute in goes with its length."""
    made = dict(state)
    for name in _HISTORY:
        if made.get(name) is not None:
            made[name] = list(made[name])[-optimizer.history_size :]
    if made.get("al") is not None and len(made["al"]) != optimizer.history_size:
        made["al"] = [None] * optimizer.history_size
    return made
