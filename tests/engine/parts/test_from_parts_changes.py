"""Changes, undo and restart of somebody's own parts."""

from typing import Any

import pytest
import torch

from tests.engine.parts.own_parts import net, parts, small
from tests.engine.plain_loop import assert_same, continuation, invariants
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused


def test_numbers_and_optimizers_can_be_changed_and_undone() -> None:
    of, never = Trainer.from_parts(**parts()), Trainer.from_parts(**parts())
    continuation(of, 9)
    continuation(never, 9)
    plan = of.plan({"optimizer.lr": 0.01, "optimizer.momentum": 0.5})
    receipt = of.apply({"optimizer.lr": 0.01, "optimizer.momentum": 0.5})
    assert plan.kept == receipt.kept == ("weights", "position", "optimizer.momentum_buffer")
    group = of.optimizer.param_groups[0]
    assert (group["lr"], group["momentum"]) == (0.01, 0.5)
    continuation(of, 4)
    receipt = of.apply({"optimizer": {"name": "adam", "lr": 0.002}}, warmup_steps=2)
    assert "optimizer.exp_avg" in receipt.reset
    assert isinstance(of.optimizer, torch.optim.Adam)
    assert receipt.relative_update is not None
    invariants(of)
    continuation(of, 9)
    of.undo()
    of.undo()
    invariants(of)
    assert (of.step, of.epoch, of.lr) == (9, 1, 0.05)
    assert continuation(of, 12) == continuation(never, 12)
    assert_same(of.state_dict(), never.state_dict())


def test_regularizers_and_a_schedule_work_on_any_module() -> None:
    of = small()
    of.apply(
        {
            "regularizers.l2.strength": 0.1,
            "regularizers.gradient_clipping.max_norm": 0.01,
            "schedule": {"name": "step", "step_size": 3},
        }
    )
    results = [of.train_batch() for _ in range(7)]
    assert [result.lr for result in results] == pytest.approx([0.01] * 3 + [0.001] * 3 + [0.0001])
    scalars = of.drain_scalars()
    assert (scalars.values[scalars.names.index("penalty")] > 0).all()
    assert of.gradients.flat.norm() <= 0.0101


@pytest.mark.parametrize(
    "change",
    [
        {"model.activation": "tanh"},
        {"loss": "mse"},
        {"data": "moons"},
        {"training.batch_size": 3},
        {"regularizers.dropout.p": 0.1},
        {"seed": 1},
        {"regularizers": ["dropout"]},
        {"regularizers": {"dropout": {"p": 0.1}}},
        {"training": {"batch_size": 3}},
        {"lecture.notes": "x"},
    ],
)
def test_what_is_the_users_own_is_refused_with_the_reason(change: dict[str, Any]) -> None:
    of = small()
    with pytest.raises(ChangeRefused, match=r"what can be changed here is optimizer"):
        of.apply(change)


def test_an_unknown_optimizer_keeps_its_numbers_but_can_be_swapped() -> None:
    model = net()
    groups = [
        {"params": model[0].parameters(), "lr": 0.1},
        {"params": [*model[1].parameters(), *model[3].parameters()]},
    ]
    of = small(model, optimizer=torch.optim.SGD(groups, lr=0.01))
    continuation(of, 3)
    with pytest.raises(ChangeRefused, match="not in the catalogue"):
        of.apply({"optimizer.momentum": 0.9})
    with pytest.raises(ChangeRefused, match="not in the catalogue"):
        of.apply({"optimizer": "adam"}, state="carry")
    of.apply({}, warmup_steps=1)
    of.train_batch()
    assert [group["lr"] for group in of.optimizer.param_groups] == [0.05, 0.005]
    of.train_batch()
    assert [group["lr"] for group in of.optimizer.param_groups] == [0.1, 0.01]
    of.apply({"optimizer": "adam"}, state="calibrate")
    invariants(of)
    continuation(of, 3)
    of.undo()
    assert len(of.optimizer.param_groups) == 2
    continuation(of, 3)


def test_a_schedule_of_the_users_own_is_left_alone() -> None:
    of = small()
    scheduler = torch.optim.lr_scheduler.ExponentialLR(of.optimizer, 0.5)
    rates = []
    for _ in range(3):
        rates.append(of.train_batch().lr)
        scheduler.step()
    assert rates == [0.01, 0.005, 0.0025]


def test_running_statistics_are_undone_and_left_by_plans() -> None:
    of, never = small(), small()
    continuation(of, 3)
    continuation(never, 3)
    for phase in of.phases():
        if phase == "forward":
            break
    of.train_batch()
    never.train_batch()
    of.plan({"optimizer": "sgd"})
    of.apply({"optimizer": "rmsprop"}, state="calibrate")
    continuation(of, 3)
    for phase in of.phases():
        if phase == "loss":
            break
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    assert continuation(of) == continuation(never)


def test_restart_goes_back_to_where_it_began() -> None:
    of = Trainer.from_parts(**parts())
    first = continuation(of, 10)
    of.restart()
    assert of.step == 0
    assert continuation(of, 10) == first
    of.undo()
    assert of.step == 10
    with pytest.raises(ChangeRefused, match="your own"):
        of.restart(seed=2)
