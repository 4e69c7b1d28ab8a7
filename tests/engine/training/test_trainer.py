"""The trainer against the loop that anyone would write, bit for bit."""

import copy
import math

import pytest
import torch
from torch.nn import functional as F

from tests.engine.plain_loop import (
    FULL_BATCH,
    FUSED,
    OPTIMIZERS,
    PlainLoop,
    assert_same,
    continuation,
    experiment,
    invariants,
    torch_optimizer,
    trainer,
    weights,
)
from tui_dl.engine.training.batch_loop import PHASES
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import NotAvailable, SpecError
from tui_dl.spec.optimizers import Sgd
from tui_dl.spec.schedule_factor import factor

UNFUSED = {
    f"{name}, torch's default": declared | {"fused": False}
    for name, declared in OPTIMIZERS.items()
    if declared["name"] in FUSED
}


@pytest.mark.parametrize("name", [*OPTIMIZERS, *UNFUSED, *FULL_BATCH])
def test_it_equals_a_plain_loop_under_every_optimizer(name: str) -> None:
    declared = (OPTIMIZERS | UNFUSED | FULL_BATCH)[name]
    of = trainer(optimizer=declared)
    loop = PlainLoop(of, declared)
    losses = [loop.step_beside() for _ in range(200)]
    loop.assert_equal()
    assert losses[-1] < losses[0]
    assert of.step == 200


def test_without_fused_the_optimizer_has_torch_defaults() -> None:
    of = trainer(optimizer={"name": "adam", "fused": False})
    default = torch.optim.Adam(copy.deepcopy(of.model).parameters(), lr=0.001)
    mine, theirs = (
        {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
        for optimizer in (of.optimizer, default)
    )
    assert mine == theirs


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "l1", "huber"])
@pytest.mark.parametrize("data", ["moons", "sine", "digits"])
def test_it_equals_a_plain_loop_for_every_loss_and_task(loss: str, data: str) -> None:
    if data == "sine" and loss == "cross_entropy":
        pytest.skip("no loss for a regression")
    of = trainer(data=data, loss=loss)
    loop = PlainLoop(of, {"name": "adam"})
    for _ in range(40):
        loop.step_beside()
    loop.assert_equal()


def test_regularizers_schedule_and_clipping_equal_what_torch_gives() -> None:
    of = trainer(
        optimizer=OPTIMIZERS["sgd nesterov"],
        schedule={"name": "cosine", "min_factor": 0.1},
        regularizers=[
            {"name": "l1", "strength": 0.001},
            {"name": "l2", "strength": 0.01},
            {"name": "weight_decay", "rate": 0.02},
            {"name": "gradient_clipping", "max_norm": 0.5},
        ],
    )
    model = copy.deepcopy(of.model)
    optimizer = torch_optimizer(OPTIMIZERS["sgd nesterov"], model.parameters())
    matrices = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    for step in range(60):
        inputs, targets = of.peek_batch()
        data_loss = F.cross_entropy(model(inputs), targets)
        absolute = sum(0.001 * matrix.abs().sum() for matrix in matrices)
        squares = sum(0.005 * matrix.square().sum() for matrix in matrices)
        optimizer.zero_grad()
        (data_loss + absolute + squares).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        lr = 0.05 * (0.1 + 0.9 * (1 + math.cos(math.pi * step / 70)) / 2)
        optimizer.param_groups[0]["lr"] = lr
        with torch.no_grad():
            for matrix in matrices:
                matrix *= 1 - lr * 0.02
        optimizer.step()
        result = of.train_batch()
        # The penalty is summed in another order, so this is close rather than equal.
        assert result.lr == pytest.approx(lr, rel=1e-12)
        assert result.grad_norm == pytest.approx(norm.item(), rel=1e-4)
    for mine, theirs in zip(of.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)
    scalars = of.drain_scalars()
    columns = dict(zip(scalars.names, scalars.values, strict=True))
    assert columns["loss"] == pytest.approx(columns["data_loss"] + columns["penalty"], rel=1e-6)
    assert (columns["penalty"] > 0).all()


