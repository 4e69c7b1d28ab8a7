"""Every ordered pair of losses of a task: what follows is what the receipt claims, and undo is never."""

import copy
import dataclasses
import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.plain_loop import (
    OPTIMIZERS,
    PlainLoop,
    assert_same,
    continuation,
    invariants,
    trainer,
)
from tests.engine.swap.heads import LINE, OF_VALUES, data, gaussian, head, trained
from tui_dl.components.losses import build_loss
from tui_dl.engine.parts import parts as parts_module
from tui_dl.engine.training import evaluation
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, SpecError, UsageError
from tui_dl.spec import losses as spec
from tui_dl.spec.catalogue import catalogue

OF_CLASSES = ("cross_entropy", "bce", "mse", "l1", "huber", "hinge", "focal")
PAIRS = [
    *((pair, {}) for pair in itertools.permutations(OF_CLASSES, 2)),
    *((pair, LINE) for pair in itertools.permutations(OF_VALUES, 2)),
]
_ids = [f"{old}-{new}{'-values' if world else ''}" for (old, new), world in PAIRS]


def test_every_loss_is_in_the_battery() -> None:
    declared = {each.name for each in catalogue() if each.family == "loss"}
    assert declared == {*OF_CLASSES, *OF_VALUES}


@pytest.mark.parametrize(("pair", "world"), PAIRS, ids=_ids)
def test_after_a_swap_a_plain_loop_goes_the_same_way_and_undo_is_never(
    pair: tuple[str, str], world: dict[str, Any]
) -> None:
    old, new = pair
    of, never = (trained(old, optimizer="adam", **world) for _ in range(2))
    before = of.state_dict()
    plan = of.plan({"loss": new})
    assert_same(of.state_dict(), before)
    receipt = of.apply({"loss": new})
    for field in ("kept", "reset", "rescaled", "converted", "state"):
        assert getattr(plan, field) == getattr(receipt, field), field
    invariants(of)
    assert receipt.probe_loss_after is not None
    # The loop begins with the weights and the state that the trainer has now; that these are what the
    # receipt says is shown below, by kind.
    loop = PlainLoop(of, OPTIMIZERS["adam"] | {"lr": of.lr})
    for mine, theirs in zip(loop.model.parameters(), of.model.parameters(), strict=True):
        loop.optimizer.state[mine] = copy.deepcopy(of.optimizer.state[theirs])
    for _ in range(6):
        loop.step_beside()
    loop.assert_equal()
    of.evaluate()
    of.undo()
    invariants(of)
    assert continuation(of, 8) == continuation(never, 8)
    assert_same(of.state_dict(), never.state_dict())
    assert of.evaluate() == never.evaluate()


def test_loss_optimizer_and_all_else_change_together() -> None:
    of, never = (trained("mse", optimizer="adam", **LINE) for _ in range(2))
    plan = of.plan(
        {
            "loss": "gaussian_nll",
            "optimizer": {"name": "rmsprop", "momentum": 0.5},
            "model.activation": "tanh",
            "regularizers.l2.strength": 0.001,
            "training.batch_size": 7,
        }
    )
    assert plan.rate_options
    of.apply(plan.change)
    invariants(of)
    continuation(of, 5)
    of.undo()
    assert continuation(of) == continuation(never)


def test_the_former_loss_goes_on_where_the_head_tells_it() -> None:
    of = trained({"name": "huber", "delta": 0.3}, **LINE)
    of.apply({"loss": "gaussian_nll"})
    inputs, targets = of.peek_batch()
    expected = F.huber_loss(of.model(inputs)[:, :1], targets, delta=0.3)
    assert of.train_batch().metrics["loss.huber"] == expected.item()
    assert "loss.huber" in of.evaluate()
    plan = of.plan({"loss": "l1"})
    assert any("gaussian_nll can't be told" in each for each in plan.warnings)
    of.apply({"loss": "l1"})
    assert set(of.train_batch().metrics) == {"mse", "mae", "loss.huber"}
    # A likelihood of unit variance is told by values alone.
    of.apply({"loss": {"name": "gaussian_nll", "variance": "unit"}})
    of.apply({"loss": "mse"})
    assert "loss.gaussian_nll" in of.train_batch().metrics


def test_counts_are_refused_where_targets_are_negative() -> None:
    below = {"data": {"name": "line", "samples": 60}}
    of = trained("mse", **below)
    with pytest.raises(ChangeRefused, match=r"loss: poisson_nll is for counts.*go down to -1.*gaussian_nll"):
        of.apply({"loss": "poisson_nll"})
    assert of.experiment is not None
    assert of.experiment.loss.name == "mse"
    with pytest.raises(SpecError, match="counts, which are 0 or more"):
        trainer(loss="poisson_nll", **below)


def test_a_softmax_before_cross_entropy_is_refused() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Softmax(1)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = [(torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64))]
    for loss in (nn.CrossEntropyLoss(), F.cross_entropy):
        with pytest.raises(UsageError, match=r"ends in Softmax.*takes logits.*without it"):
            Trainer.from_parts(model=model, loss=loss, optimizer=optimizer, batches=batches)
    own = Trainer.from_parts(
        model=model, loss=lambda o, t: F.nll_loss(o.log(), t), optimizer=optimizer, batches=batches
    )
    own.train_batch()
    logs = nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(1))  # taken twice it is the same
    Trainer.from_parts(
        model=logs,
        loss=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(logs.parameters(), lr=0.1),
        batches=batches,
    )


