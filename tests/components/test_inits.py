"""Every init: torch's own bits, its spread against the formula, its biases, the same bits for a seed."""

import math
from collections.abc import Callable

import pytest
import torch
from msgspec import structs
from torch import Tensor, nn

from tests.components.catalogue import INITS, name
from tui_dl.components.inits import initialise
from tui_dl.spec import inits as spec

INPUTS, OUTPUTS = 400, 600
DEVIATIONS = {
    "default": math.sqrt(1 / (3 * INPUTS)),
    "kaiming_normal": math.sqrt(2 / INPUTS),
    "kaiming_uniform": math.sqrt(2 / INPUTS),
    "xavier_normal": math.sqrt(2 / (INPUTS + OUTPUTS)),
    "xavier_uniform": math.sqrt(2 / (INPUTS + OUTPUTS)),
    "normal": 0.01,
    "zeros": 0.0,
}
UNIFORM = {"default", "kaiming_uniform", "xavier_uniform"}
SPREAD = [init for init in INITS if init.name in DEVIATIONS]
SAME_FOR_ALL_SEEDS = {"zeros", "ones", "constant"}

BY_HAND: list[tuple[spec.Init, Callable[[Tensor], object]]] = [
    (spec.KaimingNormal(), lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
    (
        spec.KaimingNormal(mode="fan_out", nonlinearity="leaky_relu", negative_slope=0.2),
        lambda w: nn.init.kaiming_normal_(w, 0.2, "fan_out", "leaky_relu"),
    ),
    (spec.KaimingUniform(), lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu")),
    (
        spec.KaimingUniform(mode="fan_out", nonlinearity="tanh"),
        lambda w: nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="tanh"),
    ),
    (spec.XavierNormal(), nn.init.xavier_normal_),
    (spec.XavierNormal(nonlinearity="tanh"), lambda w: nn.init.xavier_normal_(w, gain=5 / 3)),
    (spec.XavierUniform(gain=0.5), lambda w: nn.init.xavier_uniform_(w, gain=0.5)),
    (
        spec.XavierUniform(nonlinearity="relu"),
        lambda w: nn.init.xavier_uniform_(w, gain=nn.init.calculate_gain("relu")),
    ),
    (spec.LecunNormal(), lambda w: nn.init.normal_(w, std=math.sqrt(1 / w[0].numel()))),
    (spec.Normal(std=0.3, mean=-1.0), lambda w: nn.init.normal_(w, -1.0, 0.3)),
    (spec.TruncNormal(), lambda w: nn.init.trunc_normal_(w, 0.0, 0.02, -0.04, 0.04)),
    (spec.Uniform(low=-0.5, high=1.0), lambda w: nn.init.uniform_(w, -0.5, 1.0)),
    (spec.Orthogonal(gain=2.0), lambda w: nn.init.orthogonal_(w, 2.0)),
    (spec.Sparse(sparsity=0.3, std=0.2), lambda w: nn.init.sparse_(w.flatten(1), 0.3, 0.2)),
    (spec.Constant(value=0.7), lambda w: nn.init.constant_(w, 0.7)),
    (spec.Ones(), nn.init.ones_),
    (spec.Zeros(), nn.init.zeros_),
]


@pytest.mark.parametrize("bias", ["zero", "default"])
@pytest.mark.parametrize(("init", "by_hand"), BY_HAND, ids=[repr(init) for init, _ in BY_HAND])
def test_an_init_is_torchs_own_bit_for_bit(
    init: spec.Init, by_hand: Callable[[Tensor], object], bias: str
) -> None:
    init = structs.replace(init, bias=bias)
    for plain, ours in [(nn.Linear(7, 5), nn.Linear(7, 5)), (nn.Conv2d(3, 5, 3), nn.Conv2d(3, 5, 3))]:
        fan_in = plain.weight[0].numel()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(11)
            with torch.no_grad():
                by_hand(plain.weight)
                plain.bias.zero_()
            if bias == "default":
                nn.init.uniform_(plain.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))
            torch.manual_seed(11)
            initialise(init, ours)
        assert torch.equal(ours.weight, plain.weight)
        torch.testing.assert_close(ours.bias, plain.bias, rtol=1e-6, atol=0)


def test_every_init_is_compared() -> None:
    assert {type(init) for init in INITS} == {spec.Default, *(type(init) for init, _ in BY_HAND)}


def _initialised(init: spec.Init, seed: int) -> nn.Linear:
    linear = nn.Linear(INPUTS, OUTPUTS)
    nn.init.constant_(linear.weight, 7.0)
    nn.init.constant_(linear.bias, 7.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        initialise(init, linear)
    return linear


@pytest.mark.parametrize("init", SPREAD, ids=name)
def test_the_weights_have_the_declared_spread_around_zero(init: spec.Init) -> None:
    weight = _initialised(init, 0).weight.detach()
    deviation = DEVIATIONS[init.name]
    # Five standard errors of mean and deviation over 240 000 weights.
    assert weight.mean().item() == pytest.approx(0, abs=5 * deviation / math.sqrt(weight.numel()) + 1e-12)
    assert weight.std().item() == pytest.approx(deviation, rel=0.01, abs=1e-12)


@pytest.mark.parametrize("init", SPREAD, ids=name)
def test_a_uniform_init_is_bounded_and_a_normal_one_has_tails(init: spec.Init) -> None:
    largest = _initialised(init, 0).weight.abs().max().item()
    deviation = DEVIATIONS[init.name]
    if init.name in UNIFORM:
        assert largest <= deviation * math.sqrt(3) * (1 + 1e-6)
    elif deviation > 0:
        assert largest > 4 * deviation


@pytest.mark.parametrize("init", INITS, ids=name)
def test_biases_are_zero_but_for_torchs_default(init: spec.Init) -> None:
    bias = _initialised(init, 0).bias.detach()
    if init.name == "default":
        assert 0 < bias.abs().max().item() <= 1 / math.sqrt(INPUTS)
    else:
        assert torch.equal(bias, torch.zeros(OUTPUTS))


@pytest.mark.parametrize("init", INITS, ids=name)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(init: spec.Init) -> None:
    first, again, other = (_initialised(init, seed) for seed in (3, 3, 4))
    assert torch.equal(first.weight, again.weight)
    assert torch.equal(first.bias, again.bias)
    assert torch.equal(first.weight, other.weight) == (init.name in SAME_FOR_ALL_SEEDS)


def test_default_is_what_a_new_linear_layer_has() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        plain = nn.Linear(INPUTS, OUTPUTS)
    ours = _initialised(spec.Default(), 5)
    assert torch.equal(ours.weight, plain.weight)
    assert torch.equal(ours.bias, plain.bias)


@pytest.mark.parametrize(
    ("small", "large", "times"),
    [
        (spec.XavierNormal(), spec.XavierNormal(gain=4.0), 4),
        (spec.XavierUniform(gain=0.5), spec.XavierUniform(gain=4.0), 8),
        (spec.Normal(std=0.25), spec.Normal(std=0.5), 2),
    ],
)
def test_a_factor_scales_the_same_draw(small: spec.Init, large: spec.Init, times: float) -> None:
    def weight(init: spec.Init) -> Tensor:
        return _initialised(init, 1).weight.detach()

    torch.testing.assert_close(weight(small) * times, weight(large))


def test_a_deviation_of_zero_is_all_zeros() -> None:
    assert not _initialised(spec.Normal(std=0), 0).weight.any()
