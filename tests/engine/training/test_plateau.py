"""The plateau schedule: what evaluations make of the rate is part of the run, whoever looks on."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import nn

from tests.engine.plain_loop import PlainLoop, assert_same, continuation, experiment, trainer
from tests.engine.session_bench import Driver
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused
from tui_dl.spec.plateau import PlateauState
from tui_dl.wire.commands import Evaluate, Run
from tui_dl.wire.messages import EvaluationRecorded, Noticed, StatusChanged

EAGER = {"name": "plateau", "factor": 0.5, "patience": 0, "threshold": 0.05}
"""It drops several times within a few epochs."""
STEPS_PER_EPOCH = 7


def trained(steps: int, **change: Any) -> Trainer:
    of = trainer(schedule=EAGER, **change)
    continuation(of, steps)
    return of


def scale(of: Trainer) -> float:
    return of.rates.plateau.scale


def test_a_run_equals_a_plain_loop_with_torchs_scheduler() -> None:
    sgd = {"name": "sgd", "lr": 0.5, "momentum": 0.9}
    of = trainer(schedule=EAGER, optimizer=sgd)
    loop = PlainLoop(of, sgd)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        loop.optimizer, factor=0.5, patience=0, threshold=0.05, eps=0.0
    )
    assert of.splits is not None
    held_out = of.splits.validation
    for _ in range(12):
        for _ in range(STEPS_PER_EPOCH):
            loop.step_beside()
        with torch.no_grad():
            scheduler.step(loop.loss(loop.model(held_out.inputs), held_out.targets))
        assert of.lr == loop.optimizer.param_groups[0]["lr"]
    loop.assert_equal()
    assert scale(of) <= 0.5**3


def test_the_state_goes_through_a_file() -> None:
    of = trained(5 * STEPS_PER_EPOCH + 3, regularizers__dropout__p=0.2)
    assert scale(of) < 1
    file = io.BytesIO()
    torch.save(of.state_dict(), file)
    file.seek(0)
    twin = Trainer(experiment())
    twin.load_state_dict(torch.load(file, weights_only=True))
    assert twin.rates == of.rates
    assert continuation(twin, 30) == continuation(of, 30)
    assert_same(twin.state_dict(), of.state_dict())


def test_a_state_of_an_older_version_begins_with_nothing() -> None:
    state = trained(20).state_dict()
    del state["plateau"]
    twin = Trainer(experiment())
    twin.load_state_dict(state)
    assert twin.rates.plateau == PlateauState()


def test_undo_takes_back_what_evaluations_did_since() -> None:
    of, never = trained(2 * STEPS_PER_EPOCH - 1), trained(2 * STEPS_PER_EPOCH - 1)
    before = of.rates
    of.apply({"optimizer.lr": 0.3})
    continuation(of, 4 * STEPS_PER_EPOCH)
    assert of.rates.plateau != before.plateau
    of.undo()
    assert of.rates == before
    assert continuation(of, 40) == continuation(never, 40)
    assert_same(of.state_dict(), never.state_dict())


def test_a_restart_begins_with_the_base_rate() -> None:
    of = trained(6 * STEPS_PER_EPOCH)
    assert scale(of) < 1
    of.restart()
    assert of.rates.plateau == PlateauState()
    fresh = trainer(schedule=EAGER)
    assert continuation(of, 30) == continuation(fresh, 30)


def test_an_evaluation_by_request_changes_nothing() -> None:
    of, never = trained(10), trained(10)
    for _ in range(30):
        of.evaluate("validation")
        of.evaluate("train")
        of.train_batch()
    continuation(never, 30)
    assert_same(of.state_dict(), never.state_dict())


def test_other_numbers_keep_the_rate_and_what_it_is_measured_by() -> None:
    of = trained(6 * STEPS_PER_EPOCH)
    rates = of.rates
    plan = of.plan({"schedule.factor": 0.1})
    receipt = of.apply({"schedule.factor": 0.1})
    assert plan.kept == receipt.kept
    assert {"schedule.scale", "schedule.best"} <= set(receipt.kept)
    assert of.rates.plateau == rates.plateau
    assert of.lr == rates.bases[0] * rates.plateau.scale


def test_another_loss_keeps_the_rate_and_measures_anew() -> None:
    of = trained(6 * STEPS_PER_EPOCH)
    before = of.rates.plateau
    receipt = of.apply({"loss": "mse"})
    assert "schedule.scale" in receipt.kept
    assert "schedule.best" in receipt.reset
    assert of.rates.plateau == before.with_new_objective()
    continuation(of, STEPS_PER_EPOCH)
    assert of.rates.plateau.best == of.evaluate("validation")["loss"]


def test_another_schedule_forgets_it_and_the_jump_of_the_rate_is_said() -> None:
    of = trained(6 * STEPS_PER_EPOCH)
    lr = of.lr
    plan = of.plan({"schedule": "constant"})
    assert {"schedule.scale", "schedule.best"} <= set(plan.reset)
    assert any("the next update's rate goes from" in warning for warning in plan.warnings)
    of.apply({"schedule": "constant"})
    assert of.rates.plateau == PlateauState()
    assert of.train_batch().lr > lr


def test_before_the_first_evaluation_there_is_no_state_to_speak_of() -> None:
    of = trained(3)
    receipt = of.apply({"schedule.factor": 0.1})
    assert not [name for name in (*receipt.kept, *receipt.reset) if name.startswith("schedule")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schedule": {"name": "cosine", "total_steps": 20}}, "to 0: no weight moves."),
        ({"schedule": {"name": "exponential", "gamma": 0.9}}, "from 0.001 to "),
        ({"schedule": {"name": "step", "step_size": 101}}, ""),
        ({"schedule": {"name": "warmup", "after": "plateau"}}, ""),
        ({"optimizer.lr": 0.1}, ""),
    ],
)
def test_a_schedule_that_moves_the_rate_at_once_is_warned_of(change: dict[str, Any], said: str) -> None:
    of = trainer()
    continuation(of, 100)
    warnings = [warning for warning in of.plan(change).warnings if "next update's rate" in warning]
    assert bool(warnings) == bool(said)
    assert said in "".join(warnings)


def test_a_session_trains_like_the_trainer_and_evaluates_once_an_epoch() -> None:
    of = trainer(schedule=EAGER, training__epochs=8)
    driver = Driver(experiment({"schedule": EAGER, "training.epochs": 8}))
    driver.tell(Evaluate("validation"))
    driver.do(Run())
    continuation(of, 8 * STEPS_PER_EPOCH)
    assert scale(of) < 1
    assert driver.session.trainer.rates == of.rates
    assert_same(driver.session.trainer.state_dict(), of.state_dict())
    evaluated = [each for each in driver.sink.of(EvaluationRecorded) if each.split == "validation"]
    assert [each.step for each in evaluated] == [0, *range(7, 57, 7)]
    assert evaluated[-1].metrics == of.evaluate("validation")
    drops = [each for each in driver.sink.of(Noticed) if "plateau" in each.text]
    assert len(drops) == [0.5**k for k in range(9)].index(scale(of))
    assert driver.sink.last(StatusChanged).rate_scale == scale(of)
    for drop in drops:
        place = driver.sink.messages.index(drop)
        last_said = driver.sink.messages[place - 1]
        assert isinstance(last_said, EvaluationRecorded)
        assert last_said.step % STEPS_PER_EPOCH == 0


def test_it_follows_somebodys_own_validation_batches_and_is_refused_without() -> None:
    def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
        generator = torch.Generator().manual_seed(0)
        return [(torch.randn(8, 3, generator=generator), torch.randint(2, (8,))) for _ in range(4)]

    def made(**more: Any) -> Trainer:
        model = nn.Linear(3, 2)
        return Trainer.from_parts(
            model=model,
            loss=nn.functional.cross_entropy,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            batches=batches(),
            **more,
        )

    with pytest.raises(ChangeRefused, match="from_parts validation="):
        made().apply({"schedule": "plateau"})
    of = made(validation=batches())
    of.apply({"schedule": {"name": "plateau", "patience": 0, "threshold": 1.0}})
    assert [of.train_batch().lr for _ in range(12)] == pytest.approx([0.1] * 8 + [0.01] * 4)
