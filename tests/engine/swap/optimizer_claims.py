"""What a receipt claims of an optimizer's state, computed anew from the definitions in the papers."""

from __future__ import annotations

import copy
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tests.engine.plain_loop import FULL_BATCH, OPTIMIZERS, PlainLoop, trainer

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

BEFORE = 25
CALIBRATION = 20
SLOTS: dict[str, set[str]] = {
    "sgd": set(),
    "sgd momentum": {"momentum_buffer"},
    "sgd dampened": {"momentum_buffer"},
    "sgd nesterov": {"momentum_buffer"},
    "adam": {"step", "exp_avg", "exp_avg_sq"},
    "adam amsgrad": {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    "adamw": {"step", "exp_avg", "exp_avg_sq"},
    "adamw amsgrad": {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    "rmsprop": {"step", "square_avg"},
    "rmsprop centered": {"step", "square_avg", "momentum_buffer", "grad_avg"},
    "adagrad": {"step", "sum"},
    "nadam": {"step", "exp_avg", "exp_avg_sq", "mu_product"},
    "radam": {"step", "exp_avg", "exp_avg_sq"},
    "adamax": {"step", "exp_avg", "exp_inf"},
    "adadelta": {"step", "square_avg", "acc_delta"},
    "rprop": {"step", "prev", "step_size"},
    "asgd": {"step", "eta", "mu", "ax"},
    "adafactor": {"step", "row_var", "col_var", "variance"},
    "muon": {"momentum_buffer", "step", "exp_avg", "exp_avg_sq"},
    "lbfgs": {"old_dirs", "old_stps", "ro", "d", "t", "H_diag", "prev_flat_grad", "prev_loss", "al"}
    | {"n_iter", "func_evals"},
}
ALL = OPTIMIZERS | FULL_BATCH
ADAMS = ("adam", "adamw", "nadam", "radam")
MEANS = (
    dict.fromkeys((*ADAMS, "adamax"), "mv")
    | dict.fromkeys(("rmsprop", "adagrad", "adadelta", "adafactor"), "v")
    | {"sgd": "m"}
)
"""What the state of each tells: m is a mean gradient, v a mean square."""
NEEDS = dict.fromkeys(MEANS, "v") | {"sgd": "m"}
"""Without which it can't begin but from nothing."""


def kind(name: str) -> str:
    """The optimizer's name in the catalogue."""
    return str(ALL[name]["name"])


def may_carry(old: str, new: str) -> bool:
    """Whether the state of one says anything to the other."""
    return kind(old) == kind(new) or any(reaches(old, new, is_matrix=each) for each in (True, False))


def reaches(old: str, new: str, *, is_matrix: bool) -> bool:
    """Whether it says anything of matrices (Muon has momentum for them), or of all else (AdamW's)."""
    if not (SLOTS[old] and SLOTS[new]):
        return False
    of_muon = "m" if is_matrix else "mv"
    needed = (NEEDS | {"muon": of_muon[-1]}).get(kind(new), "")
    return bool(needed) and set(needed) <= set((MEANS | {"muon": of_muon}).get(kind(old), ""))


def may_calibrate(new: str) -> bool:
    """Whether gradients at standing weights tell its state."""
    return bool(SLOTS[new]) and kind(new) not in ("rprop", "asgd", "lbfgs")


def carries_by_itself(old: str, new: str) -> bool:
    """Whether a swap without a word carries the state over."""
    family = (*ADAMS, "rmsprop")
    return kind(old) == kind(new) or (kind(old) in family and kind(new) in family)


def swap_to(name: str) -> dict[str, Any]:
    """The whole optimizer is replaced, also where the name stays: setting the name does that."""
    size = {"training.batch_size": 1000} if name in FULL_BATCH else {}
    return size | {f"optimizer.{field}": value for field, value in ALL[name].items()}


def trained(name: str) -> Trainer:
    """After 25 batches."""
    of, state = _trained(name)
    of.load_state_dict(state)
    return of


@cache
def _trained(name: str) -> tuple[Trainer, dict[str, Any]]:
    of = trainer(optimizer=ALL[name])
    for _ in range(BEFORE):
        of.train_batch()
    return of, of.state_dict()


@cache
def upcoming(name: str) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Mean, mean square and largest of the next 20 batches' gradients, for each parameter of `trained`."""
    of, twin = trainer(), trainer()
    for each in (of, twin):
        each.load_state_dict(_trained(name)[1])
    gradients: list[list[Tensor]] = []
    for _ in range(CALIBRATION):
        inputs, targets = twin.peek_batch()
        loss = torch.nn.functional.cross_entropy(of.model(inputs), targets)
        gradients.append(list(torch.autograd.grad(loss, list(of.model.parameters()))))
        twin.train_batch()
    stacked = [torch.stack(each).double() for each in zip(*gradients, strict=True)]
    return [(each.mean(0), each.square().mean(0), each.abs().amax(0)) for each in stacked]


def states(of: Trainer) -> list[dict[str, Any]]:
    """One entry a parameter in the model's order, copied."""
    held = of.optimizer.state
    return [
        {slot: copy.deepcopy(value) for slot, value in held.get(parameter, {}).items() if value is not None}
        for parameter in of.model.parameters()
    ]


def names(receipt: Any, kind: str) -> set[str]:
    """What of the optimizer's state is in one of a plan's lists."""
    return {
        each.removeprefix("optimizer.") for each in getattr(receipt, kind) if each.startswith("optimizer.")
    }


def _decays(name: str) -> tuple[float, float]:
    """Of the means of gradients and of squares."""
    declared = ALL[name]
    square = {"rmsprop": 0.99, "adadelta": declared.get("rho")}.get(kind(name), declared.get("beta2", 0.999))
    assert square is not None
    return declared.get("beta1", 0.9), square


def told(
    name: str, state: dict[str, Any], steps: float
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Mean gradient and mean squared gradient, unbiased; the largest is told by no state."""
    beta1, beta2 = _decays(name)
    if kind(name) == "sgd":
        # No count tells how full it is: what it settles at.
        numbers = ALL[name]
        full = (1 - numbers.get("dampening", 0)) / (1 - numbers["momentum"])
        return state["momentum_buffer"] / full, None, None
    if kind(name) == "muon" and "momentum_buffer" in state:
        return state["momentum_buffer"] / (1 - ALL[name]["momentum"] ** steps), None, None
    if "variance" in state:
        return None, state["variance"], None
    if "row_var" in state:
        return None, state["row_var"] * state["col_var"] / state["row_var"].mean(), None
    mean = state["exp_avg"] / (1 - beta1**steps) if "exp_avg" in state else None
    if "exp_inf" in state:
        return mean, state["exp_inf"] ** 2, None
    if "sum" in state:
        return mean, (state["sum"] - ALL[name]["initial_accumulator_value"]) / steps, None
    square = state["exp_avg_sq"] if "exp_avg_sq" in state else state["square_avg"]
    return mean, square / (1 - beta2**steps), None


def factored(slot: str, square: Tensor) -> Tensor:
    """Adafactor's means of mean squares."""
    return square if slot == "variance" else square.mean(1 if slot == "row_var" else 0, keepdim=True)


def buffered(declared: dict[str, Any], steps: float) -> float:
    """What the same gradient again and again has put into a momentum buffer, in gradients."""
    momentum = declared["momentum"]
    if declared["name"] == "muon":
        return float(1 - momentum**steps)
    # Torch dampens all but the first.
    times = 1.0
    for _ in range(int(steps) - 1):
        times = momentum * times + 1 - declared.get("dampening", 0.0)
    return times


def made_of(slot: str, new: str, steps: float, means: tuple[Any, Any, Any]) -> Tensor:
    """A state after `steps` gradients of these means, by the definitions."""
    mean, square, largest = means
    beta1, beta2 = _decays(new)
    declared = ALL[new]
    match slot:
        case "step":
            return torch.tensor(steps)
        case "exp_avg":
            return torch.as_tensor(mean * (1 - beta1**steps))
        case "momentum_buffer":
            return torch.as_tensor(mean * buffered(declared, steps))
        case "row_var" | "col_var" | "variance":
            return factored(slot, square)
        case "exp_avg_sq" | "max_exp_avg_sq" | "square_avg":
            return torch.as_tensor(square * (1 - beta2**steps))
        case "sum":
            return torch.as_tensor(square * steps + declared["initial_accumulator_value"])
        case "exp_inf":
            return torch.as_tensor((square.sqrt() if largest is None else largest) + 1e-8)
        case "mu_product":
            decay = declared["momentum_decay"]
            momenta = (beta1 * (1 - 0.5 * 0.96 ** (step * decay)) for step in range(1, int(steps) + 1))
            return torch.tensor(math.prod(momenta))
    raise AssertionError(f"{slot} is made of nothing")


def claimed_states(
    receipt: Any, was: list[dict[str, Any]], now: list[dict[str, Any]], old: str, new: str
) -> list[dict[str, Any]]:
    """What the receipt says that each parameter holds, its conversions checked against the definitions."""
    kept, converted = names(receipt, "kept"), names(receipt, "converted")
    claims: list[dict[str, Any]] = []
    for index, (state, present) in enumerate(zip(was, now, strict=True)):
        steps = float(
            state.get("step", max((float(each["step"]) for each in was if "step" in each), default=math.inf))
        )
        is_matrix = 2 in {getattr(value, "ndim", 0) for value in state.values()}
        if receipt.state == "carry" and kind(old) != kind(new) and not reaches(old, new, is_matrix=is_matrix):
            # Adagrad's state is there when it is built.
            assert not present or float(present["step"]) == 0
            claims.append({})
            continue
        claim = {slot: state[slot].clone() for slot in kept if slot in state and slot in present}
        for slot in converted & set(present):
            if receipt.state == "calibrate":
                expected = made_of(slot, new, float(CALIBRATION), upcoming(old)[index])
            elif slot == "max_exp_avg_sq" and "exp_avg_sq" in kept:
                expected = state["exp_avg_sq"]
            else:
                expected = made_of(slot, new, steps, told(old, state, steps))
            close = (
                {"rtol": 1e-4, "atol": 1e-9}
                if receipt.state == "calibrate"
                else {"rtol": 1e-5, "atol": 1e-12}
            )
            torch.testing.assert_close(present[slot].double(), expected.double(), **close)
            claim[slot] = present[slot].clone()
        assert kind(new) == "sgd" or set(present) >= set(claim)
        if claim and kind(new) not in ("sgd", "muon", "adafactor"):
            like = next(value for slot, value in claim.items() if value.ndim or slot == "sum")
            claim |= {slot: torch.zeros_like(like) for slot in SLOTS[new] - set(claim)}
        if claim and kind(new) == "muon":
            claim |= {slot: torch.zeros_like(present[slot]) for slot in set(present) - set(claim)}
        claims.append(claim)
    return claims


def follow(loop: PlainLoop, steps: int = 30) -> None:
    """The trainer and the plain loop go on with the same bits."""
    for _ in range(steps):
        loop.step_beside()
    loop.assert_equal()
