"""State: plain tensors and numbers, from which a run goes on bit for bit."""

import io
import math
from typing import Any

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, experiment, invariants, trainer
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, UsageError


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_goes_on_from_a_file(name: str) -> None:
    of = trainer(optimizer=OPTIMIZERS[name], regularizers__dropout__p=0.2, schedule="cosine")
    continuation(of, 10)
    state = through_a_file(of.state_dict())
    fresh = Trainer(experiment())
    fresh.load_state_dict(state)
    assert fresh.experiment == of.experiment
    invariants(fresh)
    assert (fresh.step, fresh.epoch, fresh.epoch_samples, fresh.samples_seen) == (10, 1, 48, 152)
    assert continuation(fresh, 20) == continuation(of, 20)
    assert_same(fresh.state_dict(), of.state_dict())


def test_after_changes_it_holds_what_is_running() -> None:
    of = trainer(loss="mse")
    continuation(of, 5)
    of.apply(
        {
            "loss": "huber",
            "model.activation": "tanh",
            "optimizer": OPTIMIZERS["sgd nesterov"],
            "training.batch_size": 9,
        },
        warmup_steps=8,
    )
    continuation(of, 3)
    of.apply({"regularizers.dropout.p": 0.3, "data.noise": 0.3})
    continuation(of, 3)
    of.apply({"regularizers.dropout.p": 0.4, "loss": "mse"}, warmup_steps=20)
    continuation(of, 3)
    twin = trainer()
    twin.load_state_dict(through_a_file(of.state_dict()))
    assert twin.experiment == of.experiment
    assert twin.lr == of.lr
    invariants(twin)
    assert continuation(twin) == continuation(of)
    assert twin.train_batch().metrics == of.train_batch().metrics
    assert "loss.huber" not in trainer().train_batch().metrics


def test_loading_keeps_the_objects_of_the_same_network() -> None:
    of = trainer()
    state = of.state_dict()
    expected = continuation(of, 8)
    model, parameters = of.model, list(of.model.parameters())
    of.apply({"model.activation": "sigmoid", "optimizer": "sgd"})
    of.load_state_dict(state)
    assert of.model is model
    assert all(mine is now for mine, now in zip(parameters, of.model.parameters(), strict=True))
    assert of.undo_depth == 0
    invariants(of)
    assert continuation(of, 8) == expected


def test_later_updates_reach_neither_a_saved_nor_a_loaded_state() -> None:
    of = trainer()
    continuation(of, 3)
    state = of.state_dict()
    kept = through_a_file(state)
    continuation(of, 3)
    assert_same(state, kept)
    of.load_state_dict(state)
    continuation(of, 3)
    assert_same(state, kept)


def test_inside_a_batch_it_is_the_state_at_its_beginning() -> None:
    of = trainer(regularizers__dropout__p=0.5)
    continuation(of, 4)
    before = of.state_dict()
    for phase in of.phases():
        if phase != "update":
            assert_same(of.state_dict(), before)
    twin = trainer()
    twin.load_state_dict(before)
    twin.train_batch()
    assert continuation(twin) == continuation(of)


def test_a_half_done_batch_does_not_reach_into_a_loaded_state() -> None:
    of = trainer(regularizers__dropout__p=0.5)
    state = of.state_dict()
    expected = continuation(of, 8)
    for phase in of.phases():
        if phase == "forward":
            break
    of.load_state_dict(state)
    assert continuation(of, 8) == expected


def test_nonfinite_weights_are_saved_as_they_are() -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 1e9}, loss="mse", model__activation="identity")
    continuation(of, 30)
    twin = trainer()
    twin.load_state_dict(through_a_file(of.state_dict()))
    assert math.isnan(twin.train_batch().loss)


def test_what_is_no_state_is_refused() -> None:
    of = trainer()
    state = of.state_dict()
    with pytest.raises(UsageError, match="format, experiment"):
        of.load_state_dict({})
    with pytest.raises(UsageError, match="format 99"):
        of.load_state_dict(state | {"format": 99})
    with pytest.raises(UsageError, match="can't be read"):
        of.load_state_dict(state | {"experiment": "nonsense ="})
    broken = dict(state["model"])
    broken["layers.0.weight"] = torch.zeros(1)
    with pytest.raises(UsageError, match=r"layers\.0\.weight has shape \(1,\)"):
        of.load_state_dict(state | {"model": broken})
    del broken["layers.0.weight"]
    with pytest.raises(UsageError, match=r"layers\.0\.weight is missing"):
        of.load_state_dict(state | {"model": broken})
    with pytest.raises(UsageError, match="holds 0 parameters; here 6 are trained"):
        of.load_state_dict(state | {"optimizer": {"state": {}, "param_groups": []}})
    assert_same(of.state_dict(), state)
    assert of.train_batch().step == 1


def test_more_epochs_are_planned() -> None:
    of = trainer(training__epochs=2)
    assert of.total_steps == 14
    continuation(of, 14)
    assert (of.total_steps, of.epoch) == (14, 2)
    of.extend(1)
    assert of.total_steps == 21
    continuation(of, 9)
    of.extend(1)
    assert of.total_steps == 28
    for bad in (0, -1, 1.5, True):
        with pytest.raises(ChangeRefused, match="epochs"):
            of.extend(bad)  # type: ignore[arg-type]
