"""Undo points: bounded, coalescing, exact in any order."""

import pytest

from tests.engine.plain_loop import assert_same, continuation, trainer
from tui_dl.engine.state.undo import UndoStack
from tui_dl.errors import ChangeRefused


def test_points_come_back_in_order() -> None:
    of = trainer()
    for rate in (0.1, 0.2, 0.3):
        continuation(of, 4)
        of.apply({"optimizer.lr": rate})
        continuation(of, 2)
    assert of.undo_depth == 3
    assert of.undo_label == "optimizer.lr 0.2 → 0.3"
    for rate, step in ((0.2, 16), (0.1, 10), (0.001, 4)):
        result = of.undo()
        assert result.step == of.step == step
        assert of.lr == rate
    assert (of.undo_depth, of.undo_label) == (0, "")
    with pytest.raises(ChangeRefused, match="nothing to undo"):
        of.undo()


def test_nudges_of_one_field_without_a_batch_between_are_one_point() -> None:
    of = trainer()
    continuation(of, 3)
    before = of.state_dict()
    for rate in (0.1, 0.2, 0.3):
        of.apply({"optimizer.lr": rate})
    of.apply({"optimizer.beta1": 0.5})
    of.apply({"optimizer.lr": 0.4})
    of.apply({"optimizer.lr": 0.4})
    assert of.undo_depth == 3
    of.undo()
    of.undo()
    assert of.lr == 0.3
    of.undo()
    assert_same(of.state_dict(), before)


def test_nudges_while_running_are_one_point_within_the_given_time() -> None:
    now_s: list[float] = []
    of = trainer()
    of._undo = UndoStack(clock=lambda: now_s[-1])
    for rate, time_s in ((0.1, 0.0), (0.2, 0.5), (0.3, 1.4), (0.4, 3.0)):
        now_s.append(time_s)
        of.train_batch()
        of.apply({"optimizer.lr": rate})
    assert of.undo_depth == 4
    of.coalesce_within_s = 1.0
    for rate, time_s in ((0.5, 10.0), (0.6, 10.9), (0.7, 11.8), (0.8, 13.0)):
        now_s.append(time_s)
        of.train_batch()
        of.apply({"optimizer.lr": rate})
    assert of.undo_depth == 6
    of.undo()
    assert of.lr == 0.7
    of.undo()
    assert of.lr == 0.4


def test_a_change_after_an_undo_never_coalesces_with_what_was_undone() -> None:
    of = trainer()
    of.apply({"optimizer.lr": 0.1})
    of.undo()
    of.apply({"optimizer.lr": 0.2})
    assert of.undo_depth == 1
    of.undo()
    assert of.lr == 0.001


def test_whole_components_never_coalesce() -> None:
    of = trainer()
    of.apply({"optimizer": "sgd"})
    of.apply({"optimizer": "adagrad"})
    of.apply({"regularizers.l2": True})
    of.apply({"regularizers.l2": False})
    assert of.undo_depth == 4


def test_the_stack_is_bounded_in_bytes_but_keeps_the_newest() -> None:
    of = trainer()
    continuation(of, 2)
    of._undo = UndoStack(largest_bytes=1)
    of.apply({"optimizer.lr": 0.1})
    of.train_batch()
    of.apply({"optimizer.lr": 0.2})
    assert of.undo_depth == 1
    of.undo()
    assert of.lr == 0.1
    numbers = sum(parameter.numel() for parameter in of.model.parameters())
    of._undo = UndoStack(largest_bytes=3 * 4 * (3 * numbers + 6))
    for rate in range(1, 9):
        of.apply({"optimizer.lr": rate / 10})
        of.train_batch()
    assert of.undo_depth == 3


def test_a_restart_can_be_undone() -> None:
    of, never = trainer(regularizers__dropout__p=0.3), trainer(regularizers__dropout__p=0.3)
    continuation(of, 9)
    continuation(never, 9)
    of.restart()
    continuation(of, 4)
    assert of.undo_label == "restart"
    assert of.undo().abandoned_step == 4
    assert continuation(of, 9) == continuation(never, 9)


def test_data_and_networks_that_only_a_point_still_holds_count() -> None:
    of = trainer(data__samples=20_000)
    assert of.splits is not None
    data = sum(
        split.inputs.nbytes + split.targets.nbytes for split in (of.splits.train, of.splits.validation)
    )
    of._undo = UndoStack(largest_bytes=data)
    for samples in (130, 140, 150):
        of.apply({"data.samples": samples})
    # The large data are held by the oldest point alone: it is the one that has no room.
    assert of.undo_depth == 2
    of.undo()
    of.undo()
    assert of.experiment is not None
    assert of.experiment.data.samples == 130  # type: ignore[union-attr]
    of.apply({"optimizer.lr": 0.1})
    of.apply({"data.noise": 0.37})
    assert of.undo_depth == 2
