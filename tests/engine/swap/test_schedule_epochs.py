"""Schedules in epochs: they follow the epochs of the run, through other batch sizes, undo and resume."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim import lr_scheduler

from tests.engine.plain_loop import continuation, trainer
from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, SpecError
from tui_dl.spec.preset import from_toml, to_toml
from tui_dl.wire.commands import ApplyChange, Run
from tui_dl.wire.messages import ChangeApplied, RunDescribed

DROPS: dict[str, Any] = {"name": "step", "step_size": 2, "gamma": 0.5, "unit": "epochs"}
LINE: dict[str, Any] = {"name": "linear", "unit": "epochs"}


def rates(of: Trainer, steps: int) -> list[tuple[int, float]]:
    """The epoch and the rate of each of so many updates."""
    made = []
    for _ in range(steps):
        epoch = of.epoch
        made.append((epoch, of.train_batch().lr))
    return made


def test_a_run_has_torchs_rates_stepped_epoch_by_epoch() -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 0.1}, schedule=DROPS)
    plain = trainer(optimizer={"name": "sgd", "lr": 0.1})
    scheduler = lr_scheduler.StepLR(plain.optimizer, 2, 0.5)
    expected = []
    for _ in range(9):
        expected += [(len(expected) // 7, plain.optimizer.param_groups[0]["lr"])] * 7
        plain.optimizer.step()
        scheduler.step()
    assert rates(of, 63) == expected


@settings(max_examples=25, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 104), st.integers(1, 3)), max_size=4))
def test_drops_come_at_their_epochs_whatever_the_batch_size_was(changes: list[tuple[int, int, int]]) -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 1.0}, schedule=DROPS)
    made = []
    for steps, batch_size, accumulate in changes:
        made += rates(of, steps)
        of.apply({"training.batch_size": batch_size, "training.accumulate": accumulate})
    while of.epoch < 5 and len(made) < 400:
        made += rates(of, 1)
    assert all(lr == 0.5 ** (epoch // 2) for epoch, lr in made)


def test_a_line_over_the_planned_epochs_ends_with_them() -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 1.0}, schedule=LINE, training__epochs=4)
    made = rates(of, 10)
    before = of.plan({"training.batch_size": 40})
    assert any("goes on from epoch 1.33, at 3 updates an epoch" in each for each in before.warnings)
    of.apply({"training.batch_size": 40})
    while of.epoch < 4:
        made += rates(of, 1)
    line = [lr for _, lr in made]
    assert line == sorted(line, reverse=True)
    assert line[:10] == pytest.approx([1 - step / 28 for step in range(10)])
    # 7 + 3 batches of 7 an epoch, then epochs of 3: the last update is one of 12 before the end.
    assert line[10:] == pytest.approx([1 - step / 12 for step in range(4, 12)])


def test_undo_and_a_saved_state_lead_back_to_the_same_rates() -> None:
    of = trainer(optimizer={"name": "sgd", "lr": 1.0}, schedule=LINE)
    rates(of, 5)
    expected = trainer()
    expected.load_state_dict(of.state_dict())
    of.apply({"training.batch_size": 9})
    rates(of, 5)
    state = of.state_dict()
    other = trainer()
    other.load_state_dict(state)
    assert rates(other, 40) == rates(of, 40)
    of.undo()
    assert rates(of, 20) == rates(expected, 20)


def test_a_change_of_the_unit_is_a_change_like_any_other() -> None:
    of = trainer(
        optimizer={"name": "sgd", "lr": 1.0}, schedule={"name": "step", "step_size": 5, "gamma": 0.1}
    )
    continuation(of, 6)
    plan = of.plan({"schedule.unit": "epochs"})
    assert plan.warnings == ("the next update's rate goes from 0.1 to 1.",)
    of.apply({"schedule.unit": "epochs"})
    assert rates(of, 1)[0][1] == 1.0


def test_two_clocks_are_refused_and_a_planned_length_is_none() -> None:
    after = {"name": "step", "step_size": 9}
    with pytest.raises(ChangeRefused, match="steps behind a warm-up in epochs would be two clocks"):
        trainer().apply({"schedule": {"name": "warmup", "steps": 2, "unit": "epochs", "after": after}})
    of = trainer(
        optimizer={"name": "sgd", "lr": 1.0},
        schedule={"name": "warmup", "steps": 2, "unit": "epochs", "start_factor": 0.0, "after": "cosine"},
    )
    made = [lr for _, lr in rates(of, 15)]
    assert made[:14] == pytest.approx([step / 14 for step in range(14)])
    assert made[14] == 1.0


def test_it_is_written_and_read_and_old_presets_mean_what_they_meant() -> None:
    given = experiment('[schedule]\nname = "step"\nstep_size = 3\nunit = "epochs"\n')
    assert from_toml(to_toml(given), "again") == given
    old = experiment('[schedule]\nname = "step"\nstep_size = 3\n')
    assert old.schedule.unit == "steps"  # type: ignore[union-attr]
    with pytest.raises(SpecError, match="epochs"):
        experiment('[schedule]\nname = "step"\nunit = "epoch"\n')


def test_batches_of_unknown_number_have_no_epochs_to_count() -> None:
    model = nn.Linear(2, 1)
    pair = (torch.zeros(4, 2), torch.zeros(4, 1))
    of = Trainer.from_parts(
        model=model,
        loss=nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        batches=(pair for _ in range(9)),
    )
    with pytest.raises(ChangeRefused, match="how many batches an epoch has is not known"):
        of.apply({"schedule": DROPS})


def test_a_client_is_told_where_the_epochs_stand() -> None:
    driver = Driver(experiment('[schedule]\nname = "linear"\nunit = "epochs"\n'))
    driver.tell(Run(until_step=7))
    driver.go()
    driver.tell(ApplyChange({"training.batch_size": 40}))
    told = driver.sink.last(RunDescribed)
    assert driver.sink.last(ChangeApplied).receipt.step == 7
    assert told.steps_per_epoch == 2
    assert told.epoch_shift == driver.session.trainer.rates.epoch_shift != 0
