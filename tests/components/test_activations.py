"""Every activation against torch's own function, its gradient against finite differences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.components.catalogue import ACTIVATIONS, name
from tui_dl.components.activations import build_activation
from tui_dl.spec import activations as spec

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda x: F.prelu(x, torch.full((1,), 0.25)),
    "elu": F.elu,
    "selu": F.selu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "hardtanh": F.hardtanh,
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
    module = build_activation(activation).double()
    assert module(torch.tensor([float("nan")], dtype=torch.float64)).isnan().all()
    x = _points(torch.float64)[::7].requires_grad_()
    smooth = (x.abs() > 0.01) & ((x.abs() - 1).abs() > 0.01)
    assert torch.autograd.gradcheck(module, (x[smooth],))


def test_leaky_relu_takes_the_declared_slope() -> None:
    module = build_activation(spec.LeakyRelu(negative_slope=0.3))
    assert torch.equal(module(torch.tensor([-2.0, 2.0])), torch.tensor([-0.6, 2.0]))


SETTINGS: list[tuple[spec.Activation, Callable[[Tensor], Tensor]]] = [
    (spec.LeakyRelu(negative_slope=0.2), lambda x: F.leaky_relu(x, 0.2)),
    (spec.PRelu(slope=-0.5), lambda x: F.prelu(x, torch.full((1,), -0.5))),
    (spec.Elu(alpha=0.5), lambda x: F.elu(x, 0.5)),
    (spec.Gelu(approximate="tanh"), lambda x: F.gelu(x, approximate="tanh")),
    (spec.Softplus(beta=3.0, threshold=5.0), lambda x: F.softplus(x, 3.0, 5.0)),
    (spec.Hardtanh(low=-0.5, high=2.0), lambda x: F.hardtanh(x, -0.5, 2.0)),
]


@pytest.mark.parametrize(("activation", "function"), SETTINGS)
def test_settings_are_torchs_own(activation: spec.Activation, function: Callable[[Tensor], Tensor]) -> None:
    x = _points()
    assert torch.equal(build_activation(activation)(x), function(x))
    assert not torch.equal(function(x), FUNCTIONS[activation.name](x))


def test_prelu_learns_one_slope_or_one_for_each_unit() -> None:
    one, each = (build_activation(spec.PRelu(0.1, per_unit=per_unit), 3) for per_unit in (False, True))
    assert [tuple(slope.shape) for module in (one, each) for slope in module.parameters()] == [(1,), (3,)]
    x = torch.tensor([[-1.0, -2.0, 3.0]])
    for module in (one, each):
        assert torch.equal(module(x), torch.tensor([[-0.1, -0.2, 3.0]]))
    each(x).sum().backward()
    assert torch.equal(next(each.parameters()).grad, torch.tensor([-1.0, -2.0, 0.0]))


def test_each_build_is_a_module_of_its_own() -> None:
    assert build_activation(spec.Relu()) is not build_activation(spec.Relu())
