"""Random state: derived, swapped in and out."""

import pytest
import torch

from tui_dl.engine.training.rng import RandomState, derived_seed

CPU = torch.device("cpu")


def test_seeds_differ_by_purpose_and_by_every_bit() -> None:
    seeds = {
        derived_seed(seed, *purpose)
        for seed in (0, 1, 2**32, 2**62)
        for purpose in (("a",), ("a", 1), ("b",))
    }
    assert len(seeds) == 12
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derived_seed(3, "x") == derived_seed(3, "x")


def test_inside_it_draws_its_own_and_outside_nothing_happened() -> None:
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    random = RandomState(CPU, 1)
    with random:
        first = torch.rand(2)
    with random:
        second = torch.rand(2)
    assert torch.equal(torch.rand(4), expected)
    with RandomState(CPU, 1):
        assert torch.equal(torch.rand(4), torch.cat([first, second]))
    with RandomState(CPU, 2):
        assert not torch.equal(torch.rand(2), first)


def test_preserved_draws_are_forgotten_even_after_an_error() -> None:
    random = RandomState(CPU, 1)
    with random.preserved():
        drawn = torch.rand(2)
    with pytest.raises(ValueError, match="broken"), random.preserved():
        raise ValueError("broken")
    with random:
        assert torch.equal(torch.rand(2), drawn)


def test_without_a_seed_it_takes_over_the_present_state() -> None:
    torch.manual_seed(9)
    random = RandomState(CPU, None)
    expected = torch.rand(3)
    with random:
        assert torch.equal(torch.rand(3), expected)
