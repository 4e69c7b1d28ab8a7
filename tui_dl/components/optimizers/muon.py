"""Muon for matrices and AdamW for all other parameters, as one optimizer with a group for each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers.declared import (
    Moments,
    build_optimizer,
    described,
    effective_step,
    further_groups,
    hyperparameters,
    moments,
    named,
)
from tui_dl.components.optimizers.translation import (
    Mean,
    Means,
    State,
    Translation,
    completed,
    installed,
    means_of,
    own_halves,
    translation,
)
from tui_dl.spec import optimizers as spec

_ADAMW = {"lr": "adamw_lr", "eps": "adamw_eps", "weight_decay": "adamw_weight_decay"}


@final
class Muon(torch.optim.Optimizer):
    """`torch.optim.Muon` and `torch.optim.AdamW`, which share this one's groups and state.

    Args:
        parameters: those of two dimensions go to Muon, in the first group; all others to the second.
        matrices: numbers of the first group.
        others: numbers of the second.
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], matrices: Mapping[str, Any], others: Mapping[str, Any]
    ) -> None:
        # Torch takes no empty list, and a network may be without matrices or without biases.
        stand_in = [torch.zeros(1, 1, requires_grad=True)]
        first = torch.optim.Muon(stand_in, **matrices).param_groups[0]
        second = torch.optim.AdamW(stand_in, **others).param_groups[0]
        groups = [
            {**first, "params": [each for each in parameters if each.ndim == 2]},
            {**second, "params": [each for each in parameters if each.ndim != 2]},
        ]
        super().__init__(groups, {})
        self._share()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """After a copy or a load there are other groups and another state to share."""
        super().__setstate__(state)
        self._share()

    def _share(self) -> None:
        stand_in = [torch.zeros(1, 1, requires_grad=True)]
        self.halves = (torch.optim.Muon(stand_in), torch.optim.AdamW(stand_in))
        for half, group in zip(self.halves, self.param_groups, strict=True):
            half.param_groups = [group]
            half.state = self.state

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update matrices, then all others."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for half in self.halves:
            if half.param_groups[0]["params"]:
                half.step()  # type: ignore[no-untyped-call]  # torch's own
        return loss


@build_optimizer.register
def _(optimizer: spec.Muon, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return Muon(parameters, hyperparameters(optimizer), *further_groups(optimizer))


@hyperparameters.register
def _(optimizer: spec.Muon) -> dict[str, Any]:
    names = ("lr", "momentum", "nesterov", "weight_decay", "eps", "ns_steps", "adjust_lr_fn")
    return {name: getattr(optimizer, name) for name in names}


@further_groups.register
def _(optimizer: spec.Muon) -> tuple[dict[str, Any], ...]:
    numbers = {name: getattr(optimizer, field) for name, field in _ADAMW.items()}
    return ({**numbers, "betas": (optimizer.adamw_beta1, optimizer.adamw_beta2)},)


@described.register
def _(optimizer: Muon) -> dict[str, Any] | None:
    matrices, others = optimizer.param_groups
    names = ("lr", "momentum", "nesterov", "weight_decay", "eps", "ns_steps", "adjust_lr_fn")
    fields = named(spec.Muon, matrices, *names) | {field: others[name] for name, field in _ADAMW.items()}
    fields["adamw_beta1"], fields["adamw_beta2"] = others["betas"]
    return fields


@moments.register
def _(optimizer: spec.Muon) -> Moments:
    """Momentum of matrices; Adam's moments, and a count, of all others."""
    return Moments(first="momentum_buffer", second="exp_avg_sq", step=True, others=("exp_avg",))


@effective_step.register
def _(optimizer: spec.Muon, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """Of AdamW's parameters Adam's, at `lr`; a matrix has no factor of its own for each weight: the rate."""
    if "exp_avg_sq" not in state:
        return lr
    return effective_step(_adamw(optimizer), state, lr)


@own_halves.register
def _(optimizer: spec.Muon) -> tuple[Translation, Translation]:
    """Of matrices it tells no squared gradients: who needs them begins there from nothing.

    All other parameters have AdamW's state, which AdamW and its likes keep as it is.
    """
    first: frozenset[Mean] = frozenset(("first",))
    matrices = Translation(tells=first, needs=first, made={"momentum_buffer": "first"})
    return matrices, translation(_adamw(optimizer))


@translation.register
def _(optimizer: spec.Muon) -> Translation:
    """Of both together.

    The buffer is rescaled with a new loss, or the old gradients would outweigh or vanish beside the new.
    """
    return Translation(
        tells=frozenset(("first",)),
        needs=frozenset(("first", "second")),
        made={"momentum_buffer": "first", "exp_avg": "first", "exp_avg_sq": "second"},
        powers={"momentum_buffer": 1, "exp_avg": 1, "exp_avg_sq": 2},
    )


@means_of.register
def _(optimizer: spec.Muon, state: Mapping[str, Any], step: float) -> Means:
    """b/(1-μᵗ): the buffer is a running mean that began at zero."""
    if "momentum_buffer" in state:
        return Means(step, state["momentum_buffer"] / (1 - optimizer.momentum**step))
    return means_of(_adamw(optimizer), state, step)


@installed.register
def _(optimizer: spec.Muon, parameter: nn.Parameter, means: Means) -> State:
    """B = g·(1-μᵗ) for a matrix, else AdamW's moments."""
    if parameter.ndim != 2:
        return installed(_adamw(optimizer), parameter, means)
    assert means.first is not None
    return {"momentum_buffer": means.first * (1 - optimizer.momentum**means.step)}


@completed.register
def _(optimizer: spec.Muon, parameter: nn.Parameter, state: State) -> State:
    return state


def _adamw(optimizer: spec.Muon) -> spec.AdamW:
    """What steps all but the matrices."""
    return spec.AdamW(
        lr=optimizer.adamw_lr,
        beta1=optimizer.adamw_beta1,
        beta2=optimizer.adamw_beta2,
        eps=optimizer.adamw_eps,
        weight_decay=optimizer.adamw_weight_decay,
        fused=False,
    )
