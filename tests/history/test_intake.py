"""Engine and screen name the same series alike, or a history that was sent would not go on."""

import math

import numpy as np

from tui_dl.history.intake import joined, step_count, take_in, take_in_evaluations
from tui_dl.history.store import SeriesStore
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import (
    AnyMessage,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    Noticed,
    Restarted,
    StepsRecorded,
)
from tui_dl.wire.plans import Receipt

NAMES = ("loss", "data_loss", "penalty", "lr", "epoch", "samples_seen", "grad_norm", "accuracy", "loss.mse")


def steps(segment: int, first: int, count: int) -> StepsRecorded:
    values = np.arange(len(NAMES) * count, dtype="<f8").reshape(len(NAMES), count)
    return StepsRecorded(segment, first, NAMES, values.tobytes())


MESSAGES: list[AnyMessage] = [
    steps(0, 1, 10),
    EvaluationRecorded(0, 10, 1, "validation", {"loss": 0.5, "accuracy": math.nan}, ("accuracy",)),
    EvaluationRecorded(0, 10, 1, "train", {"loss": 0.25}),
    ChangeApplied(Receipt(10, 0, {"optimizer.lr": 0.5}, edits=(("optimizer.lr", "0.1", "0.5"),))),
    steps(0, 11, 5),
    ChangeUndone(1, 10, 0, 15, "lr"),
    steps(1, 11, 5),
    Restarted(2, 0, "restart"),
    steps(2, 1, 3),
]


def test_the_stores_of_engine_and_screen_are_alike() -> None:
    store, model = SeriesStore(), RunModel()
    for message in MESSAGES:
        assert take_in(store, message)
        model.apply(message)
    assert store.metrics() == model.history.metrics()
    assert store.branches == model.history.branches
    assert [(each.step, each.segment, each.label, each.kind) for each in store.marks()] == [
        (each.step, each.segment, each.label, each.kind) for each in model.history.marks()
    ]
    for segment in store.segments:
        for metric in store.metrics(segment):
            ours, theirs = store.latest(metric, segment), model.history.latest(metric, segment)
            assert ours == theirs or str(ours) == str(theirs)


def test_other_messages_are_not_of_the_history() -> None:
    assert not take_in(SeriesStore(), Noticed("info", "hello"))


def test_joined_steps_are_the_same_steps() -> None:
    pieces = [steps(0, 1, 3), steps(0, 4, 2), steps(0, 7, 1), steps(1, 8, 2), steps(1, 10, 1)]
    bad = StepsRecorded(1, 11, NAMES, pieces[0].columns, {"loss": [0, 2]})
    together = joined([*pieces, bad])
    assert [(each.segment, each.first_step, step_count(each)) for each in together] == [
        (0, 1, 5),
        (0, 7, 1),
        (1, 8, 6),
    ]
    assert together[-1].nonfinite == {"loss": [3, 5]}
    one, many = SeriesStore(), SeriesStore()
    for message in [*pieces, bad]:
        take_in(one, message)
    for message in together:
        take_in(many, message)
    for segment in one.segments:
        for metric in one.metrics(segment):
            ours = one.window(segment, metric, 1, 20, 20)
            theirs = many.window(segment, metric, 1, 20, 20)
            np.testing.assert_array_equal(ours.low, theirs.low)


def test_evaluations_taken_in_together_are_those_taken_in_one_by_one() -> None:
    found = [EvaluationRecorded(0, 5 * n, n, "validation", {"loss": 1.0 / n, "mse": n}) for n in range(1, 8)]
    found.append(EvaluationRecorded(0, 40, 8, "validation", {"loss": math.nan}, ("loss", "mse")))
    one, many = SeriesStore(), SeriesStore()
    for message in found:
        take_in(one, message)
    take_in_evaluations(many, found)
    for metric in ("validation.loss", "validation.mse"):
        for ours, theirs in zip(
            one.points(one.live(), metric), many.points(many.live(), metric), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
