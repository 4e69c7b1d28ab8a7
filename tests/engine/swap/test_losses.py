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
    weights,
)
from tui_dl.components.losses import build_loss
from tui_dl.engine.parts import parts as parts_module
from tui_dl.engine.swap.head_state import rows_can_be_kept
from tui_dl.engine.training import evaluation
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, SpecError, UsageError
from tui_dl.spec import losses as spec
from tui_dl.spec.catalogue import catalogue

LINE: dict[str, Any] = {"data": {"name": "line", "samples": 60, "slope": 0.5, "intercept": 2.0}}
OF_CLASSES = ("cross_entropy", "bce", "mse", "l1", "huber", "hinge", "focal")
OF_VALUES = ("mse", "l1", "huber", "gaussian_nll", "poisson_nll")
PAIRS = [
    *((pair, {}) for pair in itertools.permutations(OF_CLASSES, 2)),
    *((pair, LINE) for pair in itertools.permutations(OF_VALUES, 2)),
]
_ids = [f"{old}-{new}{'-values' if world else ''}" for (old, new), world in PAIRS]


def trained(loss: object, steps: int = 12, **change: Any) -> Trainer:
    of = trainer(**{"model__hidden": [6], **change, "loss": loss})
    continuation(of, steps)
    return of


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


def head(of: Trainer) -> nn.Linear:
    found = of.model.layers[-1]  # type: ignore[index,union-attr]
    assert isinstance(found, nn.Linear)
    return found


def data(of: Trainer) -> tuple[Tensor, Tensor]:
    assert of.splits is not None
    return of.splits.train.inputs, of.splits.train.targets


def probe_gradients(of: Trainer, loss: Any) -> list[Tensor]:
    model = copy.deepcopy(of.model).eval()
    inputs, targets = (each[:256] for each in data(of))
    return list(torch.autograd.grad(loss(model(inputs), targets), list(model.parameters())))


