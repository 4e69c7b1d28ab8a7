"""Adam and what was made of it: a running mean of the gradient over a measure of its size."""

from typing import Annotated

from tui_dl.spec.component import described, number
from tui_dl.spec.optimizers.base import Beta, Decay, Eps, Fused, Optimizer, Rate


class Adam(Optimizer, frozen=True, tag="adam"):
    """Momentum and a rate of its own for each weight (Kingma and Ba, 2014)."""

    family = "adam"
    source = "torch.optim.Adam"

    lr: Rate = 0.001
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8
    amsgrad: Annotated[bool, described("Use the largest second moment so far (Reddi et al., 2018)")] = False
    fused: Fused = True


class AdamW(Optimizer, frozen=True, tag="adamw"):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017)."""

    family = "adam"
    source = "torch.optim.AdamW"

    lr: Rate = 0.001
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8
    weight_decay: Decay = 0.01
    amsgrad: Annotated[bool, described("Use the largest second moment so far (Reddi et al., 2018)")] = False
    fused: Fused = True


class NAdam(Optimizer, frozen=True, tag="nadam"):
    """Adam with Nesterov's look ahead, its momentum warmed up (Dozat, 2016)."""

    family = "adam"
    source = "torch.optim.NAdam"

    lr: Rate = 0.002
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8
    momentum_decay: Annotated[
        float, number("How fast the momentum warms up: beta1·(1 - 0.96^(step·it)/2)", ge=0, le=1000)
    ] = 0.004


class RAdam(Optimizer, frozen=True, tag="radam"):
    """Adam that steps by plain momentum until its scale can be trusted, then ramps up (Liu et al., 2019)."""

    family = "adam"
    source = "torch.optim.RAdam"

    lr: Rate = 0.001
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8


class Adamax(Optimizer, frozen=True, tag="adamax"):
    """Adam that divides by the largest recent gradient, not the root mean square (Kingma and Ba, 2014)."""

    family = "adamax"
    source = "torch.optim.Adamax"

    lr: Rate = 0.002
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8
