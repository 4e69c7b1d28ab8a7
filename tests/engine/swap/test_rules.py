"""What every change must do, rule by rule: the ones that no other file of this folder is about."""

from typing import Any

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, trainer
from tests.engine.swap.trained import states, trained
from tui_dl.engine.training.batches import ResidentBatches

NUMBERS: tuple[dict[str, Any], ...] = (
    {"optimizer.lr": 0.02},
    {"optimizer.beta1": 0.5, "optimizer.beta2": 0.9},
    {"optimizer.eps": 1e-4},
)
SETTINGS: tuple[dict[str, Any], ...] = (
    {"training.batch_size": 7},
    {"training.accumulate": 2},
    {"training.precision": "bfloat16"},
    {"training.compile": "on"},
    {"schedule": "cosine"},
    {"model.activation": "tanh"},
    {"regularizers.l2.strength": 0.1},
    {"regularizers.dropout.p": 0.3},
    {"regularizers.gradient_clipping.max_norm": 0.1},
)


@pytest.mark.parametrize("change", [*NUMBERS, *SETTINGS], ids=lambda change: ", ".join(change))
def test_numbers_and_settings_keep_weights_state_and_position(change: dict[str, Any]) -> None:
    of = trained(12)
    assert of.experiment is not None
    weights = [parameter.detach().clone() for parameter in of.model.parameters()]
    held, position = states(of), (of.epoch, of.epoch_samples, of.step, of.samples_seen)
    receipt = of.apply(change)
    assert {"weights", "position", "optimizer.exp_avg", "optimizer.exp_avg_sq"} <= set(receipt.kept)
    assert not receipt.reset
    for parameter, before in zip(of.model.parameters(), weights, strict=True):
        assert torch.equal(parameter, before)
    assert_same(states(of), held)
    assert (of.epoch, of.epoch_samples, of.step, of.samples_seen) == position


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adagrad"])
@pytest.mark.parametrize("way", ["bare", "dotted", "table"])
def test_a_rate_is_never_silently_kept_across_optimizers(name: str, way: str) -> None:
    of = trained(5, optimizer={"name": "adam", "lr": 0.037})
    other = OPTIMIZERS[name]["name"]
    changes: dict[str, dict[str, Any]] = {
        "bare": {"optimizer": other},
        "dotted": {"optimizer.name": other},
        "table": {"optimizer": {"name": other}},
    }
    plan = of.plan(changes[way])
    assert {"default", "same number"} <= {option.label for option in plan.rate_options}
    of.apply(changes[way])
    assert of.experiment is not None
    default = type(of.experiment.optimizer)().lr
    assert (of.lr, of.experiment.optimizer.lr) == (default, default)
    assert default != 0.037


def test_the_next_batch_of_another_size_starts_where_the_last_ended() -> None:
    of = trained(3)
    source = of._parts.batches
    assert isinstance(source, ResidentBatches)
    order, at = source._order, of.epoch_samples
    of.apply({"training.batch_size": 5, "training.accumulate": 3})
    inputs, _ = of.peek_batch()
    assert torch.equal(inputs, source.inputs[order[at : at + 15]])


def test_settings_of_the_run_alone_change_no_bit() -> None:
    of, never = trained(6), trained(6)
    for change in ({"training.pace": 3.0}, {"training.nonfinite": "continue"}, {"title": "Another"}):
        assert of.apply(change).edits
    assert continuation(of, 6) == continuation(never, 6)


def test_penalties_are_a_series_of_their_own() -> None:
    of = trainer()
    of.train_batch()
    of.drain_scalars()
    of.apply({"regularizers.l2.strength": 0.1})
    of.train_batch()
    scalars = of.drain_scalars()
    loss, data_loss, penalty = (
        scalars.values[scalars.names.index(name), 0] for name in ("loss", "data_loss", "penalty")
    )
    assert penalty > 0
    assert loss == pytest.approx(data_loss + penalty)
