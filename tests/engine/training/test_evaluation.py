"""Evaluation: exact over a whole split, without a trace."""

import pytest
import torch
from torch.nn import functional as F

from tests.engine.plain_loop import assert_same, continuation, trainer
from tui_dl.engine.training import evaluation
from tui_dl.errors import UsageError


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize("chunk", [4096, 7])
def test_metrics_are_those_of_the_whole_split(
    split: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "CHUNK_SAMPLES", chunk)
    of = trainer(regularizers=[{"name": "dropout"}, {"name": "l2", "strength": 0.1}])
    continuation(of, 10)
    assert of.splits is not None
    data = getattr(of.splits, split)
    before = of.state_dict()
    values = of.evaluate(split)
    assert_same(of.state_dict(), before)
    assert all(module.training for module in of.model.modules())
    of.model.eval()
    with torch.no_grad():
        outputs = of.model(data.inputs)
    cross_entropy = F.cross_entropy(outputs, data.targets).item()
    penalty = 0.05 * sum(float(layer.weight.detach().square().sum()) for layer in of.model.layers)  # type: ignore[union-attr]
    assert list(values) == ["loss", "accuracy", "cross_entropy", "mse", "margin"]
    assert values["loss"] == pytest.approx(cross_entropy + penalty, rel=1e-5)
    assert values["cross_entropy"] == pytest.approx(cross_entropy, rel=1e-5)
    right = outputs.gather(1, data.targets[:, None])[:, 0]
    assert values["margin"] == pytest.approx(
        (right - outputs.gather(1, 1 - data.targets[:, None])[:, 0]).mean().item(), rel=1e-5
    )
    assert values["accuracy"] == pytest.approx((outputs.argmax(1) == data.targets).double().mean().item())
    assert all(type(value) is float for value in values.values())


def test_a_regression_has_its_own_metrics() -> None:
    of = trainer(data="line", model="linear", loss="l1")
    values = of.evaluate()
    assert list(values) == ["loss", "mse", "mae"]
    assert values["loss"] == pytest.approx(values["mae"], rel=1e-6)


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(UsageError, match=r'"validaton".*Did you mean "validation"'):
        trainer().evaluate("validaton")


def test_it_may_be_asked_for_inside_a_batch() -> None:
    of, never = trainer(), trainer()
    for _ in of.phases():
        of.evaluate("train")
    never.train_batch()
    assert continuation(of) == continuation(never)
