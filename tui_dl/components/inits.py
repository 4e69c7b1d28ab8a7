"""Inits in torch: where the weights of an affine map start."""

from functools import singledispatch

from torch import nn

from tui_dl.components.missing import no_builder
from tui_dl.spec import inits as spec


@singledispatch
def initialise(init: spec.Init, linear: nn.Linear) -> None:
    """Fill weight (outputs, inputs) and bias in place from torch's default generator, which the caller forks.

    All but torch's own default set the bias to zero.
    """
    no_builder(init, "inits")


@initialise.register
def _(init: spec.Default, linear: nn.Linear) -> None:
    linear.reset_parameters()


@initialise.register
def _(init: spec.KaimingNormal, linear: nn.Linear) -> None:
    nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
    nn.init.zeros_(linear.bias)


@initialise.register
def _(init: spec.KaimingUniform, linear: nn.Linear) -> None:
    nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu")
    nn.init.zeros_(linear.bias)


@initialise.register
def _(init: spec.XavierNormal, linear: nn.Linear) -> None:
    nn.init.xavier_normal_(linear.weight, gain=init.gain)
    nn.init.zeros_(linear.bias)


@initialise.register
def _(init: spec.XavierUniform, linear: nn.Linear) -> None:
    nn.init.xavier_uniform_(linear.weight, gain=init.gain)
    nn.init.zeros_(linear.bias)


@initialise.register
def _(init: spec.Normal, linear: nn.Linear) -> None:
    nn.init.normal_(linear.weight, std=init.std)
    nn.init.zeros_(linear.bias)


@initialise.register
def _(init: spec.Zeros, linear: nn.Linear) -> None:
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
