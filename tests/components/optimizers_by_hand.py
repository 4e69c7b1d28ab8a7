"""Optimizers as someone would write them by hand, torch's names and all: what each declaration must mean."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tui_dl.spec import optimizers as spec

Plain = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


class _Two:
    """Two optimizers stepped one after the other."""

    def __init__(self, *both: torch.optim.Optimizer) -> None:
        self.both = both

    def zero_grad(self) -> None:
        for each in self.both:
            each.zero_grad()

    def step(self) -> None:
        for each in self.both:
            each.step()


def _two(parameters: list[nn.Parameter], muon: dict[str, Any], adamw: dict[str, Any]) -> Any:
    matrices = [each for each in parameters if each.ndim == 2]
    others = [each for each in parameters if each.ndim != 2]
    return _Two(torch.optim.Muon(matrices, **muon), torch.optim.AdamW(others, **adamw))


BY_HAND: list[tuple[spec.Optimizer, Plain]] = [
    (spec.Sgd(), lambda p: torch.optim.SGD(p, lr=0.1, fused=True)),
    (spec.Sgd(fused=False), lambda p: torch.optim.SGD(p, lr=0.1)),
    (spec.Sgd(lr=0.02, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, fused=True)),
    (
        spec.Sgd(lr=0.02, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True, fused=True),
    ),
    (
        spec.Sgd(lr=0.02, momentum=0.9, nesterov=True, fused=False),
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    ),
    (
        spec.Sgd(lr=0.02, momentum=0.9, dampening=0.3),
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, dampening=0.3, fused=True),
    ),
    (
        spec.Sgd(lr=0.02, momentum=0.9, dampening=0.9, fused=False),
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, dampening=0.9),
    ),
    (spec.Sgd(dampening=1.0), lambda p: torch.optim.SGD(p, lr=0.1, dampening=1.0, fused=True)),
    (spec.Adam(), lambda p: torch.optim.Adam(p, fused=True)),
    (spec.Adam(fused=False), lambda p: torch.optim.Adam(p)),
    (
        spec.Adam(lr=0.01, beta1=0.8, beta2=0.95, eps=1e-6, amsgrad=True),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, amsgrad=True, fused=True),
    ),
    (spec.AdamW(), lambda p: torch.optim.AdamW(p, fused=True)),
    (spec.AdamW(fused=False), lambda p: torch.optim.AdamW(p)),
    (
        spec.AdamW(lr=0.01, beta1=0.8, weight_decay=0.3, amsgrad=True),
        lambda p: torch.optim.AdamW(
            p, lr=0.01, betas=(0.8, 0.999), weight_decay=0.3, amsgrad=True, fused=True
        ),
    ),
    (spec.RmsProp(), lambda p: torch.optim.RMSprop(p)),
    (
        spec.RmsProp(lr=0.001, alpha=0.9, eps=1e-6, momentum=0.5, centered=True),
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=1e-6, momentum=0.5, centered=True),
    ),
    (spec.Adagrad(), lambda p: torch.optim.Adagrad(p, fused=True)),
    (spec.Adagrad(fused=False), lambda p: torch.optim.Adagrad(p)),
    (
        spec.Adagrad(lr=0.1, lr_decay=0.01, initial_accumulator_value=0.2, eps=1e-6),
        lambda p: torch.optim.Adagrad(
            p, lr=0.1, lr_decay=0.01, initial_accumulator_value=0.2, eps=1e-6, fused=True
        ),
    ),
    (spec.NAdam(), lambda p: torch.optim.NAdam(p)),
    (
        spec.NAdam(lr=0.01, beta1=0.8, beta2=0.9, eps=1e-6, momentum_decay=0.1),
        lambda p: torch.optim.NAdam(p, lr=0.01, betas=(0.8, 0.9), eps=1e-6, momentum_decay=0.1),
    ),
    (spec.RAdam(), lambda p: torch.optim.RAdam(p)),
    (
        spec.RAdam(lr=0.01, beta1=0.8, beta2=0.9, eps=1e-6),
        lambda p: torch.optim.RAdam(p, lr=0.01, betas=(0.8, 0.9), eps=1e-6),
    ),
    (spec.Adamax(), lambda p: torch.optim.Adamax(p)),
    (
        spec.Adamax(lr=0.01, beta1=0.8, beta2=0.9, eps=1e-6),
        lambda p: torch.optim.Adamax(p, lr=0.01, betas=(0.8, 0.9), eps=1e-6),
    ),
    (spec.Adadelta(), lambda p: torch.optim.Adadelta(p)),
    (spec.Adadelta(lr=0.3, rho=0.5, eps=1e-4), lambda p: torch.optim.Adadelta(p, lr=0.3, rho=0.5, eps=1e-4)),
    (spec.Rprop(), lambda p: torch.optim.Rprop(p)),
    (
        spec.Rprop(lr=0.001, eta_minus=0.3, eta_plus=1.5, step_size_min=1e-4, step_size_max=0.01),
        lambda p: torch.optim.Rprop(p, lr=0.001, etas=(0.3, 1.5), step_sizes=(1e-4, 0.01)),
    ),
    (spec.Asgd(), lambda p: torch.optim.ASGD(p)),
    (
        spec.Asgd(lr=0.1, lambd=0.01, alpha=0.5, t0=10.0),
        lambda p: torch.optim.ASGD(p, lr=0.1, lambd=0.01, alpha=0.5, t0=10),
    ),
    (spec.Adafactor(), lambda p: torch.optim.Adafactor(p)),
    (
        spec.Adafactor(lr=0.1, beta2_decay=-0.5, eps1=1e-6, eps2=1e-2, d=1.5, weight_decay=0.1),
        lambda p: torch.optim.Adafactor(
            p, lr=0.1, beta2_decay=-0.5, eps=(1e-6, 1e-2), d=1.5, weight_decay=0.1
        ),
    ),
    (spec.Muon(), lambda p: _two(p, {}, {})),
    (
        spec.Muon(
            lr=0.02,
            momentum=0.8,
            nesterov=False,
            weight_decay=0.0,
            eps=1e-6,
            ns_steps=3,
            adjust_lr_fn="match_rms_adamw",
            adamw_lr=0.01,
            adamw_beta1=0.8,
        ),
        lambda p: _two(
            p,
            {
                "lr": 0.02,
                "momentum": 0.8,
                "nesterov": False,
                "weight_decay": 0.0,
                "eps": 1e-6,
                "ns_steps": 3,
                "adjust_lr_fn": "match_rms_adamw",
            },
            {"lr": 0.01, "betas": (0.8, 0.999)},
        ),
    ),
    (spec.Lbfgs(), lambda p: torch.optim.LBFGS(p, line_search_fn="strong_wolfe")),
    (
        spec.Lbfgs(lr=0.1, max_iter=3, history_size=4, line_search_fn="none"),
        lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3, history_size=4),
    ),
]
ALL = [optimizer for optimizer, _ in BY_HAND]
