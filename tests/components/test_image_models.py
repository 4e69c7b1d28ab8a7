"""Models of images: fitted to shapes, equal to plain torch, refused where samples are no images."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tui_dl.components.models import affine_maps, build_model
from tui_dl.errors import SpecError
from tui_dl.spec import models as spec
from tui_dl.spec import regularizers
from tui_dl.spec.activations import PRelu, Relu, Tanh

SHAPES = [(8, 8), (1, 8, 8), (28, 28), (3, 32, 32), (3, 5, 9)]
VECTORS = [(1,), (2,), (64,), (784,), (100, 8, 8)]
MODELS: list[spec.Model] = [
    spec.LinearModel(),
    spec.Mlp(hidden=(5,)),
    spec.Cnn(),
    spec.Cnn(channels=(3,), kernel=4, pooling="average", hidden=()),
    spec.Cnn(channels=(2, 3), kernel=1, hidden=(4,), activations=(Relu(), Tanh(), PRelu(per_unit=True))),
    spec.ResNet(width=3, blocks=(1, 2)),
    spec.ResNet(width=2, blocks=(1,), skip=False, activation=PRelu(per_unit=True)),
    spec.ResNet(width=4, blocks=()),
]


@pytest.mark.parametrize("shape", [*SHAPES, *VECTORS], ids=str)
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_every_model_fits_itself_to_the_data_or_says_why_not(
    model: spec.Model, shape: tuple[int, ...]
) -> None:
    if isinstance(model, spec.Cnn) and shape in VECTORS:
        with pytest.raises(SpecError, match=r"model: cnn takes images .* use mlp"):
            build_model(model, shape, 4, 0)
        return
    built = build_model(model, shape, 4, 0)
    assert built.places == model.places
    maps = affine_maps(model, shape, 4)
    affine = sum(parameter.numel() for layer in built.layers for parameter in layer.parameters())
    assert sum(each.parameters for each in maps) == affine
    for place in range(built.places):
        built.set_norm(regularizers.BatchNorm(), place)
        built.set_dropout(0.5, place)
    inputs = torch.randn(3, *shape)
    outputs = built(inputs)
    assert outputs.shape == (3, 4)
    outputs.square().sum().backward()
    assert all(cast("Tensor", parameter.grad).isfinite().all() for parameter in built.parameters())
    assert [name for name, _ in built.named_parameters()][:2] == ["layers.0.weight", "layers.0.bias"]


def test_a_cnn_is_lenet_by_hand() -> None:
    built = build_model(spec.Cnn(), (28, 28), 10, 0)
    first, second, third, fourth, last = cast("list[Any]", list(built.layers))
    plain = nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16 * 7 * 7, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    for place, layer in zip((1, 4, 8, 10, 12), (first, second, third, fourth, last), strict=True):
        plain[place].load_state_dict(layer.state_dict())
    inputs = torch.randn(5, 28, 28)
    assert torch.equal(built(inputs), plain(inputs))
    assert torch.equal(built(inputs), built(inputs.unsqueeze(1)))


def test_first_weights_are_those_of_a_plain_model_built_after_manual_seed() -> None:
    built = build_model(spec.Cnn(channels=(2,), hidden=(3,)), (8, 8), 2, 7)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        plain = nn.ModuleList([nn.Conv2d(1, 2, 5, padding=2), nn.Linear(2 * 4 * 4, 3), nn.Linear(3, 2)])
    for ours, theirs in zip(built.layers.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("skip", [True, False])
def test_a_resnet_of_images_is_its_formula(skip: bool) -> None:
    built = build_model(spec.ResNet(width=3, blocks=(1, 1), skip=skip), (3, 9, 8), 4, 0)
    stem, one, two, three, four, head = cast("list[Any]", list(built.layers))
    inputs = torch.randn(5, 3, 9, 8)
    x = F.relu(stem(inputs))
    inside = two(F.relu(one(x)))
    x = F.relu(inside + x if skip else inside)
    inside = four(F.relu(three(x)))
    assert inside.shape == (5, 6, 5, 4)
    shortcut = torch.zeros_like(inside)
    shortcut[:, :3] = x[:, :, ::2, ::2]
    x = F.relu(inside + shortcut if skip else inside)
    assert torch.equal(built(inputs), head(x.mean((2, 3))))


@pytest.mark.parametrize("skip", [True, False])
def test_a_resnet_of_vectors_is_its_formula(skip: bool) -> None:
    built = build_model(spec.ResNet(width=3, blocks=(1, 1), skip=skip), (2,), 1, 0)
    stem, one, two, three, four, head = cast("list[Any]", list(built.layers))
    inputs = torch.randn(5, 2)
    x = F.relu(stem(inputs))
    inside = two(F.relu(one(x)))
    x = F.relu(inside + x if skip else inside)
    inside = four(F.relu(three(x)))
    x = F.relu(inside + F.pad(x, (0, 3)) if skip else inside)
    assert torch.equal(built(inputs), head(x))


def test_batch_norm_of_images_is_torchs_own() -> None:
    built = build_model(spec.Cnn(channels=(3,), hidden=(4,)), (8, 8), 2, 0)
    built.set_norm(regularizers.BatchNorm(momentum=0.3), 0)
    built.set_norm(regularizers.LayerNorm(), 1)
    conv, dense, last = cast("list[Any]", list(built.layers))
    norm = nn.BatchNorm2d(3, momentum=0.3)
    inputs = torch.randn(6, 8, 8)
    hidden = F.max_pool2d(F.relu(norm(conv(inputs.unsqueeze(1)))), 2).flatten(1)
    assert torch.equal(built(inputs), last(F.relu(F.layer_norm(dense(hidden), (4,)))))
    ours = cast("Any", built.norms[0])
    assert torch.equal(ours.running_mean, norm.running_mean)
    assert torch.equal(ours.running_var, norm.running_var)
    built(inputs[:1])
    assert torch.equal(ours.running_var, norm.running_var)


def test_layer_norm_of_images_takes_all_channels_and_places_of_a_sample_together() -> None:
    built = build_model(spec.Cnn(channels=(3,), hidden=()), (8, 8), 2, 0)
    built.set_norm(regularizers.LayerNorm(), 0)
    values = torch.randn(4, 3, 8, 8)
    torch.testing.assert_close(built.norms[0](values), F.layer_norm(values, (3, 8, 8)))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            spec.Cnn(channels=(4,) * 4),
            r"model.channels: images of 8 x 8 can't be halved 4 times; give at most 3",
        ),
        (
            spec.Cnn(kernel=17),
            r"model.kernel: a kernel of 17 is more than images of 8 x 8 have room for.*most 16",
        ),
        (spec.Cnn(channels=(1, 1, 1), kernel=2), r"model.kernel: a kernel of 2 leaves nothing"),
    ],
)
def test_a_cnn_that_leaves_nothing_of_the_image_is_refused(model: spec.Cnn, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        affine_maps(model, (8, 8), 10)
