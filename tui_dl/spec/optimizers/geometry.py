"""Optimizers that go by more than each weight for itself: whole matrices, or the curvature of the loss."""

from typing import Annotated, Literal

from tui_dl.spec.component import described, number
from tui_dl.spec.optimizers.base import Beta, Decay, Eps, Momentum, Optimizer, Rate


class Muon(Optimizer, frozen=True, tag="muon"):
    """Momentum made orthogonal for matrices, AdamW for all other parameters (Jordan et al., 2024).

    Biases, norms and convolutions are stepped by AdamW at a rate of their own; the schedule multiplies both.
    """

    family = "muon"
    source = "torch.optim.Muon"

    lr: Rate = 0.001
    momentum: Momentum = 0.95
    nesterov: Annotated[bool, described("Look ahead along the momentum")] = True
    weight_decay: Decay = 0.1
    eps: Eps = 1e-7
    ns_steps: Annotated[int, number("Newton-Schulz iterations towards an orthogonal matrix", ge=1, le=99)] = 5
    adjust_lr_fn: Annotated[
        Literal["original", "match_rms_adamw"],
        described(
            "Factor on a matrix's step by its shape: √max(1, rows/columns), or 0.2·√max(rows, columns)"
        ),
    ] = "original"
    adamw_lr: Rate = 0.001
    adamw_beta1: Beta = 0.9
    adamw_beta2: Beta = 0.999
    adamw_eps: Eps = 1e-8
    adamw_weight_decay: Decay = 0.01


class Lbfgs(Optimizer, frozen=True, tag="lbfgs"):
    """Curvature learnt from past steps, many evaluations in one update (Liu and Nocedal, 1989).

    Each update is up to `max_iter` iterations and a quarter more evaluations. All of them must see the same
    loss: the whole training set as one batch, without dropout, noise, clipping, or anything that moves
    weights beside it. Torch's default is no line search; here it is on, as networks diverge without.
    """

    family = "lbfgs"
    source = "torch.optim.LBFGS"

    lr: Annotated[float, number("Length of the first try along each direction", ge=0, le=1e12)] = 1.0
    max_iter: Annotated[int, number("Iterations in an update", ge=1, le=10_000, unit="iterations")] = 20
    history_size: Annotated[int, number("Past steps that the curvature is told from", ge=1, le=10_000)] = 100
    tolerance_grad: Annotated[
        float, number("An update ends where no weight's gradient is larger", ge=0, le=1e6)
    ] = 1e-7
    tolerance_change: Annotated[
        float, number("An update ends where loss or weights change less", ge=0, le=1e6)
    ] = 1e-9
    line_search_fn: Annotated[
        Literal["strong_wolfe", "none"],
        described("Look for a step that meets the strong Wolfe conditions, or take lr as it is"),
    ] = "strong_wolfe"
