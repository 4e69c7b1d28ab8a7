"""Changes of everything but the optimizer: what goes on, what is measured, what is refused."""

import copy
import itertools
import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.engine.plain_loop import (
    OPTIMIZERS,
    PlainLoop,
    assert_same,
    continuation,
    invariants,
    torch_optimizer,
    trainer,
    weights,
)
from tests.engine.swap.trained import states, trained
from tui_dl.engine.swap import act as act_module
from tui_dl.errors import ChangeRefused

CHANGES: dict[str, dict[str, Any]] = {
    "lr": {"optimizer.lr": 0.05},
    "loss": {"loss": "mse"},
    "loss's number": {"loss": {"name": "huber", "delta": 0.3}},
    "activation": {"model.activation": "tanh"},
    "one layer's activation": {"model.activations.1": {"name": "hardtanh", "high": 2.0}},
    "blend": {"model.activation": "tanh", "model.blend_steps": 6},
    "blend of one layer": {"model.activations.1": "gelu", "model.blend_steps": 40},
    "prelu": {"model.activation": {"name": "prelu", "per_unit": True}},
    "one layer's prelu": {"model.activations.0": "prelu"},
    "batch norm": {"regularizers.batch_norm": True},
    "batch norm, preserving": {"regularizers.batch_norm.insertion": "preserving"},
    "layer norm": {"regularizers.layer_norm.layers": [1]},
    "dropout": {"regularizers.dropout.p": 0.3},
    "one layer's dropout": {"regularizers.dropout": {"p": 0.3, "layers": [0]}},
    "l1": {"regularizers.l1": {"strength": 0.01}},
    "l2": {"regularizers.l2.strength": 0.01},
    "decay": {"regularizers.weight_decay": True},
    "clipping": {"regularizers.gradient_clipping.max_norm": 0.1},
    "patience": {"regularizers.early_stopping.patience": 3},
    "batch size": {"training.batch_size": 5},
    "schedule": {"schedule": "cosine"},
    "plateau": {"schedule": {"name": "plateau", "patience": 0, "threshold": 1.0}},
    "warm-up": {"schedule": {"name": "warmup", "steps": 30, "after": {"name": "cyclic", "up_steps": 3}}},
    "epochs": {"training.epochs": 20},
    "pace": {"training.pace": 10.0},
    "title": {"title": "Another"},
    "all at once": {
        "loss": "huber",
        "optimizer": {"name": "rmsprop", "momentum": 0.5},
        "model.activation": "prelu",
        "regularizers.dropout.p": 0.1,
        "regularizers.batch_norm.layers": [0],
        "regularizers.layer_norm.layers": [1],
        "regularizers.l2.strength": 0.001,
        "training.batch_size": 7,
        "schedule": {"name": "step", "step_size": 5},
    },
    "data": {"data": "spiral"},
    "width": {"model.hidden": [5]},
    "init": {"model.init": "xavier_normal"},
    "seed": {"seed": 3},
    "another model": {"model": "linear", "regularizers.dropout": False},
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("half_done", [False, True])
def test_undo_is_as_if_it_had_never_been(name: str, half_done: bool) -> None:
    of, never = (trained(regularizers=[{"name": "l2"}]) for _ in range(2))
    of.apply(CHANGES[name], warmup_steps=4)
    continuation(of, 9)
    if half_done:
        for _ in zip(range(4), of.phases(), strict=False):
            pass
        assert of.is_half_done
    of.undo()
    invariants(of)
    assert (of.step, of.epoch_samples, of.samples_seen) == (
        never.step,
        never.epoch_samples,
        never.samples_seen,
    )
    assert continuation(of, 15) == continuation(never, 15)
    assert_same(of.state_dict(), never.state_dict())
    assert of.evaluate() == never.evaluate()


@pytest.mark.parametrize("name", CHANGES)
def test_a_plan_touches_nothing_and_is_what_the_receipt_says(name: str) -> None:
    of, never = (trained(regularizers__dropout__p=0.2) for _ in range(2))
    before, gradients = of.state_dict(), of.gradients.flat.clone()
    plan = of.plan(CHANGES[name], warmup_steps=2)
    assert_same(of.state_dict(), before)
    assert torch.equal(of.gradients.flat, gradients)
    assert of.undo_depth == 0
    assert of.train_batch().loss == never.train_batch().loss
    plan = of.plan(CHANGES[name], warmup_steps=2)
    receipt = of.apply(CHANGES[name], warmup_steps=2)
    for field in ("change", "edits", "kept", "reset", "rescaled", "converted", "state", "warmup_steps"):
        assert getattr(plan, field) == getattr(receipt, field), field
    assert receipt.edits
    assert receipt.probe_loss_before is not None
    assert receipt.probe_loss_after is not None
    invariants(of)
    assert all(map(math.isfinite, continuation(of, 20)))


@pytest.mark.parametrize(
    "change", [{}, {"optimizer.lr": 0.001}, {"loss": "cross_entropy"}, {"model.activation": "relu"}]
)
def test_a_change_to_what_is_set_changes_nothing(change: dict[str, Any]) -> None:
    of, never = trained(), trained()
    receipt = of.apply(change)
    assert receipt.edits == receipt.reset == ()
    assert of.undo_depth == 0
    assert continuation(of, 20) == continuation(never, 20)
    assert_same(of.state_dict(), never.state_dict())


SCALED = ("adam amsgrad", "rmsprop centered", "adagrad", "sgd momentum")
OTHERS = ("nadam", "radam", "adamax", "adadelta", "adafactor", "muon", "rprop", "asgd")


@pytest.mark.parametrize(
    ("loss", "name"),
    [*itertools.product(("mse", "l1", "huber"), SCALED), *(("mse", name) for name in OTHERS)],
)
def test_a_new_loss_rescales_moments_by_the_measured_ratio(loss: str, name: str) -> None:
    of = trained(optimizer=OPTIMIZERS[name])
    was, before, model = states(of), weights(of.model), copy.deepcopy(of.model).eval()
    assert of.splits is not None
    inputs, targets = (each[:256] for each in (of.splits.train.inputs, of.splits.train.targets))
    receipt = of.apply({"loss": loss})

    def norm_of(value: torch.Tensor) -> float:
        return math.sqrt(
            sum(float(g.square().sum()) for g in torch.autograd.grad(value, list(model.parameters())))
        )

    old = norm_of(F.cross_entropy(model(inputs), targets))
    one_hot = F.one_hot(targets, 2).float()
    function = {"mse": F.mse_loss, "l1": F.l1_loss, "huber": F.huber_loss}[loss]
    ratio = norm_of(function(model(inputs), one_hot)) / old
    powers = {"exp_avg": 1, "exp_avg_sq": 2, "max_exp_avg_sq": 2, "square_avg": 2, "grad_avg": 1, "sum": 2}
    powers |= {"exp_inf": 1, "row_var": 2, "col_var": 2, "variance": 2}
    powers |= {"momentum_buffer": 1} if name == "muon" else {}
    touched = {slot for state in was for slot in state if slot in powers}
    assert {each.removeprefix("optimizer.") for each in receipt.rescaled} == touched
    for state, now in zip(was, states(of), strict=True):
        for slot, value in state.items():
            expected = value * ratio ** powers[slot] if slot in powers else value
            torch.testing.assert_close(now[slot], expected, rtol=1e-4, atol=1e-12)
    assert_same(weights(of.model), before)
    loop = PlainLoop(of, OPTIMIZERS[name])
    for parameter, state in zip(loop.model.parameters(), states(of), strict=True):
        loop.optimizer.state[parameter] = state
    for _ in range(20):
        loop.step_beside()
    loop.assert_equal()


def test_rescaled_moments_keep_the_step_its_length() -> None:
    of = trained(60, optimizer={"name": "adam", "lr": 0.003})
    receipt = of.apply({"loss": {"name": "huber", "delta": 0.001}})
    assert receipt.relative_update is not None
    assert 0.6 < receipt.relative_update < 1.6


def test_a_former_loss_goes_on_as_a_metric_unless_it_is_one() -> None:
    of = trained(loss="mse")
    of.apply({"loss": "huber"})
    result = of.train_batch()
    assert "loss.mse" in result.metrics
    assert "loss.mse" in of.evaluate()
    of.apply({"loss": "cross_entropy"})
    assert set(of.train_batch().metrics) == {"accuracy", "cross_entropy", "loss.mse", "loss.huber"}
    of.apply({"loss": "mse"})
    assert set(of.train_batch().metrics) == {"accuracy", "cross_entropy", "loss.huber"}


@pytest.mark.parametrize(
    "activation", ["tanh", "sigmoid", "gelu", "identity", {"name": "leaky_relu", "negative_slope": 0.2}]
)
def test_another_activation_keeps_parameters_and_state(activation: Any) -> None:
    of = trained()
    parameters, was = list(of.model.parameters()), states(of)
    receipt = of.apply({"model.activation": activation})
    assert all(mine is now for mine, now in zip(parameters, of.model.parameters(), strict=True))
    assert_same(states(of), was)
    assert "optimizer.exp_avg" in receipt.kept
    assert receipt.probe_loss_before != receipt.probe_loss_after
    loop = PlainLoop(of, {"name": "adam"})
    for parameter, state in zip(loop.model.parameters(), was, strict=True):
        loop.optimizer.state[parameter] = state
    functions = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "identity": nn.Identity}
    module = nn.LeakyReLU(0.2) if isinstance(activation, dict) else functions[activation]()
    for index in range(2):
        loop.model.activations[index] = module  # type: ignore[index, operator, union-attr]
    for _ in range(15):
        loop.step_beside()
    loop.assert_equal()


