"""Every activation against torch's own function, its gradient against finite differences."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.components.catalogue import ACTIVATIONS, name
from tui_dl.components.activations import build_activation
from tui_dl.spec import activations as spec

FUNCTIONS = {
    "identity": lambda x: x,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "gelu": F.gelu,
}


def _points(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.linspace(-8, 8, 1001, dtype=dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_an_activation_is_torchs_function_bit_for_bit(activation: spec.Activation) -> None:
    x = _points()
    kept = x.clone()
    assert torch.equal(build_activation(activation)(x), FUNCTIONS[activation.name](x))
    assert torch.equal(x, kept)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_an_activation_keeps_nan_and_has_the_gradient_of_its_values(activation: spec.Activation) -> None:
    module = build_activation(activation)
    assert module(torch.tensor([float("nan")])).isnan().all()
    x = _points(torch.float64)[::7].requires_grad_()
    assert torch.autograd.gradcheck(module, (x[x.abs() > 0.01],))


def test_leaky_relu_takes_the_declared_slope() -> None:
    module = build_activation(spec.LeakyRelu(negative_slope=0.3))
    assert torch.equal(module(torch.tensor([-2.0, 2.0])), torch.tensor([-0.6, 2.0]))


def test_each_build_is_a_module_of_its_own() -> None:
    assert build_activation(spec.Relu()) is not build_activation(spec.Relu())
