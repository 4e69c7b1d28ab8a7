"""Inits in torch: where the weights of an affine map start."""

from functools import singledispatch

import torch
from torch import Tensor, nn

from tui_dl.components.missing import no_builder
from tui_dl.spec import inits as spec

Affine = nn.Linear | nn.Conv2d
"""A map with a weight (outputs, inputs, …) and a bias (outputs,)."""


def initialise(init: spec.Init, affine: Affine) -> None:
    """Fill weight and bias in place from torch's default generator, which the caller forks; weight first.

    All but torch's own default set the bias to zero unless told otherwise.
    """
    if isinstance(init, spec.Default):
        affine.reset_parameters()
        return
    assert affine.bias is not None
    fill(init, affine.weight)
    if getattr(init, "bias", "zero") == "zero":
        nn.init.zeros_(affine.bias)
    else:
        # The second half of torch.nn.Linear.reset_parameters.
        fan_in, _ = nn.init._calculate_fan_in_and_fan_out(affine.weight)
        bound = fan_in**-0.5 if fan_in > 0 else 0.0
        nn.init.uniform_(affine.bias, -bound, bound)


@singledispatch
def fill(init: spec.Init, weight: Tensor) -> None:
    """Fill a weight (outputs, inputs) or (outputs, channels, height, width) in place."""
    no_builder(init, "inits")


@fill.register
def _(init: spec.KaimingNormal, weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, init.negative_slope, init.mode, init.nonlinearity)


@fill.register
def _(init: spec.KaimingUniform, weight: Tensor) -> None:
    nn.init.kaiming_uniform_(weight, init.negative_slope, init.mode, init.nonlinearity)


@fill.register
def _(init: spec.XavierNormal, weight: Tensor) -> None:
    nn.init.xavier_normal_(weight, init.gain * nn.init.calculate_gain(init.nonlinearity))


@fill.register
def _(init: spec.XavierUniform, weight: Tensor) -> None:
    nn.init.xavier_uniform_(weight, init.gain * nn.init.calculate_gain(init.nonlinearity))


@fill.register
def _(init: spec.LecunNormal, weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="linear")


@fill.register
def _(init: spec.Normal, weight: Tensor) -> None:
    nn.init.normal_(weight, init.mean, init.std)


@fill.register
def _(init: spec.TruncNormal, weight: Tensor) -> None:
    reach = init.cutoff * init.std
    nn.init.trunc_normal_(weight, init.mean, init.std, init.mean - reach, init.mean + reach)


@fill.register
def _(init: spec.Uniform, weight: Tensor) -> None:
    nn.init.uniform_(weight, init.low, init.high)


@fill.register
def _(init: spec.Orthogonal, weight: Tensor) -> None:
    nn.init.orthogonal_(weight, init.gain)


@fill.register
def _(init: spec.Sparse, weight: Tensor) -> None:
    with torch.no_grad():
        # A kernel is a matrix too, of outputs by what each of them sees.
        nn.init.sparse_(weight.view(len(weight), -1), init.sparsity, init.std)


@fill.register
def _(init: spec.Constant, weight: Tensor) -> None:
    nn.init.constant_(weight, init.value)


@fill.register
def _(init: spec.Ones, weight: Tensor) -> None:
    nn.init.ones_(weight)


@fill.register
def _(init: spec.Zeros, weight: Tensor) -> None:
    nn.init.zeros_(weight)
