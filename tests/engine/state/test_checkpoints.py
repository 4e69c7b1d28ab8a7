"""Checkpoints: whole or not there, the newest readable one is found, and the training never waits."""

import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.session_bench import TOTAL_STEPS, Driver, experiment
from tui_dl.engine.state import checkpoints as module
from tui_dl.engine.state.checkpoints import KEPT, Checkpoints, captured, listed, newest_readable
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.commands import ApplyChange, Run, SaveCheckpoint, SetPace, Step, Undo
from tui_dl.wire.messages import RunFinished


def fail(words: str) -> None:
    raise AssertionError(words)


def saved(folder: Path, *steps: int, final: int | None = None) -> Checkpoints:
    store = Checkpoints(folder, fail)
    for step in steps:
        store.save({"step": step, "x": torch.ones(3)}, segment=0, step=step, is_last=step == final)
        assert store.drain(10.0)
    return store


def test_the_last_three_and_the_newest_final_one_are_kept(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2, 3, 4, 5, 6, 7, final=2)
    steps = [torch.load(path, weights_only=True)["step"] for path in listed(tmp_path)]
    assert steps == [7, 6, 5, 2]
    assert len(steps) == KEPT + 1
    store.close()
    again = saved(tmp_path, 8)
    assert newest_readable(tmp_path)[1]["step"] == 8  # type: ignore[index]
    again.close()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn", bytes(500)])
def test_a_broken_one_falls_back_to_the_one_before(tmp_path: Path, damage: bytes) -> None:
    saved(tmp_path, 1, 2).close()
    listed(tmp_path)[0].write_bytes(damage)
    found = newest_readable(tmp_path)
    assert found is not None
    assert found[1]["step"] == 1
    for path in listed(tmp_path):
        path.write_bytes(damage)
    assert newest_readable(tmp_path) is None
    assert newest_readable(tmp_path / "nowhere") is None


def test_a_captured_state_is_of_its_own() -> None:
    weights = torch.zeros(3)
    state = captured({"a": [weights, (weights, 5, "x")], "b": {"c": weights}})
    weights += 1
    assert all(float(each.sum()) == 0.0 for each in (state["a"][0], state["a"][1][0], state["b"]["c"]))


def test_on_a_slow_disk_the_newest_state_replaces_the_one_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, may_go_on = threading.Event(), threading.Event()
    write = module.write_whole

    def slowly(*arguments: Any) -> None:
        entered.set()
        assert may_go_on.wait(20.0)
        write(*arguments)

    monkeypatch.setattr(module, "write_whole", slowly)
    answers: list[tuple[int, str, str]] = []
    store = Checkpoints(tmp_path, fail)
    for step in range(1, 5):
        store.save(
            {"step": step},
            segment=0,
            step=step,
            done=lambda path, why, n=step: answers.append((n, path, why)),
        )
        assert entered.wait(20.0)
    may_go_on.set()
    assert store.drain(20.0)
    assert [path.name for path in listed(tmp_path)] == [
        "000004-segment-0-step-4.pt",
        "000001-segment-0-step-1.pt",
    ]
    assert [number for number, _, _ in answers] == [1, 2, 3, 4]
    assert all(why == "" for _, _, why in answers)
    store.close()


def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    words: list[str] = []
    blocked = tmp_path / "checkpoints"
    blocked.write_text("in the way")
    store = Checkpoints(blocked, words.append)
    answers: list[tuple[str, str]] = []
    store.save({"step": 1}, segment=0, step=1, done=lambda path, why: answers.append((path, why)))
    assert store.drain(20.0)
    assert "could not be written" in words[0]
    assert answers == [("", words[0])]
    store.close()


def test_what_was_recorded_is_on_disk_before_a_checkpoint_appears(tmp_path: Path) -> None:
    seen: list[int] = []
    store = Checkpoints(tmp_path, fail, before_visible=lambda: seen.append(len(listed(tmp_path))))
    for step in (1, 2):
        store.save({"step": step}, segment=0, step=step)
        assert store.drain(20.0)
    assert seen == [0, 1]
    store.close()


def run_with(tmp_path: Path, text: str = "") -> tuple[Driver, Checkpoints]:
    store = Checkpoints(tmp_path, fail)
    return Driver(experiment(text), checkpoints=store), store


def test_a_session_saves_at_its_start_after_changes_and_at_its_end(tmp_path: Path) -> None:
    driver, store = run_with(tmp_path, "")
    assert store.drain(20.0)
    assert [path.name for path in listed(tmp_path)] == ["000001-segment-0-step-0.pt"]
    driver.do(Step(3))
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.tell(Undo())
    assert store.drain(20.0)
    assert listed(tmp_path)[0].name.endswith("-segment-1-step-3.pt")
    driver.do(Run())
    finished = driver.sink.last(RunFinished)
    assert finished.checkpoint.endswith(f"-segment-1-step-{TOTAL_STEPS}-final.pt")
    assert Path(finished.checkpoint).is_file()
    store.close()


def test_saving_on_request_is_answered_when_it_is_on_disk(tmp_path: Path) -> None:
    driver, store = run_with(tmp_path)
    driver.do(Step(2))
    driver.tell(SaveCheckpoint())
    assert store.drain(20.0)
    answer = driver.sink.answers()[-1]
    assert answer.error == ""
    assert listed(tmp_path)[0].name in answer.note
    without = Driver(experiment())
    refused = without.tell(SaveCheckpoint())
    assert refused is not None
    assert "no checkpoints" in refused.error
    store.close()


def test_a_session_goes_on_from_a_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    text = '[[script]]\nat_step = 9\nset = { "optimizer.lr" = 0.2 }\n[[regularizers]]\nname = "dropout"\n'
    whole, store = run_with(tmp_path / "whole", text)
    whole.do(Run())
    store.close()
    first, store = run_with(tmp_path / "parts", text)
    first.tell(SetPace(20.0))
    first.do(Step(12))
    first.tell(ApplyChange({"training.batch_size": 8}))
    first.tell(Undo())
    store.close()
    found = newest_readable(tmp_path / "parts")
    assert found is not None
    second = Driver(experiment(text), resume=found[1], segment=1)
    assert (second.step, second.session.pacer.pace) == (12, 20.0)
    assert second.session.experiment.optimizer.lr == 0.2
    second.do(Run())
    expected, got = whole.sink.column("loss"), second.sink.column("loss")
    assert [got[1, step] for step in range(13, TOTAL_STEPS + 1)] == [
        expected[0, step] for step in range(13, TOTAL_STEPS + 1)
    ]
    assert torch.equal(second.weights(), whole.weights())


def test_a_checkpoint_is_a_trainers_state_with_the_session_beside_it(tmp_path: Path) -> None:
    driver, store = run_with(tmp_path)
    driver.do(Step(6))
    driver.tell(SaveCheckpoint())
    store.close()
    state = torch.load(listed(tmp_path)[0], weights_only=True)
    position = state.pop("session")
    assert (position["step"], position["segment"]) == (6, 0)
    trainer = Trainer(experiment())
    trainer.load_state_dict(state)
    assert trainer.step == 6


def test_an_end_names_no_checkpoint_that_could_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    store = Checkpoints(folder, lambda _words: None)
    driver = Driver(experiment(), checkpoints=store)
    assert store.drain(20.0)
    for path in listed(folder):
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    driver.do(Run())
    assert driver.sink.last(RunFinished).checkpoint == ""
    recorded = next(event for event in driver.sink.events if event.kind == "finished")
    assert recorded.body["checkpoint"] == ""
    store.close()
