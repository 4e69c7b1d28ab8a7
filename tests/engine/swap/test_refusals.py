"""Changes that can't work: refused with the reason, and nothing is touched."""

import math
from typing import Any

import pytest

from tests.engine.plain_loop import (
    assert_same,
    continuation,
    trainer,
)
from tests.engine.swap.trained import trained
from tui_dl.errors import ChangeRefused

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"loss": "nonsense"}, "nonsense"),
    ({"optimizer.lr": -1}, "optimizer.lr"),
    ({"optimizer.lr": math.nan}, "optimizer.lr"),
    ({"optimizer.lr": math.inf}, "optimizer.lr"),
    ({"optimizer.momentum": 0.9}, "momentum"),
    ({"optimizer": {"name": "sgd", "nesterov": True}}, "momentum above 0"),
    (
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True, "dampening": 0.1}},
        r"optimizer.nesterov: true needs dampening 0, and it is 0.1; set optimizer.dampening to 0",
    ),
    ({"optimizer": "adamw", "regularizers.weight_decay": True}, "weight_decay"),
    ({"model.hidden": [0]}, "hidden"),
    ({"training.device": "cuda:77"}, "not available"),
    ({"data": "sine"}, "cross_entropy"),
    ({"no.such": 1}, "no"),
    ({"regularizers.dropout.p": 1.0}, "below 1"),
]


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_what_cannot_work_is_refused_and_nothing_is_touched(change: dict[str, Any], words: str) -> None:
    of, never = trained(), trained()
    for act in (of.plan, of.apply):
        with pytest.raises(ChangeRefused) as caught:
            act(change)
        assert words in str(caught.value)
    assert of.undo_depth == 0
    assert continuation(of, 5) == continuation(never, 5)
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize(("state", "warmup"), [("keep", 0), (None, -1), (None, 1.5), (None, True), ("", 0)])
def test_odd_arguments_are_refused(state: Any, warmup: Any) -> None:
    with pytest.raises(ChangeRefused, match="must be"):
        trainer().apply({"optimizer.lr": 0.1}, state=state, warmup_steps=warmup)


def test_cross_entropy_is_refused_for_a_regression_with_what_would_work() -> None:
    of = trainer(data="sine", loss="mse")
    with pytest.raises(
        ChangeRefused, match=r"classification.*use one of gaussian_nll, huber, l1, mse, poisson_nll"
    ):
        of.apply({"loss": "cross_entropy"})