def test_dropout_is_inserted_edited_and_removed() -> None:
    of = trained()
    of.apply({"regularizers.dropout.p": 0.25})
    invariants(of)
    first = continuation(of, 10)
    of.undo()
    of.apply({"regularizers.dropout.p": 0.25})
    assert continuation(of, 10) == first
    of.apply({"regularizers.dropout.p": 0.5})
    invariants(of)
    of.apply({"regularizers.dropout": False})
    invariants(of)
    assert not any(isinstance(module, nn.Dropout) for module in of.model.modules())


def test_dropout_draws_as_torch_does() -> None:
    of = trainer(regularizers__dropout__p=0.5)
    losses = continuation(of, 10)
    twin = trainer(regularizers__dropout__p=0.5)
    model = copy.deepcopy(twin.model)
    optimizer = torch_optimizer({"name": "adam"}, model.parameters())
    with twin._loop.parts.random:
        for expected in losses:
            inputs, targets = twin._loop.parts.batches.fetch()
            loss = F.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            twin._loop.parts.batches.advance()
            assert loss.item() == expected


def test_batch_size_goes_on_where_the_last_ended() -> None:
    of = trained(3)
    receipt = of.apply({"training.batch_size": 40})
    assert "position" in receipt.kept
    assert of.epoch_samples == 48
    assert len(of.peek_batch()[0]) == 40
    of.train_batch()
    assert len(of.peek_batch()[0]) == 104 - 88
    of.undo()
    assert len(of.peek_batch()[0]) == 16


