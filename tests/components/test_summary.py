"""A model described: any module's layers and shapes, with nothing of it disturbed."""

import pytest
import torch
from torch import Tensor, nn

from tui_dl.components.models import build_model
from tui_dl.components.summary import describe_layers, parameter_count
from tui_dl.spec import models as spec
from tui_dl.spec.regularizers import BatchNorm
from tui_dl.wire.messages import LayerInfo


def test_a_perceptron_is_described_layer_by_layer() -> None:
    model = build_model(spec.Mlp(hidden=(5,)), (8, 8), 10, 0)
    assert describe_layers(model, (8, 8)) == (
        LayerInfo("layers.0", "Linear", (5,), 325, (64,), multiply_adds=64 * 5, activation_bytes=2 * 5 * 4),
        LayerInfo("layers.1", "Linear", (10,), 60, (5,), multiply_adds=5 * 10, activation_bytes=10 * 4),
    )
    assert parameter_count(model) == 385


def test_a_cnn_is_counted_by_hand() -> None:
    model = build_model(spec.Cnn(channels=(6, 16), hidden=(20,)), (28, 28), 10, 0)
    model.set_norm(BatchNorm(), 0)
    model.set_dropout(0.5, 2)
    layers = {layer.name: layer for layer in describe_layers(model, (28, 28))}
    assert {name: layer.output_shape for name, layer in layers.items()} == {
        "layers.0": (6, 28, 28),
        "layers.1": (16, 14, 14),
        "layers.2": (20,),
        "layers.3": (10,),
        "norms.0": (6, 28, 28),
    }
    assert layers["layers.1"].input_shape == (6, 14, 14)
    assert {name: layer.multiply_adds for name, layer in layers.items()} == {
        "layers.0": 28 * 28 * 6 * 25,
        "layers.1": 14 * 14 * 16 * 6 * 25,
        "layers.2": 784 * 20,
        "layers.3": 200,
        "norms.0": 0,
    }
    # Norm, activation and pooling are new tensors; those behind the norm count to it.
    assert {name: layer.activation_bytes // 4 for name, layer in layers.items()} == {
        "layers.0": 6 * 28 * 28,
        "norms.0": 6 * 28 * 28 * 2 + 6 * 14 * 14,
        "layers.1": 16 * 14 * 14 * 2 + 16 * 7 * 7,
        "layers.2": 3 * 20,
        "layers.3": 10,
    }
    assert describe_layers(model, (28, 28), torch.zeros(5, 28, 28)) == tuple(layers.values())


class _Brought(nn.Module):
    """Somebody's: a parameter of its own, convolution, statistics, recurrence, dropout, an unused layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.convolution = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout()
        self.recurrent = nn.GRU(24, 7, batch_first=True)
        self.unused = nn.Linear(2, 2)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, 1, 8, 8) to (N, 6, 7)."""
        values = self.dropout(self.norm(self.convolution(images * self.scale)))
        return self.recurrent(values.permute(0, 2, 1, 3).flatten(2))[0]


def test_anyones_module_is_described() -> None:
    model = _Brought()
    layers = {
        layer.name: (layer.kind, layer.output_shape, layer.parameters)
        for layer in describe_layers(model, (1, 8, 8))
    }
    assert layers == {
        "": ("_Brought", (6, 7), 1),
        "convolution": ("Conv2d", (4, 6, 6), 40),
        "norm": ("BatchNorm2d", (4, 6, 6), 8),
        "recurrent": ("GRU", (6, 7), 3 * 7 * (24 + 7 + 2)),
        "unused": ("Linear", (), 6),
    }
    assert parameter_count(model) == sum(parameters for _, _, parameters in layers.values())


def test_nothing_is_disturbed() -> None:
    model = _Brought()
    model.norm.eval()
    modes = [module.training for module in model.modules()]
    state = {key: value.clone() for key, value in model.state_dict().items()}
    generator = torch.get_rng_state()
    describe_layers(model, (1, 8, 8))
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())
    assert torch.equal(torch.get_rng_state(), generator)
    assert not any(module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_failing_forward_pass_leaves_no_hook_and_no_mode_behind() -> None:
    model = _Brought()
    with pytest.raises(RuntimeError):
        describe_layers(model, (3, 8, 8))
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_a_model_of_tokens_needs_an_example() -> None:
    model = nn.Sequential(nn.Embedding(11, 4), nn.Linear(4, 2))
    layers = describe_layers(model, (5,), example=torch.zeros(2, 5, dtype=torch.int64))
    assert [layer.output_shape for layer in layers] == [(5, 4), (5, 2)]


def test_frozen_parameters_are_not_counted_as_trained() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    model[0].requires_grad_(False)
    assert parameter_count(model) == 3
