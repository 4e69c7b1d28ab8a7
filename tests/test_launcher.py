"""The launcher with the real engine process behind it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.runs.rows import rows
from tui_dl import launcher
from tui_dl.client import EngineClient
from tui_dl.errors import ChangeRefused, ConnectionLost, EngineFailed, TuiDlError, UsageError
from tui_dl.launcher import RunningEngine
from tui_dl.runs import RunFolder, RunReader, find_run, is_alive, list_runs, summarise
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import from_toml
from tui_dl.wire.commands import SaveCheckpoint
from tui_dl.wire.messages import HistorySent, RunDescribed, RunFinished, StepsRecorded

ROOT = Path(__file__).parents[1]
TINY = """
[data]
name = "moons"
[model]
name = "mlp"
hidden = [8]
[training]
batch_size = 16
epochs = 100000
device = "cpu"
checkpoint_every_s = 1e6
"""


@pytest.fixture
def experiment() -> Experiment:
    return from_toml(TINY, "TINY")


@pytest.fixture
async def engine(experiment: Experiment) -> AsyncIterator[RunningEngine]:
    """An engine that waits at step 0; gone after the test, whatever it did."""
    started = launcher.start(experiment, preset="tiny", paused=True)
    yield started
    await end(started)


async def end(engine: RunningEngine) -> None:
    if is_alive(engine.folder.log_path):
        await launcher.stop_engine(engine.folder)
    assert await engine.ended(timeout_s=20)


def facts(folder: RunFolder) -> dict[str, object]:
    with RunReader(folder.database_path) as reader:
        return reader.meta()


def recorded(folder: RunFolder) -> dict[tuple[int, int], dict[str, float | None]]:
    with RunReader(folder.database_path) as reader:
        return rows(reader.steps())


async def steps_until(client: EngineClient, last: int) -> list[StepsRecorded]:
    received = []
    async for message in client.messages():
        if isinstance(message, StepsRecorded):
            received.append(message)
            if last in [step for _, step in rows([message])]:
                return received
    raise AssertionError("the messages ended before")


async def test_an_engine_of_ones_own(experiment: Experiment) -> None:
    async with launcher.launch(experiment, preset="tiny") as client:
        folder = find_run()
        assert summarise(folder).alive
        assert await client.step(10) == 10
        plan = await client.plan({"optimizer.lr": 0.5})
        receipt = await client.apply({"optimizer.lr": 0.5})
        assert (receipt.step, receipt.kept, receipt.reset) == (10, plan.kept, plan.reset)
        assert await client.step(5) == 15
        with pytest.raises(ChangeRefused, match="adam"):
            await client.apply({"optimizer.name": "adamm"})
        undone = await client.undo()
        assert (undone.step, undone.segment) == (10, 1)
        evaluation = await client.evaluate("train")
        assert evaluation.step == 10
        measured = await client.measure(["train.loss"])
        assert measured.values["train.loss"] == pytest.approx(evaluation.metrics["loss"])
        assert await client.step(2) == 12
        at = await client.run()
        assert await client.pause() >= at
    messages = [message async for message in client.messages()]
    assert any(isinstance(message, RunDescribed) for message in messages)
    finished = [message for message in messages if isinstance(message, RunFinished)]
    assert finished[-1].reason == "stopped"
    assert Path(finished[-1].checkpoint).parent == folder.checkpoints_path
    assert not is_alive(folder.log_path)
    assert (facts(folder)["state"], facts(folder)["reason"]) == ("finished", "stopped")
    steps = [step for segment, step in recorded(folder) if segment == 0]
    assert steps == list(range(1, 16))
    assert [step for segment, step in recorded(folder) if segment == 1][:2] == [11, 12]


async def test_a_broken_block_ends_its_engine_too(experiment: Experiment) -> None:
    async def break_off() -> None:
        async with launcher.launch(experiment) as client:
            await client.step()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    (summary,) = list_runs()
    assert (summary.state, summary.alive, summary.step) == ("finished", False, 1)


async def test_whoever_leaves_can_come_back_to_the_whole_history(engine: RunningEngine) -> None:
    async with await engine.connect(client="ui") as first:
        assert await first.step(40) == 40
        await first.run()
    async with await launcher.attach().connect(client="ui") as second:
        assert second.controls
        at = await second.pause()
        assert at >= 40
        async for message in second.messages():
            if isinstance(message, HistorySent):
                break
    async with await launcher.attach(engine.folder.id).connect(scalars="every_step") as third:
        every = rows(await steps_until(third, at))
        assert [*every] == [(0, step) for step in range(1, at + 1)]


async def test_two_may_watch_and_one_controls(engine: RunningEngine) -> None:
    async with await engine.connect() as first, await engine.connect() as second:
        assert first.controls
        assert not second.controls
        with pytest.raises(TuiDlError):
            await second.step()
        await first.step(3)
        assert [*rows(await steps_until(second, 3))][-1] == (0, 3)


async def test_stopping_from_outside_and_going_on(engine: RunningEngine) -> None:
    folder = engine.folder
    async with await engine.connect() as client:
        await client.step(20)
        # Another command ends the run though this client controls it.
        await launcher.stop_engine(folder.id[:-2])
        assert [message async for message in client.messages()]
    assert await engine.ended(timeout_s=0.0)
    assert (facts(folder)["state"], facts(folder)["reason"]) == ("finished", "stopped")
    assert not engine.socket_path.parent.exists()
    await launcher.stop_engine(folder)
    with pytest.raises(UsageError, match=r"has ended \(finished\); see `tui-dl resume"):
        launcher.attach(folder)
    resumed = launcher.resume(folder.id, paused=True)
    try:
        with pytest.raises(UsageError, match="is running"):
            launcher.resume(folder)
        async with await resumed.connect() as client:
            assert await client.step(5) == 25
    finally:
        await end(resumed)
    assert [*recorded(folder)] == [(0, step) for step in range(1, 26)]


async def test_a_killed_engine_goes_on_as_if_nothing_had_been(
    experiment: Experiment, engine: RunningEngine
) -> None:
    folder = engine.folder
    async with await engine.connect() as client:
        await client.step(30)
        await client.request(SaveCheckpoint())
        await client.step(25)
        engine.send_signal(signal.SIGKILL)
        with pytest.raises(ConnectionLost) as lost:
            _ = [message async for message in client.messages()]
        failure = await engine.failure(lost.value)
    assert isinstance(failure, EngineFailed)
    assert "was killed by SIGKILL" in str(failure)
    assert str(folder.log_path) in str(failure)
    assert summarise(folder).state == "dead"
    resumed = launcher.resume(folder, paused=True)
    try:
        async with await resumed.connect() as client:
            assert await client.step(30) == 60
    finally:
        await end(resumed)
    async with launcher.launch(experiment) as client:
        undisturbed = find_run()
        await client.step(60)
    assert {key: row["loss"] for key, row in recorded(folder).items()} == {
        key: row["loss"] for key, row in recorded(undisturbed).items()
    }


async def test_there_must_be_a_checkpoint_to_go_on_from(engine: RunningEngine) -> None:
    engine.send_signal(signal.SIGKILL)
    assert await engine.ended(timeout_s=20)
    with pytest.raises(UsageError, match="there is no checkpoint"):
        launcher.resume(engine.folder)
    assert not is_alive(engine.folder.log_path)


@pytest.mark.parametrize("leaves_its_folder", [True, False])
async def test_one_that_ends_while_it_is_looked_for_is_let_be(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, leaves_its_folder: bool
) -> None:
    async with await engine.connect() as client:
        await client.stop()
    assert await engine.ended(30.0)
    looked: list[bool] = []

    def was_just_alive(*_arguments: object) -> bool:
        looked.append(True)
        if len(looked) > 1 and not leaves_its_folder:
            shutil.rmtree(engine.folder.path, ignore_errors=True)
        return len(looked) == 1

    monkeypatch.setattr(launcher, "is_alive", was_just_alive)
    await launcher.stop_engine(engine.folder)
    assert len(looked) > 1


async def test_an_engine_that_hangs_is_helped_along(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_SIGNAL_PATIENCE_S", 0.2)
    async with await engine.connect():
        engine.send_signal(signal.SIGSTOP)
        await launcher.stop_engine(engine.folder, patience_s=0.2)
    assert (facts(engine.folder)["state"], facts(engine.folder)["reason"]) == ("finished", "stopped")


async def test_an_engine_that_dies_at_its_start_says_why(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "msgspec.py").write_text("raise ImportError('this machine has no msgspec')")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    engine = launcher.start(experiment)
    with pytest.raises(EngineFailed, match="this machine has no msgspec") as failed:
        await engine.connect()
    assert str(engine.folder.log_path) in str(failed.value)
    assert "exit code 1" in str(failed.value)
    assert summarise(engine.folder).state == "dead"
    assert not engine.socket_path.exists()
    with pytest.raises(EngineFailed, match="this machine has no msgspec"):
        async with launcher.launch(experiment):
            pass


def test_an_engine_that_can_not_be_started_says_why(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(EngineFailed, match="could not be started: No such file"):
        launcher.start(experiment)
    (summary,) = list_runs()
    assert (summary.state, summary.alive) == ("failed", False)


async def test_a_working_folder_hides_no_module(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "random.py").write_text("raise ImportError('not the random you wanted')")
    monkeypatch.chdir(tmp_path)
    async with launcher.launch(experiment) as client:
        assert await client.step() == 1


_START = """
import os, sys
os.closerange(0, 3)
from pathlib import Path
from tui_dl import launcher
from tui_dl.spec.preset import from_toml
launcher.start(from_toml(Path(sys.argv[1]).read_text(), "x"), paused=True)
os._exit(0)
"""


async def test_a_starter_without_standard_streams(tmp_path: Path) -> None:
    """File descriptor 0 is then the first to be given away: to the log, or the socket."""
    preset = tmp_path / "tiny.toml"
    preset.write_text(TINY)
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _START, str(preset)], check=True, cwd=ROOT)
    engine = launcher.attach()
    try:
        async with await engine.connect() as client:
            assert await client.step(2) == 2
    finally:
        await end(engine)


_OWN = """
import asyncio, os, sys
from pathlib import Path
from tui_dl import launcher
from tui_dl.spec.preset import from_toml

async def main():
    async with launcher.launch(from_toml(Path(sys.argv[1]).read_text(), "x")) as client:
        await client.step(3)
        await client.run()
        print("running", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_owner_takes_its_engine_along(tmp_path: Path) -> None:
    preset = tmp_path / "tiny.toml"
    preset.write_text(TINY)
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OWN, str(preset), stdout=subprocess.PIPE, cwd=ROOT
    )
    assert owner.stdout is not None
    assert await owner.stdout.readline() == b"running\n"
    engine = launcher.attach()
    owner.kill()
    await owner.wait()
    assert await engine.ended(timeout_s=30)
    summary = summarise(engine.folder)
    assert summary.state == "finished"
    assert [*recorded(engine.folder)] == [(0, step) for step in range(1, summary.step + 1)]


async def test_a_process_group_of_its_own(engine: RunningEngine) -> None:
    """A hang-up or Ctrl-C of the terminal goes to the starter's session, and never reaches the engine."""
    assert engine.process is not None
    assert os.getsid(engine.process.pid) == engine.process.pid