def test_warm_up_ramps_the_rate() -> None:
    of = trained(5)
    of.apply({"optimizer": {"name": "sgd", "lr": 0.5}}, warmup_steps=4)
    assert [of.train_batch().lr for _ in range(6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])
    of.apply({}, warmup_steps=1)
    assert [of.train_batch().lr for _ in range(2)] == [0.25, 0.5]


def test_a_fresh_start_is_announced_and_keeps_the_way_back() -> None:
    of = trained()
    plan = of.plan({"model.hidden": [3], "seed": 5})
    assert plan.restarts
    assert plan.kept == ()
    assert {"weights", "position", "optimizer.exp_avg"} <= set(plan.reset)
    receipt = of.apply({"model.hidden": [3], "seed": 5})
    assert (receipt.step, of.step, of.samples_seen, of.epoch) == (20, 0, 0, 0)
    invariants(of)
    assert continuation(of, 10) == continuation(trainer(model__hidden=[3], seed=5), 10)
    of.undo()
    assert of.step == 20


def test_restart_begins_from_the_same_weights_with_what_is_set_now() -> None:
    of = trained()
    of.apply({"optimizer.lr": 0.02, "model.activation": "tanh"})
    continuation(of, 5)
    of.restart()
    assert of.step == 0
    assert_same(weights(of.model), weights(trainer().model))
    assert continuation(of, 10) == continuation(trainer(optimizer__lr=0.02, model__activation="tanh"), 10)
    of.restart(seed=8)
    assert of.experiment is not None
    assert of.experiment.seed == 8
    assert continuation(of, 5) == continuation(
        trainer(optimizer__lr=0.02, model__activation="tanh", seed=8), 5
    )
    of.undo()
    of.undo()
    assert of.step == 25
    with pytest.raises(ChangeRefused, match="seed"):
        of.restart(seed=-1)


@pytest.mark.parametrize(
    "breaks",
    [
        "_change_model",
        "_change_training",
        "_change_optimizer",
        "_rescale",
        "_change_rates",
        "build_optimizer",
    ],
)
def test_a_change_that_fails_half_way_leaves_the_run_as_it_was(
    breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, never = trained(), trained()
    real = getattr(act_module, breaks)

    def broken(*arguments: Any) -> None:
        real(*arguments)
        raise RuntimeError("out of memory")

    monkeypatch.setattr(act_module, breaks, broken)
    change = CHANGES["all at once"]
    with pytest.raises(ChangeRefused, match="nothing was changed: out of memory"):
        of.apply(change, state="carry")
    monkeypatch.undo()
    invariants(of)
    assert of.undo_depth == 0
    assert of.experiment == never.experiment
    assert continuation(of, 12) == continuation(never, 12)
    assert_same(of.state_dict(), never.state_dict())
    of.apply(change)


def test_a_half_done_batch_is_finished_before_a_change() -> None:
    of, never = trained(3), trained(3)
    for phase in of.phases():
        if phase == "forward":
            break
    receipt = of.apply({"optimizer.lr": 0.1})
    never.train_batch()
    never.apply({"optimizer.lr": 0.1})
    assert receipt.step == of.step == 4
    assert continuation(of) == continuation(never)


def test_edits_are_said_in_words() -> None:
    receipt = trained().apply(
        {"optimizer": {"name": "sgd", "momentum": 0.9}, "loss": "huber", "training.batch_size": 32}
    )
    assert receipt.edits == (
        ("loss", "cross_entropy", "huber"),
        ("optimizer", "adam(lr=0.001)", "sgd(lr=0.1, momentum=0.9)"),
        ("training.batch_size", "16", "32"),
    )