def test_clipping_has_the_bits_of_torch() -> None:
    of = trainer(
        regularizers=[{"name": "gradient_clipping", "max_norm": 0.05}], optimizer=OPTIMIZERS["sgd momentum"]
    )
    model = copy.deepcopy(of.model)
    optimizer = torch_optimizer(OPTIMIZERS["sgd momentum"], model.parameters())
    for _ in range(50):
        inputs, targets = of.peek_batch()
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        assert of.train_batch().grad_norm == norm.item()
    assert_same(weights(model), weights(of.model))


def test_the_norm_is_that_of_all_gradients() -> None:
    of = trainer()
    for phase in of.phases():
        if phase == "backward":
            grads = [parameter.grad for parameter in of.model.parameters()]
            expected = torch.cat([grad.flatten() for grad in grads if grad is not None]).norm().item()
    assert of.batch.grad_norm is not None
    assert of.batch.grad_norm.item() == pytest.approx(expected, rel=1e-6)


def test_stepping_by_phases_equals_running() -> None:
    running, stepping = trainer(regularizers__dropout__p=0.3), trainer(regularizers__dropout__p=0.3)
    expected = continuation(running, 20)
    losses = []
    for index in range(20):
        seen = []
        for phase in stepping.phases():
            seen.append(phase)
            if len(seen) == index % 7 + 1:
                break
        torch.rand(3)  # whatever others draw in between
        assert stepping.is_half_done == (seen[-1] != "update")
        if index % 2:
            seen += list(stepping.phases()) if stepping.is_half_done else []
            assert tuple(seen) == PHASES
        elif stepping.is_half_done:
            stepping.train_batch()
        assert not stepping.is_half_done
        assert stepping.step == index + 1
    scalars = stepping.drain_scalars()
    losses = scalars.values[scalars.names.index("loss")].tolist()
    assert losses == expected
    assert_same(weights(running.model), weights(stepping.model))


def test_the_phases_of_a_batch_make_what_they_say() -> None:
    of = trainer()
    before = weights(of.model)
    seen = {}
    for phase in of.phases():
        batch = of.batch
        seen[phase] = (batch.inputs is not None, batch.outputs is not None, batch.loss is not None)
        if phase == "zero_grad":
            assert not of.gradients.flat.any()
        if phase == "clip":
            assert_same(before, weights(of.model))
            assert of.step == 0
    assert tuple(seen) == PHASES
    assert seen["fetch"] == (True, False, False)
    assert seen["forward"] == (True, True, False)
    assert of.step == 1
    assert not all(torch.equal(before[name], value) for name, value in weights(of.model).items())


def test_two_trainers_and_the_caller_do_not_disturb_each_other() -> None:
    alone = continuation(trainer(regularizers__dropout__p=0.5), 30)
    first, second = trainer(regularizers__dropout__p=0.5), trainer(regularizers__dropout__p=0.5)
    torch.manual_seed(7)
    expected_draws = torch.rand(30)
    torch.manual_seed(7)
    draws, losses = [], []
    for _ in range(30):
        losses.append(first.train_batch().loss)
        second.train_batch()
        second.evaluate("train")
        draws.append(torch.rand(1))
    assert losses == alone
    assert torch.equal(torch.cat(draws), expected_draws)


def test_seeds_and_runs_repeat() -> None:
    assert continuation(trainer(), 20) == continuation(trainer(), 20)
    assert continuation(trainer(seed=1), 20) != continuation(trainer(), 20)


def test_evaluating_and_peeking_change_no_bit() -> None:
    expected = continuation(trainer(regularizers__dropout__p=0.2), 15)
    watched = trainer(regularizers__dropout__p=0.2)
    losses = []
    for _ in range(15):
        watched.peek_batch()
        watched.evaluate("validation")
        copy.deepcopy(watched.model).eval()
        watched.model.eval()
        watched.state_dict()
        losses.append(watched.train_batch().loss)
        watched.drain_scalars()
    assert losses == expected


