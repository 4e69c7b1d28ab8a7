"""Which rates are offered for another optimizer, and how long its next step is said to be."""

from typing import Any

import pytest
import torch

from tests.engine.plain_loop import (
    OPTIMIZERS,
    continuation,
    weights,
)
from tests.engine.swap.trained import trained
from tui_dl.engine.training.trainer import Trainer


def test_rates_are_offered_with_what_each_would_do() -> None:
    of = trained(40, optimizer={"name": "adam", "lr": 0.01})
    plan = of.plan({"optimizer": {"name": "sgd", "lr": 0.001}})
    offers = {offer.label: offer for offer in plan.rate_options}
    assert list(offers) == ["default", "same number", "matched", "chosen"]
    assert (offers["default"].lr, offers["same number"].lr, offers["chosen"].lr) == (0.1, 0.01, 0.001)
    assert offers["matched"].relative_update == pytest.approx(1, rel=0.01)
    assert any("shorter" in warning for warning in plan.warnings)
    for offer in plan.rate_options:
        receipt = of.apply({"optimizer": {"name": "sgd", "lr": offer.lr}})
        assert receipt.relative_update == pytest.approx(offer.relative_update, rel=1e-4)
        of.undo()
    assert of.plan({"optimizer.lr": 0.02}).rate_options == ()


def test_no_rate_is_called_matched_where_the_rate_sets_no_length() -> None:
    of = trained(40, optimizer=OPTIMIZERS["sgd momentum"])
    adam = offered(of, {"name": "adam", "beta1": 0.8})
    assert offered(of, {"name": "radam", "beta1": 0.8})["matched"] == pytest.approx(adam["matched"], rel=0.02)
    assert set(offered(of, "adamax")) == set(offered(of, "muon")) == {"default", "same number", "matched"}
    assert set(offered(of, "adadelta")) == {"default", "same number"}
    plan = of.plan({"optimizer": "lbfgs", "training.batch_size": 1000})
    assert [offer.relative_update for offer in plan.rate_options] == [None, None]
    # However large the rate, Adafactor's first step is no longer than the weights.
    assert "matched" not in offered(trained(3, optimizer={"name": "sgd", "lr": 5.0}), "adafactor")


def offered(of: Trainer, optimizer: Any) -> dict[str, float]:
    """Rates by their labels."""
    return {offer.label: offer.lr for offer in of.plan({"optimizer": optimizer}).rate_options}


def test_rprops_rate_counts_with_fresh_state() -> None:
    of = trained(5, optimizer=OPTIMIZERS["rprop"])
    never = trained(5, optimizer=OPTIMIZERS["rprop"])
    assert any("counts with fresh state" in each for each in of.plan({"optimizer.lr": 0.5}).warnings)
    of.apply({"optimizer.lr": 0.5})
    assert continuation(of, 5) == continuation(never, 5)
    of.apply({}, state="fresh")
    moved = weights(of.model)
    of.train_batch()
    moved = {name: (value - moved[name]).abs() for name, value in weights(of.model).items()}
    # The longest step that is set.
    assert max(float(each.max()) for each in moved.values()) == pytest.approx(0.02, rel=1e-4)


def test_the_relative_update_is_the_one_that_comes() -> None:
    of, never = (trained(40) for _ in range(2))

    def update_of(each: Trainer) -> float:
        before = torch.cat([p.detach().flatten().clone() for p in each.model.parameters()])
        each.train_batch()
        return float((torch.cat([p.detach().flatten() for p in each.model.parameters()]) - before).norm())

    receipt = of.apply({"optimizer": {"name": "adagrad", "lr": 0.02}, "regularizers.weight_decay.rate": 0.1})
    assert receipt.relative_update == pytest.approx(update_of(of) / update_of(never), rel=1e-3)
