"""NaN and infinity: stopped before they spread, with the first bad layer named."""

import math

import pytest
import torch

from tests.engine.plain_loop import assert_same, continuation, trainer, weights
from tui_dl.engine.training.nonfinite import NonFinite
from tui_dl.engine.training.trainer import Trainer


def train_to_the_end(of: Trainer) -> NonFinite:
    of.stop_on_nonfinite = True
    for _ in range(200):
        before = of.state_dict()
        try:
            of.train_batch()
        except NonFinite as error:
            assert_same(of.state_dict(), before)
            return error
    raise AssertionError("all stayed finite")


@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 1e9}, {"name": "adam", "lr": 1e9}])
def test_a_huge_rate_stops_before_the_update(optimizer: dict[str, object]) -> None:
    of = trainer(optimizer=optimizer, model__activation="identity", loss="mse")
    error = train_to_the_end(of)
    assert error.what in ("activations", "gradient", "loss")
    assert error.exit_code == 5
    assert all(torch.isfinite(value).all() for value in weights(of.model).values())
    assert not of.is_half_done


def test_the_same_batch_comes_again_with_the_same_draws() -> None:
    of = trainer(regularizers__dropout__p=0.4)
    twin = trainer(regularizers__dropout__p=0.4)
    continuation(of, 3)
    continuation(twin, 3)
    of.stop_on_nonfinite = True
    bias = of.model.layers[1].bias  # type: ignore[index, union-attr]
    kept = bias[0].item()
    with torch.no_grad():
        bias[0] = math.nan
    peeked = of.peek_batch()
    with pytest.raises(NonFinite) as caught:
        of.train_batch()
    assert (caught.value.what, caught.value.layer) == ("weights", "layers.1")
    assert torch.equal(of.peek_batch()[0], peeked[0])
    with torch.no_grad():
        bias[0] = kept
    assert continuation(of, 10) == continuation(twin, 10)


def test_the_first_bad_activation_is_named() -> None:
    of = trainer(model__activation="identity")
    of.stop_on_nonfinite = True
    with torch.no_grad():
        of.model.layers[1].weight.fill_(3e38)  # type: ignore[index, union-attr]
    with pytest.raises(NonFinite, match=r"activations in layers\.1: the update was not made") as caught:
        of.train_batch()
    assert caught.value.layer == "layers.1"
    assert not of.model._forward_hooks


def test_bad_gradients_are_named_from_the_end() -> None:
    of = trainer()
    of.stop_on_nonfinite = True
    for phase in of.phases():
        if phase == "backward":
            of.gradients.views[0].fill_(math.inf)
            of.gradients.views[2].fill_(math.nan)
            break
    with pytest.raises(NonFinite) as caught:
        of.train_batch()
    assert (caught.value.what, caught.value.layer) == ("gradient", "layers.1")


def test_after_it_a_change_can_mend_the_run() -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 1e9}, model__activation="identity", loss="mse")
    train_to_the_end(of)
    of.restart()
    of.apply({"optimizer.lr": 0.01})
    assert math.isfinite(continuation(of, 50)[-1])
    for phase in of.phases():
        if phase == "backward":
            of.gradients.flat.fill_(math.nan)
            break
    assert of.is_half_done
    of.apply({"optimizer.lr": 0.02})
    assert not of.is_half_done
    assert of.step == 50
