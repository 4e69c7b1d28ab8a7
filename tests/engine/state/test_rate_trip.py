"""The rate finder: what it does to the run (nothing), and what it finds."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tests.engine.plain_loop import (
    OPTIMIZERS,
    assert_same,
    continuation,
    experiment,
    invariants,
    torch_optimizer,
    trainer,
)
from tui_dl.engine.training.batch_loop import PHASES
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, SpecError
from tui_dl.spec.catalogue import FAMILIES
from tui_dl.spec.component import component_name
from tui_dl.spec.preset import load_preset
from tui_dl.spec.rate_search import RateSearch, rate_search

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK: dict[str, Any] = {"batches": 12, "lowest": 1e-4, "highest": 1.0}
SCHEDULES: list[Any] = ["constant", "cosine", "warmup", {"name": "plateau", "patience": 0, "threshold": 1.0}]


def half_way(of: Trainer, phases: int) -> Iterator[str]:
    """Leave a batch after so many phases; 0 stays at the boundary."""
    left = of.phases()
    for _ in range(phases):
        next(left)
    return left


@settings(max_examples=15, deadline=None)
@given(
    optimizer=st.sampled_from(list(OPTIMIZERS.values())),
    schedule=st.sampled_from(SCHEDULES),
    dropout=st.sampled_from([0.0, 0.4]),
    penalty=st.booleans(),
    steps=st.integers(0, 9),
    phases=st.integers(0, len(PHASES) - 1),
    tried=st.integers(1, 12),
)
def test_training_goes_on_as_if_it_had_never_been(
    optimizer: dict[str, Any],
    schedule: Any,
    dropout: float,
    penalty: bool,
    steps: int,
    phases: int,
    tried: int,
) -> None:
    change: dict[str, Any] = {
        "optimizer": optimizer,
        "schedule": schedule,
        "regularizers": [
            {"name": "dropout", "p": dropout},
            {"name": "l2", "strength": 0.1 if penalty else 0},
        ],
    }
    of, never = trainer(**change), trainer(**change)
    for each in (of, never):
        continuation(each, steps)
        half_way(each, phases)
    before, outside = of.state_dict(), torch.get_rng_state()
    gradients = of.gradients.flat.clone()
    trip = of.rate_trip(of_twelve())
    for _ in range(tried):
        trip.try_next()
    assert_same(of.state_dict(), before)
    assert torch.equal(of.gradients.flat, gradients)
    assert torch.equal(torch.get_rng_state(), outside)
    assert of.is_half_done == (phases > 0)
    assert of.undo_depth == 0
    assert of.drain_scalars().values.shape[1] == steps
    invariants(of)
    assert continuation(of, 12) == continuation(never, 12)
    assert_same(of.state_dict(), never.state_dict())


def of_twelve() -> RateSearch:
    return rate_search(QUICK)


def each_of_the_catalogue() -> Iterator[Any]:
    """Every component that goes with the small experiment, as a change to it."""
    for family in ("regularizer", "optimizer", "model", "loss", "schedule"):
        place = "regularizers." if family == "regularizer" else ""
        for cls in FAMILIES[family]:
            name = component_name(cls)
            change: dict[str, Any] = {f"{place}{name}": True} if place else {family: name}
            try:
                experiment(change)
            except SpecError:
                continue
            yield pytest.param(change, id=f"{family} {name}")


@pytest.mark.parametrize("change", each_of_the_catalogue())
def test_no_component_lets_it_leave_a_trace(change: dict[str, Any]) -> None:
    of, never = Trainer(experiment(change)), Trainer(experiment(change))
    for each in (of, never):
        continuation(each, 3)
        half_way(each, 3)
    before = of.state_dict()
    of.rate_trip(of_twelve()).finish()
    assert_same(of.state_dict(), before)
    assert continuation(of, 5) == continuation(never, 5)
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize("phases", [0, 3, 6])
@pytest.mark.parametrize("name", ["sgd nesterov", "adam"])
def test_it_tries_what_a_plain_loop_on_copies_would(name: str, phases: int) -> None:
    declared = OPTIMIZERS[name]
    of = trainer(optimizer=declared, schedule="cosine")
    continuation(of, 5)
    half_way(of, phases)
    never = trainer(optimizer=declared, schedule="cosine")
    continuation(never, 5)
    model = copy.deepcopy(never.model)
    optimizer = torch_optimizer(declared, model.parameters())
    optimizer.load_state_dict(copy.deepcopy(never.optimizer.state_dict()))
    found = of.find_rate(**QUICK)
    losses = []
    for index in range(12):
        inputs, targets = never.peek_batch()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = found.search.rate(index)
        optimizer.step()
        losses.append(loss.item())
        never.train_batch()
    assert list(found.curve.losses) == losses
    assert found.curve.rates == pytest.approx([1e-4 * 10 ** (4 * k / 11) for k in range(12)])
    assert (found.ended, found.step) == ("tried", 5)


def test_a_rate_that_is_too_large_ends_it() -> None:
    diverged = trainer(optimizer="sgd", model__activation="identity", loss="mse").find_rate(highest=1e6)
    assert diverged.ended in ("diverged", "nonfinite")
    assert len(diverged.curve.losses) < 100
    assert all(map(math.isfinite, diverged.curve.losses))
    unstoppable = trainer(optimizer="sgd", model__activation="identity", loss="mse").find_rate(
        lowest=1.0, highest=1e6, stop_factor=1e6, batches=60, smoothing=0.0
    )
    assert unstoppable.ended in ("diverged", "nonfinite")


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_what_is_suggested_trains_better_than_a_hundredth_or_a_hundredfold_of_it(name: str) -> None:
    def digits(lr: float) -> Trainer:
        return Trainer(load_preset("digits-mlp", {"optimizer": {"name": name, "lr": lr}}))

    advice = digits(1e-3).find_rate().advice
    assert advice.suggested is not None
    assert advice.tenth_of_lowest is not None
    losses = {}
    for rate in (advice.tenth_of_lowest, advice.suggested / 100, advice.suggested, advice.suggested * 100):
        of = digits(rate)
        continuation(of, 50)
        losses[rate] = of.evaluate()["loss"]
    worse = losses[advice.suggested / 100], losses[advice.suggested * 100]
    assert losses[advice.suggested] < min(worse)
    assert losses[advice.tenth_of_lowest] < min(worse)


def test_a_search_that_is_left_gives_what_it_has() -> None:
    trip = trainer().rate_trip(of_twelve())
    for _ in range(3):
        trip.try_next()
    trip.cancel()
    found = trip.found()
    assert (found.ended, len(found.curve.rates)) == ("cancelled", 3)
    assert found.advice.suggested is None
    assert "too few" in found.advice.reason


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lowest": 0}, "lowest"),
        ({"lowest": 2.0, "highest": 1.0}, "lowest: 2 is not below highest, 1"),
        ({"batches": 4}, "batches"),
        ({"batches": 10.5}, "batches"),
        ({"batchs": 10}, "batches"),
        ({"smoothing": 1}, "smoothing"),
        ({"stop_factor": 1}, "stop_factor"),
        ({"highest": math.inf}, "highest"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said) as refused:
        trainer().find_rate(**wrong)
    assert str(refused.value).startswith("rate finder: ")


def somebodys(batches: Any) -> Trainer:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.3), nn.Linear(4, 1))
    groups = [{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9)
    return Trainer.from_parts(model=model, loss=nn.functional.mse_loss, optimizer=optimizer, batches=batches)


def loader(**more: Any) -> DataLoader[Any]:
    generator = torch.Generator().manual_seed(0)
    data = TensorDataset(torch.randn(40, 3, generator=generator), torch.randn(40, 1, generator=generator))
    return DataLoader(data, batch_size=8, shuffle=True, **more)


@pytest.mark.parametrize("steps", [0, 3, 5, 7])
@pytest.mark.parametrize("phases", [0, 2, 5])
def test_somebodys_own_batches_come_as_if_it_had_never_been(steps: int, phases: int) -> None:
    of, never = somebodys(loader()), somebodys(loader())
    for each in (of, never):
        continuation(each, steps)
        half_way(each, phases)
    found = of.find_rate(**QUICK)
    assert len(found.curve.losses) == 12
    # The very batch that comes next is the first that was tried.
    assert found.curve.losses[0] == never.train_batch().loss == of.train_batch().loss
    assert continuation(of, 12) == continuation(never, 12)
    assert_same(of.state_dict(), never.state_dict())
    assert [group["lr"] for group in of.optimizer.param_groups] == [0.1, 0.01]


def test_batches_that_come_once_can_not_be_looked_ahead() -> None:
    pairs = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(5)]
    with pytest.raises(ChangeRefused, match="generator"):
        somebodys(pair for pair in pairs).find_rate()


@pytest.mark.cuda
def test_on_cuda_it_leaves_no_trace_either() -> None:
    of = trainer(training__device="cuda", regularizers__dropout__p=0.3, optimizer="adam")
    continuation(of, 3)
    half_way(of, 4)
    before, outside = of.state_dict(), torch.cuda.get_rng_state()
    assert len(of.find_rate(**QUICK).curve.losses) > 3
    assert_same(of.state_dict(), before)
    assert torch.equal(torch.cuda.get_rng_state(), outside)