@pytest.mark.parametrize(
    ("loss", "world"), [*((each, {}) for each in OF_CLASSES), *((each, LINE) for each in OF_VALUES)]
)
def test_two_hundred_batches_equal_a_hand_loop(loss: str, world: dict[str, Any]) -> None:
    of = trainer(loss=loss, model__hidden=[6], optimizer=OPTIMIZERS["adam"], **world)
    loop = PlainLoop(of, OPTIMIZERS["adam"])
    loop.loss = by_hand(loss, classes=not world)
    for _ in range(200):
        loop.step_beside()
    loop.assert_equal()


def by_hand(loss: str, *, classes: bool) -> Any:
    """As somebody would write it from torch's documentation."""
    plain = {
        "cross_entropy": F.cross_entropy,
        "hinge": F.multi_margin_loss,
        "gaussian_nll": gaussian,
        "poisson_nll": F.poisson_nll_loss,
        "focal": focal,
    }
    if loss in plain:
        return plain[loss]
    function = {
        "bce": F.binary_cross_entropy_with_logits,
        "mse": F.mse_loss,
        "l1": F.l1_loss,
        "huber": F.huber_loss,
    }[loss]
    return (lambda o, t: function(o, F.one_hot(t, 2).float())) if classes else function


def focal(outputs: Tensor, targets: Tensor) -> Tensor:
    log_p = outputs.log_softmax(1).gather(1, targets[:, None])
    return (-((-torch.expm1(log_p)) ** 2) * log_p).mean()


def test_class_weights_of_the_data_reach_training_and_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = torch.tensor([0.25, 1.75])
    load = parts_module.load_data
    monkeypatch.setattr(
        parts_module, "load_data", lambda *args: dataclasses.replace(load(*args), class_weights=counts)
    )
    of = trainer(loss="cross_entropy", optimizer=OPTIMIZERS["sgd"])
    loop = PlainLoop(of, OPTIMIZERS["sgd"])
    loop.loss = lambda outputs, targets: F.cross_entropy(outputs, targets, weight=counts)
    for _ in range(20):
        loop.step_beside()
    loop.assert_equal()
    inputs, targets = of.peek_batch()
    outputs = of.model(inputs).detach()
    result = of.train_batch()
    assert result.metrics["cross_entropy"] == pytest.approx(
        F.cross_entropy(outputs, targets).item(), rel=1e-6
    )
    monkeypatch.setattr(evaluation, "CHUNK_SAMPLES", 7)
    outputs = of.model(data(of)[0]).detach()
    expected = F.cross_entropy(outputs, data(of)[1], weight=counts).item()
    assert of.evaluate("train")["loss"] == pytest.approx(expected, rel=1e-5)
    of.apply({"loss": "mse"})
    assert set(of.train_batch().metrics) == {"accuracy", "cross_entropy", "loss.cross_entropy"}
    weighed = build_loss(spec.Mse(), "classification", 2, counts)(*_now(of))
    assert of.train_batch().loss == weighed.item()


def _now(of: Trainer) -> tuple[Tensor, Tensor]:
    inputs, targets = of.peek_batch()
    return of.model(inputs).detach(), targets


_ACTS = st.one_of(
    st.sampled_from(OF_VALUES).map(lambda name: ("loss", name)),
    st.sampled_from(["adam", "rmsprop", "sgd momentum"]).map(lambda name: ("optimizer", name)),
    st.integers(1, 4).map(lambda steps: ("steps", steps)),
    st.just(("undo", 0)),
)


@settings(max_examples=25, deadline=None)
@given(acts=st.lists(_ACTS, min_size=1, max_size=8))
def test_any_sequence_of_losses_and_undos_keeps_the_invariants(acts: list[tuple[str, Any]]) -> None:
    of = trainer(loss="mse", model__hidden=[4], **LINE)
    snapshots = []
    for kind, value in acts:
        if kind == "steps":
            continuation(of, value)
        elif kind == "undo":
            if of.undo_depth:
                of.undo()
                assert_same(of.state_dict(), snapshots.pop())
        else:
            before = of.state_dict()
            change = {"loss": value} if kind == "loss" else {"optimizer": OPTIMIZERS[value]}
            depth = of.undo_depth
            of.apply(change)
            if of.undo_depth > depth:
                snapshots.append(before)
        invariants(of)
        assert of.experiment is not None
        assert of.splits is not None
        assert head(of).out_features == of.experiment.loss.head("regression").outputs(1)
    while of.undo_depth:
        of.undo()
        assert_same(of.state_dict(), snapshots.pop())


def test_an_objective_of_other_parameters_is_the_same_but_for_these() -> None:
    of = trainer(regularizers=[{"name": "l2"}, {"name": "gradient_clipping"}, {"name": "weight_decay"}])
    objective = of._parts.objective
    other = objective.on([torch.zeros(3), torch.zeros(2, 2)])
    assert [tuple(each.shape) for each in other.weights] == [(2, 2)]
    for field in dataclasses.fields(objective):
        if field.name != "weights":
            assert getattr(other, field.name) == getattr(objective, field.name), field.name


@pytest.mark.cuda
@pytest.mark.parametrize(
    ("loss", "world"), [*((each, {}) for each in OF_CLASSES), *((each, LINE) for each in OF_VALUES)]
)
def test_a_gpu_goes_the_same_way(loss: str, world: dict[str, Any]) -> None:
    ends = []
    for device in ("cpu", "cuda"):
        of = trained(loss, 5, training__device=device, optimizer="adam", **world)
        of.apply({"loss": {"mse": "gaussian_nll", "gaussian_nll": "mse"}.get(loss, loss) if world else "bce"})
        continuation(of, 5)
        ends.append(of.evaluate())
        of.undo()
        continuation(of, 2)
    assert ends[1] == pytest.approx(ends[0], rel=1e-2, abs=1e-4)
