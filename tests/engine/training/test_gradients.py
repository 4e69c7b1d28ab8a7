"""The flat gradient buffer: views that stay views."""

import copy

import torch
from torch import nn

from tui_dl.engine.training.gradients import GradientBuffer


def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2), nn.Linear(2, 2))


def backward(net: nn.Module, value: float = 1.0) -> None:
    net(torch.full((4, 3), value)).square().sum().backward()


def test_every_gradient_is_a_view() -> None:
    net = model()
    buffer = GradientBuffer(list(net.parameters()))
    buffer.zero()
    backward(net)
    buffer.gather()
    joined = torch.cat([parameter.grad.flatten() for parameter in net.parameters()])  # type: ignore[union-attr]
    assert torch.equal(buffer.flat, joined)
    assert buffer.flat.numel() == sum(parameter.numel() for parameter in net.parameters())
    assert buffer.norm() == torch.linalg.vector_norm(joined)


def test_gradients_set_to_none_or_replaced_come_back() -> None:
    net = model()
    buffer = GradientBuffer(list(net.parameters()))
    for reset in (lambda: net.zero_grad(set_to_none=True), lambda: backward(net)):
        reset()
        buffer.zero()
        assert not buffer.flat.any()
        net.zero_grad(set_to_none=True)
        backward(net)
        expected = [parameter.grad.clone() for parameter in net.parameters()]  # type: ignore[union-attr]
        buffer.gather()
        for parameter, view, gradient in zip(net.parameters(), buffer.views, expected, strict=True):
            assert parameter.grad is view
            assert torch.equal(view, gradient)


def test_a_copied_model_has_gradients_of_its_own() -> None:
    net = model()
    buffer = GradientBuffer(list(net.parameters()))
    twin = copy.deepcopy(net)
    backward(twin)
    assert not buffer.flat.any()


def test_what_the_loss_does_not_reach_is_skipped_on_request() -> None:
    net = model()
    buffer = GradientBuffer(list(net.parameters()), skip_unused=True)
    for _ in range(3):
        buffer.zero()
        net[0](torch.ones(1, 3)).sum().backward()
        buffer.gather()
        assert [parameter.grad is None for parameter in net.parameters()] == [
            False,
            False,
            True,
            True,
            True,
            True,
        ]
    buffer.zero()
    backward(net)
    buffer.gather()
    assert all(parameter.grad is view for parameter, view in zip(net.parameters(), buffer.views, strict=True))


def test_several_types_have_a_buffer_each_and_one_norm() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2).double())
    buffer = GradientBuffer(list(net.parameters()))
    net[1](net[0](torch.ones(2, 3)).double()).sum().backward()
    buffer.gather()
    total = sum(float(parameter.grad.double().square().sum()) for parameter in net.parameters())  # type: ignore[union-attr]
    assert len(buffer.flats) == 2
    assert abs(buffer.norm().item() - total**0.5) < 1e-6
    assert abs(buffer.flat.norm().item() - total**0.5) < 1e-6
