"""Each regularizer in a compiled step, next to the eager one: fifty batches, and in and out of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, invariants, trainer, weights
from tests.engine.regularizers.cases import CASES, IMAGES, Regularizers, added, listed, removed
from tests.engine.training.compiled.compiling import is_compiled, traced

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

BATCHES = 50
TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}
"""Of weights and statistics after fifty batches: the same formulas, with sums in another order."""

UNITS: dict[str, Regularizers] = {
    "batch norm": {"batch_norm": {"momentum": 0.2}},
    "batch norm preserving": {"batch_norm": {"insertion": "preserving", "layers": [0]}},
    "layer norm": {"layer_norm": {"eps": 0.01}},
    "dropout in one layer": {"dropout": {"p": 0.3, "layers": [1]}},
    "norm and dropout": {"batch_norm": {}, "dropout": {"p": 0.2}},
    "both norms": {"batch_norm": {"layers": [0]}, "layer_norm": {"layers": [1]}},
}
PENALTIES: dict[str, Regularizers] = {
    "l1": {"l1": {"strength": 0.01}},
    "l2": {"l2": {"strength": 0.02}},
    "weight decay": {"weight_decay": {"rate": 0.5}},
    "clipping by norm": {"gradient_clipping": {"max_norm": 0.05}},
}
SGD = {"optimizer": OPTIMIZERS["sgd momentum"]}
"""Adam makes whole steps of the rounding errors that are the gradient of a bias in front of a batch norm."""
POINTS = CASES | UNITS | PENALTIES
BOX: dict[str, Any] = {
    "data": {"name": "digits", "subset": 160},
    "model": {"name": "cnn"},
    "training.batch_size": 16,
}


def everything(of: Trainer) -> dict[str, Tensor]:
    """Weights and running statistics."""
    return weights(of.model) | {name: each.clone() for name, each in of.model.named_buffers()}


def assert_close(left: Trainer, right: Trainer, **tolerance: float) -> None:
    expected = everything(right)
    for name, value in everything(left).items():
        torch.testing.assert_close(
            value, expected[name], **(tolerance or TOLERANCE), msg=lambda text, at=name: f"{at}: {text}"
        )


@pytest.mark.parametrize("name", POINTS)
def test_fifty_batches_equal_eager_ones(name: str) -> None:
    change = {"regularizers": listed(POINTS[name])} | SGD
    (of, news), eager = traced(**change), trainer(**change)
    compiled = 0
    for _ in range(BATCHES):
        mine, expected = of.train_batch(), eager.train_batch()
        assert mine.loss == pytest.approx(expected.loss, rel=1e-3, abs=1e-5)
        compiled += is_compiled(of)
    # One batch in seven is the shorter end of an epoch.
    assert compiled >= 40, news
    assert_close(of, eager)
    invariants(of)


@pytest.mark.parametrize("name", POINTS)
def test_it_comes_and_goes_in_a_compiled_run(name: str) -> None:
    (of, _), eager = traced(**SGD), trainer(**SGD)
    for change in (added(POINTS[name]), removed(POINTS[name])):
        for each in (of, eager):
            continuation(each, 3)
            each.apply(change)
            continuation(each, 3)
        assert is_compiled(of)
        assert_close(of, eager)
    for _ in range(2):
        for each in (of, eager):
            each.undo()
            continuation(each, 3)
    assert_close(of, eager)


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_altered_before_the_compiled_step(name: str) -> None:
    change = BOX | {"regularizers": listed(IMAGES[name]), "optimizer": OPTIMIZERS["sgd"]}
    (of, _), eager = traced(**change), trainer(**change)
    for _ in range(6):
        assert of.train_batch().loss == pytest.approx(eager.train_batch().loss, rel=1e-3)
    assert is_compiled(of)
    assert_close(of, eager)


@pytest.mark.parametrize("name", ["all", "batch norm", "weight noise", "mixup of smoothed labels"])
def test_micro_batches_are_regularized_each_and_driven_any_way_have_the_same_bits(name: str) -> None:
    change = {"regularizers": listed(POINTS[name]), "training__accumulate": 2, "loss": "focal"} | SGD
    (run, _), (stepped, _), eager = traced(**change), traced(**change), trainer(**change)
    for of in (run, stepped, eager):
        continuation(of, 1)
        # The former loss goes by the labels that samples have.
        of.apply({"loss": "cross_entropy"})
    for _ in range(9):
        mine, expected = run.train_batch(), eager.train_batch()
        assert mine.loss == pytest.approx(expected.loss, rel=1e-3)
        assert mine["accuracy"] == pytest.approx(expected["accuracy"])
        former, same = run.batch.former["loss.focal"], eager.batch.former["loss.focal"]
        assert float(former) == pytest.approx(float(same), rel=1e-3)
        assert list(stepped.phases())[-1] == "update"
    assert_close(run, eager)
    assert_same(run.state_dict(), stepped.state_dict())


def test_adam_trains_alike_where_a_bias_has_rounding_for_a_gradient() -> None:
    # That bias wanders by whole steps either way; running means follow it late, so evaluations do differ.
    change = {"regularizers": listed(UNITS["batch norm"]), "optimizer": OPTIMIZERS["adam"]}
    (of, news), eager = traced(**change), trainer(**change)
    for _ in range(BATCHES):
        assert of.train_batch().loss == pytest.approx(eager.train_batch().loss, rel=1e-3)
    assert [each.kind for each in news] == ["began", "done"]


@pytest.mark.parametrize("name", ["adagrad", "muon"])
def test_fifty_batches_of_optimizers_with_a_rate_as_a_number(name: str) -> None:
    change = {"optimizer": OPTIMIZERS[name], "schedule": {"name": "cosine", "total_steps": 60}}
    (of, news), eager = traced(**change), trainer(**change)
    compiled = 0
    for _ in range(BATCHES):
        of.train_batch(), eager.train_batch()
        compiled += is_compiled(of)
    assert compiled >= 40, news
    # Muon makes matrices orthogonal in bfloat16, whose last bit is 0.4 %.
    rough = {"rtol": 2e-2, "atol": 1e-2} if name == "muon" else TOLERANCE
    assert_close(of, eager, **rough)
    # Into it from another, and out of it.
    for change in ({"optimizer": OPTIMIZERS["adam"]}, {"optimizer": OPTIMIZERS[name]}):
        for each in (of, eager):
            each.apply(change)
            continuation(each, 5)
        assert is_compiled(of)
    assert_close(of, eager, **rough)


def test_a_rate_of_muon_alone_needs_no_other_compiled_step_and_both_rates_count() -> None:
    (of, news), eager = traced(optimizer=OPTIMIZERS["muon"]), trainer(optimizer=OPTIMIZERS["muon"])
    for change in ({"optimizer.lr": 0.005}, {"optimizer.adamw_lr": 0.002}):
        for each in (of, eager):
            continuation(each, 4)
            each.apply(change)
            continuation(each, 4)
        assert_close(of, eager)
    assert [each.kind for each in news].count("failed") == 0
    assert is_compiled(of)