def gaussian(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.gaussian_nll_loss(outputs[:, :1], targets, F.softplus(outputs[:, 1:]) + 1e-6)


@pytest.mark.parametrize("name", ["adam", "adam amsgrad", "rmsprop", "adagrad", "sgd", "sgd momentum"])
def test_a_head_widens_about_the_mean_that_was_learnt(name: str) -> None:
    of = trained("mse", optimizer=OPTIMIZERS[name], **LINE)
    inputs, targets = data(of)
    was, model = weights(of.model), copy.deepcopy(of.model)
    states = [copy.deepcopy(dict(of.optimizer.state.get(p, {}))) for p in of.model.parameters()]
    old = probe_gradients(of, F.mse_loss)
    predicted = model(inputs).detach()
    receipt = of.apply({"loss": "gaussian_nll"})
    now = weights(of.model)
    assert "head" in receipt.converted
    for key, value in was.items():
        assert torch.equal(now[key][: len(value)], value), "every number that there was is there"
    assert torch.equal(now["layers.1.weight"][1:], torch.zeros(1, 6))
    outputs = of.model(inputs).detach()
    torch.testing.assert_close(outputs[:, :1], predicted)
    sigma = (targets - predicted)[:256].square().mean().sqrt()
    torch.testing.assert_close((F.softplus(outputs[:, 1:]) + 1e-6).sqrt(), sigma.expand(len(inputs), 1))

    new = probe_gradients(of, gaussian)
    shared = [each[: len(other)] for each, other in zip(new, old, strict=True)]
    rho = (sum(g.square().sum() for g in shared) / sum(g.square().sum() for g in old)).sqrt()
    powers = {"exp_avg": 1, "exp_avg_sq": 2, "max_exp_avg_sq": 2, "square_avg": 2, "sum": 2}
    for parameter, state, gradient in zip(of.model.parameters(), states, new, strict=True):
        present = of.optimizer.state.get(parameter, {})
        assert present.keys() == state.keys()
        for slot, value in state.items():
            if slot == "step":
                assert float(present[slot]) == float(value)
                continue
            if value is None:
                continue
            power = powers.get(slot, 0)
            rows = len(value)
            torch.testing.assert_close(present[slot][:rows], value * rho**power, rtol=1e-4, atol=1e-12)
            _assert_seeded(slot, present[slot][rows:], gradient[rows:], float(state.get("step", 0)))
    named = {
        f"head.optimizer.{slot}" for slot in states[-1] if slot != "step" and states[-1][slot] is not None
    }
    assert named == {each for each in receipt.converted if each.startswith("head.")}


def _assert_seeded(slot: str, rows: Tensor, gradient: Tensor, step: float) -> None:
    """New rows: squares of the probe's gradient as if it had always been so, and no first moment."""
    if not rows.numel():
        return
    decay = {"exp_avg_sq": 0.999, "max_exp_avg_sq": 0.999, "square_avg": 0.99}.get(slot)
    if decay is None:
        expected = torch.full_like(
            rows, OPTIMIZERS["adagrad"]["initial_accumulator_value"] if slot == "sum" else 0
        )
    else:
        expected = gradient.square() * (1 - decay**step)
    torch.testing.assert_close(rows, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("name", ["adam", "sgd momentum", "adagrad"])
def test_a_head_narrows_to_its_mean(name: str) -> None:
    of = trained("gaussian_nll", optimizer=OPTIMIZERS[name], **LINE)
    was, predicted = weights(of.model), of.model(data(of)[0]).detach()[:, :1]
    states = copy.deepcopy(dict(of.optimizer.state[head(of).weight]))
    receipt = of.apply({"loss": "huber"})
    for key, value in weights(of.model).items():
        assert torch.equal(value, was[key][: len(value)])
    torch.testing.assert_close(of.model(data(of)[0]).detach(), predicted)
    slot = {"adam": "exp_avg", "sgd momentum": "momentum_buffer", "adagrad": "sum"}[name]
    present, before = of.optimizer.state[head(of).weight][slot], states[slot][:1]
    assert present.shape == (1, 6)
    cosine = F.cosine_similarity(present.flatten(), before.flatten(), 0)
    assert cosine.item() == pytest.approx(1, abs=1e-6), "rows kept, perhaps rescaled"
    assert f"head.optimizer.{slot}" in receipt.converted
    assert not any(key.startswith("loss.") for key in of.evaluate()), "its likelihood is told no longer"
    assert of.plan({"loss": "gaussian_nll"}).converted


def test_a_first_step_after_widening_is_no_longer_than_adams_usual() -> None:
    of = trained("mse", 60, optimizer="adam", **LINE)
    receipt = of.apply({"loss": "gaussian_nll"})
    before = head(of).weight.detach().clone()
    of.train_batch()
    moved = (head(of).weight.detach() - before).abs().max().item()
    assert moved <= 1.2 * of.lr
    assert receipt.relative_update is not None
    assert 0.5 < receipt.relative_update < 2


@pytest.mark.parametrize("new", ["poisson_nll", "mse"])
def test_a_head_of_other_meaning_goes_on_near_what_it_predicted(new: str) -> None:
    old = "mse" if new == "poisson_nll" else "poisson_nll"
    of = trained(old, 150, optimizer={"name": "adam", "lr": 0.01}, **LINE)
    assert of.task is not None
    before = of.task.predictions(of.model(data(of)[0])).detach()
    receipt = of.apply({"loss": new})
    after = of.task.predictions(of.model(data(of)[0])).detach()
    spread = (before - before.mean()).abs()
    assert ((after - before).abs() <= 0.05 + spread**2).all(), "equal to first order about the mean"
    assert {"head.optimizer.exp_avg", "head.optimizer.exp_avg_sq"} <= set(receipt.reset)
    assert not of.optimizer.state.get(head(of).weight)
    continuation(of, 10)
    invariants(of)


@pytest.mark.parametrize("state", ["fresh", "calibrate"])
def test_state_that_begins_anew_does_so_for_the_head_as_well(state: Any) -> None:
    of = trained("mse", optimizer="adam", **LINE)
    receipt = of.apply({"loss": "gaussian_nll"}, state=state)
    assert [each for each in (*receipt.converted, *receipt.reset) if each.startswith("head")] == ["head"]
    held = of.optimizer.state.get(head(of).weight, {})
    assert (held["exp_avg"].shape == (2, 6)) if state == "calibrate" else not held
    continuation(of, 5)


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


def test_a_state_with_another_head_is_loaded_into_a_network_of_that_head() -> None:
    of = trained("mse", **LINE)
    of.apply({"loss": "gaussian_nll"})
    continuation(of, 3)
    saved = of.state_dict()
    other = trained("huber", 2, **LINE)
    other.load_state_dict(saved)
    assert head(other).out_features == 2
    assert continuation(other) == continuation(of)
    assert_same(other.state_dict(), of.state_dict())
    assert other.evaluate() == of.evaluate()


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


def test_state_of_rows_is_told_from_state_of_other_shapes() -> None:
    weight = torch.zeros(3, 2)
    assert rows_can_be_kept({"step": torch.tensor(4.0), "m": torch.zeros(3, 2), "none": None}, weight)
    assert not rows_can_be_kept({"row": torch.zeros(3, 1)}, weight)
    assert not rows_can_be_kept({"old_dirs": [torch.zeros(6)]}, weight)


def test_state_that_has_no_rows_begins_anew_for_the_head_alone() -> None:
    of = trained("mse", optimizer="adam", **LINE)
    of.optimizer.state[head(of).weight]["exp_avg"] = torch.zeros(1, 1)
    first = next(of.model.parameters())
    moment = of.optimizer.state[first]["exp_avg_sq"].clone()
    plan = of.plan({"loss": {"name": "mse", "reduction": "sum_over_outputs"}})
    assert not any(each.startswith("head") for each in (*plan.converted, *plan.reset)), "the same head"
    receipt = of.apply({"loss": "gaussian_nll"})
    assert {"head.optimizer.exp_avg", "head.optimizer.exp_avg_sq"} <= set(receipt.reset)
    assert not of.optimizer.state.get(head(of).weight)
    ratio = of.optimizer.state[first]["exp_avg_sq"] / moment
    assert ratio.isfinite().any()
    torch.testing.assert_close(ratio[moment > 0], ratio[moment > 0].mean().expand_as(ratio[moment > 0]))


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


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    "pair", [("mse", "poisson_nll"), ("mse", "gaussian_nll"), ("gaussian_nll", "poisson_nll")]
)
def test_every_optimizer_goes_on_with_another_head(name: str, pair: tuple[str, str]) -> None:
    old, new = pair
    of, never = (trained(old, optimizer=OPTIMIZERS[name], **LINE) for _ in range(2))
    last = of.gradients.views[0].clone()
    of.apply({"loss": new})
    assert torch.equal(of.gradients.views[0], last)
    loop = PlainLoop(of, OPTIMIZERS[name])
    for mine, theirs in zip(loop.model.parameters(), of.model.parameters(), strict=True):
        if of.optimizer.state.get(theirs):
            loop.optimizer.state[mine] = copy.deepcopy(of.optimizer.state[theirs])
    for _ in range(4):
        loop.step_beside()
    loop.assert_equal()
    of.undo()
    assert continuation(of, 5) == continuation(never, 5)


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