def test_the_model_is_an_ordinary_module() -> None:
    of = trainer()
    of.train_batch()
    twin = copy.deepcopy(of.model)
    inputs, targets = of.peek_batch()
    F.cross_entropy(twin(inputs), targets).backward()
    kept = of.gradients.flat.clone()
    twin.zero_grad(set_to_none=False)
    assert torch.equal(of.gradients.flat, kept)
    of.optimizer.zero_grad(set_to_none=True)
    assert math.isfinite(of.train_batch().loss)
    invariants(of)


def test_gradients_that_somebody_edits_between_phases_count() -> None:
    of, twin = trainer(optimizer=OPTIMIZERS["sgd"]), trainer(optimizer=OPTIMIZERS["sgd"])
    for phase in of.phases():
        if phase == "backward":
            for parameter in of.model.parameters():
                parameter.grad = None
    assert_same(weights(of.model), weights(twin.model))
    assert of.batch.grad_norm is not None
    assert of.batch.grad_norm.item() == 0
    invariants(of)


@pytest.mark.parametrize("size", [1, 7, 104, 10**6])
def test_any_batch_size(size: int) -> None:
    of = trainer(training__batch_size=size)
    continuation(of, 5)
    assert of.samples_seen == 5 * min(size, 104)
    assert of.steps_per_epoch == math.ceil(104 / size)


def test_one_class_alone_trains() -> None:
    of = trainer(data={"name": "spiral", "arms": 1, "samples": 40})
    assert continuation(of, 3) == [0, 0, 0]
    assert of.evaluate()["accuracy"] == 1


def test_a_huge_rate_ends_in_nonfinite_numbers_and_goes_on() -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 1e9}, model__activation="identity")
    losses = continuation(of, 30)
    assert not math.isfinite(losses[-1])
    assert of.step == 30
    scalars = of.drain_scalars()
    assert scalars.values.shape[1] == 30


def test_the_schedule_is_written_before_each_update() -> None:
    of = trainer(
        schedule={"name": "step", "step_size": 3, "gamma": 0.5}, optimizer={"name": "sgd", "lr": 0.8}
    )
    rates = []
    for _ in range(7):
        rates.append(of.lr)
        assert of.train_batch().lr == rates[-1] == of.optimizer.param_groups[0]["lr"]
    assert rates == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]


def test_the_cosine_spans_the_planned_run() -> None:
    of = trainer(schedule="cosine", training__epochs=2)
    assert of.total_steps == 14
    assert [of.train_batch().lr for _ in range(14)] == [
        0.001 * factor(of.experiment.schedule, step, 14)
        for step in range(14)  # type: ignore[union-attr]
    ]
    of.extend(2)
    assert of.total_steps == 28
    assert of.lr == 0.001 * factor(of.experiment.schedule, 14, 28)  # type: ignore[union-attr]


def test_a_device_that_is_not_there_says_so() -> None:
    if torch.cuda.is_available():
        pytest.skip("CUDA is here")
    with pytest.raises(NotAvailable, match=r"training\.device: cuda.*auto or cpu"):
        trainer(training__device="cuda")


def test_a_malformed_experiment_is_refused() -> None:
    good = experiment()
    broken = type(good)(data=good.data, model=good.model, loss=good.loss, optimizer=Sgd(lr=-1.0))
    with pytest.raises(SpecError, match=r"optimizer\.lr"):
        Trainer(broken)


@pytest.mark.cuda
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_cuda_takes_the_same_path(name: str) -> None:
    of = trainer(optimizer=OPTIMIZERS[name], training__device="cuda")
    assert of.peek_batch()[0].is_cuda
    losses = continuation(of, 50)
    assert losses == pytest.approx(continuation(trainer(optimizer=OPTIMIZERS[name]), 50), rel=1e-2)
    of.apply({"optimizer": "adagrad"})
    continuation(of, 3)
    of.undo()
    assert of.drain_scalars().values.shape[1] == 50
