"""Penalties by formula and gradient, and the numbers that others act on."""

import pytest
import torch

from tui_dl.components.regularizers import clip_norm, decay_rate, early_stopping, penalty
from tui_dl.spec import regularizers as spec


def _weights() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    first, second = torch.randn(4, 3, generator=generator), torch.randn(2, 4, generator=generator)
    first[0, 0] = 0.0
    return [first.requires_grad_(), second.requires_grad_()]


def test_l1_is_the_sum_of_magnitudes_with_their_signs_as_gradient() -> None:
    weights = _weights()
    value = penalty([spec.L1(strength=0.3)], weights)
    assert value is not None
    value.backward()
    assert value.item() == pytest.approx(0.3 * sum(weight.abs().sum().item() for weight in weights))
    for weight in weights:
        assert weight.grad is not None
        torch.testing.assert_close(weight.grad, 0.3 * weight.detach().sign())


def test_l2_is_half_the_sum_of_squares_with_the_weights_as_gradient() -> None:
    weights = _weights()
    value = penalty([spec.L2(strength=0.3)], weights)
    assert value is not None
    value.backward()
    assert value.item() == pytest.approx(0.15 * sum(weight.square().sum().item() for weight in weights))
    for weight in weights:
        assert weight.grad is not None
        torch.testing.assert_close(weight.grad, 0.3 * weight.detach())


def test_penalties_add_up() -> None:
    weights = _weights()
    both = penalty([spec.L1(strength=0.2), spec.Dropout(), spec.L2(strength=0.1)], weights)
    first, second = penalty([spec.L1(strength=0.2)], weights), penalty([spec.L2(strength=0.1)], weights)
    assert both is not None
    assert first is not None
    assert second is not None
    torch.testing.assert_close(both, first + second)


@pytest.mark.parametrize(
    "regularizers",
    [
        (),
        (spec.L1(strength=0),),
        (spec.L2(strength=0.0), spec.L1(strength=0.0)),
        (spec.Dropout(), spec.WeightDecay(), spec.GradientClipping(), spec.EarlyStopping()),
    ],
)
def test_nothing_to_add_is_none(regularizers: tuple[spec.Regularizer, ...]) -> None:
    assert penalty(regularizers, _weights()) is None


def test_a_model_without_weights_has_no_penalty() -> None:
    assert penalty([spec.L2(strength=1.0)], []) is None


def test_a_transposed_weight_counts_like_any_other() -> None:
    weight = _weights()[0]
    straight, turned = (
        penalty([spec.L2(strength=1.0)], [weight]),
        penalty([spec.L2(strength=1.0)], [weight.T]),
    )
    assert straight is not None
    assert turned is not None
    torch.testing.assert_close(straight, turned)


def test_numbers_are_found_wherever_they_stand() -> None:
    stopping = spec.EarlyStopping(patience=3)
    regularizers = (
        spec.L2(),
        spec.WeightDecay(rate=0.2),
        spec.Dropout(p=0.3),
        spec.GradientClipping(max_norm=2.0),
        stopping,
    )
    assert decay_rate(regularizers) == 0.2
    assert clip_norm(regularizers) == 2.0
    assert early_stopping(regularizers) is stopping


def test_numbers_of_what_is_absent_do_nothing() -> None:
    assert decay_rate(()) == 0.0
    assert clip_norm(()) is None
    assert early_stopping(()) is None
