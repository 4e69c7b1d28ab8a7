"""Models: names, shapes, weights as a function of the seed, changes of activation and dropout, memory."""

import copy
from typing import cast

import pytest
import torch
from torch import nn

from tests.components.catalogue import ACTIVATIONS, INITS, name
from tui_dl.components.memory import memory_bytes
from tui_dl.components.models import Mlp, build_model
from tui_dl.components.norms import dropout_at, norms_at
from tui_dl.errors import NotAvailable
from tui_dl.spec import activations, inits
from tui_dl.spec import models as spec
from tui_dl.spec.regularizers import BatchNorm, Dropout, LayerNorm


def _built(model: spec.Model, seed: int = 0, input_shape: tuple[int, ...] = (4, 2), outputs: int = 3) -> Mlp:
    return cast("Mlp", build_model(model, input_shape, outputs, seed))


def _equal(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(name == other and torch.equal(value, values) for (name, value), (other, values) in pairs)


def test_parameters_are_named_by_layer() -> None:
    model = _built(spec.Mlp(hidden=(5, 6)))
    assert {name: tuple(value.shape) for name, value in model.named_parameters()} == {
        "layers.0.weight": (5, 8),
        "layers.0.bias": (5,),
        "layers.1.weight": (6, 5),
        "layers.1.bias": (6,),
        "layers.2.weight": (3, 6),
        "layers.2.bias": (3,),
    }
    assert (len(model.activations), len(model.dropouts)) == (2, 2)
    assert model.training


def test_a_linear_model_is_one_affine_map_of_the_flattened_input() -> None:
    model = _built(spec.LinearModel())
    assert [name for name, _ in model.named_parameters()] == ["layers.0.weight", "layers.0.bias"]
    inputs = torch.randn(7, 4, 2)
    layer = cast("nn.Linear", model.layers[0])
    torch.testing.assert_close(model(inputs), inputs.reshape(7, 8) @ layer.weight.T + layer.bias)
    assert torch.equal(model(inputs), model(inputs.flatten(1)))


def test_no_hidden_layers_make_a_linear_model() -> None:
    assert _equal(_built(spec.Mlp(hidden=())), _built(spec.LinearModel()))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_the_forward_pass_is_that_of_a_plain_sequence(activation: activations.Activation) -> None:
    model = _built(spec.Mlp(hidden=(5, 6), activation=activation))
    first, second, third = model.layers
    inputs = torch.randn(7, 4, 2)
    plain = nn.Sequential(nn.Flatten(), first, model.activations[0], second, model.activations[1], third)
    assert torch.equal(model(inputs), plain(inputs))


@pytest.mark.parametrize("init", INITS, ids=name)
def test_weights_follow_from_init_sizes_and_seed_alone(init: inits.Init) -> None:
    model = spec.Mlp(hidden=(5, 6), init=init)
    assert _equal(_built(model, seed=3), _built(model, seed=3))
    assert _equal(_built(model, seed=3), _built(model, seed=4)) == (
        init.name in ("zeros", "ones", "constant")
    )
    tanh = spec.Mlp(hidden=(5, 6), init=init, activation=activations.Tanh())
    assert _equal(_built(model, seed=3), _built(tanh, seed=3))


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_default_weights_are_those_of_a_plain_model_built_after_manual_seed(seed: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        plain = nn.ModuleList([nn.Linear(8, 5), nn.Linear(5, 3)])
    assert _equal(cast("nn.Module", _built(spec.Mlp(hidden=(5,)), seed).layers), plain)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    _built(spec.Mlp())
    assert torch.equal(torch.get_rng_state(), before)


def test_changing_the_activation_keeps_parameters_and_changes_the_function() -> None:
    model = _built(spec.Mlp(hidden=(5, 6)))
    kept = list(model.parameters())
    inputs = torch.randn(7, 4, 2)
    before = model(inputs)
    model.set_activation(activations.Tanh(), index=1)
    assert [type(module) for module in model.activations] == [nn.ReLU, nn.Tanh]
    model.set_activation(activations.Tanh())
    assert [type(module) for module in model.activations] == [nn.Tanh, nn.Tanh]
    assert all(now is then for now, then in zip(model.parameters(), kept, strict=True))
    assert not torch.equal(model(inputs), before)
    assert torch.equal(model(inputs), _built(spec.Mlp(hidden=(5, 6), activation=activations.Tanh()))(inputs))


def test_dropout_comes_edits_and_goes() -> None:
    model = _built(spec.Mlp(hidden=(50,)))
    inputs = torch.randn(7, 4, 2)
    without = model(inputs)
    model.set_dropout(0.5)
    assert not torch.equal(model(inputs), without)
    model.eval()
    assert torch.equal(model(inputs), without)
    model.set_dropout(0.25)
    assert [(type(module), module.training) for module in model.dropouts] == [(nn.Dropout, False)]
    assert cast("nn.Dropout", model.dropouts[0]).p == 0.25
    model.train()
    model.set_dropout(0.0)
    assert isinstance(model.dropouts[0], nn.Identity)
    assert torch.equal(model(inputs), without)
    assert model.state_dict().keys() == _built(spec.Mlp(hidden=(50,))).state_dict().keys()


def test_dropout_zeroes_the_declared_share_and_scales_the_rest() -> None:
    model = _built(spec.Mlp(hidden=(2000,)))
    model.set_dropout(0.3)
    seen: list[torch.Tensor] = []
    model.layers[1].register_forward_hook(lambda _module, arguments, _output: seen.append(arguments[0]))
    inputs = torch.randn(1, 4, 2).expand(64, 4, 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model(inputs)
    model.eval()(inputs)
    dropped, whole = seen
    alive = whole > 0
    assert (dropped[alive] == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    kept = alive & (dropped != 0)
    torch.testing.assert_close(dropped[kept], whole[kept] / 0.7)


def test_a_copy_is_independent_and_computes_the_same() -> None:
    model = _built(spec.Mlp())
    twin = copy.deepcopy(model)
    inputs = torch.randn(3, 4, 2)
    assert torch.equal(model(inputs), twin(inputs))
    with torch.no_grad():
        next(twin.parameters()).add_(1.0)
    assert not _equal(model, twin)


def test_a_model_that_cannot_fit_is_refused_before_it_is_built() -> None:
    giant = spec.Mlp(hidden=(65_536,) * 1000)
    with pytest.raises(
        NotAvailable, match=r"4,29\d,\d+,\d+,\d+ parameters need [\d,.]+ GiB .* Choose fewer or narrower"
    ):
        build_model(giant, (8, 8), 10, 0)


def test_this_machine_has_memory() -> None:
    assert 2**27 < memory_bytes() < 2**50


def test_norms_and_dropout_stand_where_they_are_declared() -> None:
    model = spec.Mlp(hidden=(3, 3, 3))
    batch, layer = BatchNorm(layers=(2, 0)), LayerNorm(layers=(1,))
    assert norms_at((batch, layer), model) == (batch, layer, batch)
    assert norms_at((LayerNorm(),), model) == (LayerNorm(),) * 3
    assert dropout_at((Dropout(0.2, layers=(1,)),), model) == (0.0, 0.2, 0.0)
    assert dropout_at((Dropout(0.2),), model) == (0.2,) * 3
    assert norms_at((Dropout(),), model) == (None,) * 3
    assert dropout_at((batch,), model) == (0.0,) * 3
