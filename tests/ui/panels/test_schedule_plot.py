"""The rate ahead of the run is the very function that the engine trains with."""

import pytest
from msgspec import structs

from tests.ui.fake_engine import described, status, steps
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.preset import load_preset
from tui_dl.ui.panels.schedule_plot import rates_ahead, schedule_data
from tui_dl.ui.run_model import RunModel

SCHEDULES = [
    {"schedule": "constant"},
    {"schedule": {"name": "step", "step_size": 7, "gamma": 0.5}},
    {"schedule": {"name": "cosine", "min_factor": 0.1}},
    {"schedule": {"name": "cosine", "total_steps": 12}},
    {"schedule": "one_cycle"},
    {"schedule": {"name": "exponential", "gamma": 0.1, "unit": "epochs"}},
    {"schedule": {"name": "linear", "unit": "epochs"}},
    {"schedule": {"name": "warmup", "steps": 9, "after": {"name": "cosine_restarts", "first_steps": 4}}},
]
LR = {"optimizer.lr": 0.02}
BATCHES = {"training.batch_size": 100}


@pytest.mark.parametrize("changes", SCHEDULES)
@pytest.mark.parametrize(
    ("at", "change", "warmup_steps"), [(0, {}, 0), (5, LR, 0), (5, LR, 6), (5, BATCHES, 0)]
)
def test_what_is_drawn_ahead_comes_true(
    changes: dict[str, object], at: int, change: dict[str, float], warmup_steps: int
) -> None:
    trainer = Trainer(load_preset("digits-mlp", {"training.epochs": 1, **changes}))
    for _ in range(at):
        trainer.train_batch()
    if change:
        trainer.apply(change, warmup_steps=warmup_steps)
    experiment = trainer.experiment
    assert experiment is not None
    model = RunModel()
    told = structs.replace(
        described(experiment),
        total_steps=trainer.total_steps,
        steps_per_epoch=trainer.steps_per_epoch,
        epoch_shift=trainer.rates.epoch_shift,
        warmup_from=trainer.rates.warmup_from,
        warmup_steps=trainer.rates.warmup_steps,
    )
    model.apply(told)
    model.apply(status("paused", at, total_steps=trainer.total_steps))
    data = schedule_data(model, 200)
    assert data is not None
    ahead = next(series for series in data.series if series.label == "planned")
    drawn = dict(zip(ahead.xs.tolist(), ahead.mean.tolist(), strict=True))
    for _ in range(at, trainer.total_steps):
        result = trainer.train_batch()
        assert drawn[float(result.step)] == pytest.approx(result.lr, rel=1e-12)


def test_the_past_stays_as_it_was_when_the_base_rate_changes() -> None:
    model = RunModel()
    model.apply(described(load_preset("digits-mlp", {"optimizer.lr": 0.5})))
    model.apply(status("running", 50))
    model.apply(steps(1, [1.0] * 50))
    data = schedule_data(model, 200)
    assert data is not None
    past, ahead = data.series
    assert set(past.mean.tolist()) == {0.001}
    assert set(ahead.mean.tolist()) == {0.5}
    assert (past.xs[-1], ahead.xs[0]) == (pytest.approx(50, abs=5), 51)
    assert (data.marks[0].x, data.marks[0].label) == (50.0, "now")


def test_what_the_script_will_do_is_marked_ahead() -> None:
    model = RunModel()
    model.apply(described(load_preset("optimizer-swap")))
    model.apply(status("running", 10))
    data = schedule_data(model, 200)
    assert data is not None
    assert [(mark.x, mark.label) for mark in data.marks] == [(10.0, "now"), (600.0, "script: optimizer")]
    model.apply(status("running", 700))
    data = schedule_data(model, 200)
    assert data is not None
    assert [mark.label for mark in data.marks] == ["now"]


def test_before_the_engine_speaks_nothing_is_claimed() -> None:
    assert schedule_data(RunModel(), 80) is None
    model = RunModel(experiment=load_preset("digits-mlp", {"schedule": "cosine"}))
    assert rates_ahead(model) is not None
    data = schedule_data(model, 80)
    assert data is not None
    assert data.series == ()


def test_at_and_beyond_the_planned_end_the_plot_ends_there() -> None:
    model = RunModel()
    model.apply(described(load_preset("digits-mlp", {"schedule": "cosine"})))
    for step in (919, 920, 2000):
        model.apply(status("paused", step))
        data = schedule_data(model, 80)
        assert data is not None
        assert data.x_range == (0.0, float(max(step, 920)))


def test_a_plateau_is_drawn_flat_ahead_at_what_evaluations_have_made_of_it() -> None:
    model = RunModel()
    model.apply(described(load_preset("digits-mlp", {"optimizer.lr": 0.5, "schedule": "plateau"})))
    model.apply(status("running", 50, rate_scale=0.01))
    model.apply(steps(1, [1.0] * 50))
    data = schedule_data(model, 200)
    assert data is not None
    past, ahead = data.series
    assert set(past.mean.tolist()) == {0.001}
    assert set(ahead.mean.tolist()) == {0.005}
