"""The engine as a process: it outlives its clients, ends with its owner, and goes on after a kill."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
import torch

from tests.engine.session_bench import experiment
from tui_dl.client import EngineClient
from tui_dl.engine.state.checkpoints import listed
from tui_dl.errors import ConnectionLost, EngineFailed, NotAvailable, TuiDlError
from tui_dl.launcher import RunningEngine, attach, resume, start, stop_engine
from tui_dl.runs import RunFolder, RunReader, is_alive, summarise
from tui_dl.spec.change import apply_change
from tui_dl.wire.commands import Run, SaveCheckpoint, Watch
from tui_dl.wire.json_lines import step_matrix
from tui_dl.wire.messages import (
    AnyMessage,
    HistorySent,
    PastReadings,
    ReadingTaken,
    RunFinished,
    StatusChanged,
)
from tui_dl.wire.snapshots import LayersRead, OptimizerRead

LONG = apply_change(experiment(), {"training.epochs": 100_000, "training.checkpoint_every_s": 3600.0})
SHORT = apply_change(experiment(), {"training.epochs": 60, "training.checkpoint_every_s": 0.0})
STEPS = 300


def recorded(folder: RunFolder) -> dict[tuple[int, int], float]:
    """Every step's loss by (segment, step), as it lies on disk."""
    losses: dict[tuple[int, int], float] = {}
    with RunReader(folder.database_path) as reader:
        for steps in reader.steps():
            row = step_matrix(steps)[steps.names.index("loss")]
            for offset, value in enumerate(row.tolist()):
                losses[steps.segment, steps.first_step + offset] = value
    return losses


async def until(client: EngineClient, kind: type) -> AnyMessage:
    async for message in client.messages():
        if isinstance(message, kind):
            return message
    raise AssertionError(f"no {kind.__name__} came")


async def kill(engine: RunningEngine) -> None:
    engine.send_signal(signal.SIGKILL)
    assert await engine.ended(30.0)


async def undisturbed() -> dict[tuple[int, int], float]:
    """The losses of a run that nobody kills."""
    engine = start(SHORT, paused=True)
    async with await engine.connect(client="headless") as client:
        await client.run()
        await until(client, RunFinished)
    assert await engine.ended(30.0)
    assert summarise(engine.folder).state == "finished"
    return recorded(engine.folder)


async def test_a_killed_engine_goes_on_with_the_losses_of_an_undisturbed_run() -> None:
    expected = await undisturbed()
    assert list(expected) == [(0, step) for step in range(1, STEPS + 1)]
    engine = start(SHORT, paused=True)
    client = await engine.connect()
    await client.step(123)
    await kill(engine)
    await client.close()
    assert summarise(engine.folder).state == "dead"
    # The newest checkpoint was torn by the kill: the one before it serves.
    newest = listed(engine.folder.checkpoints_path)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    again = resume(engine.folder, paused=True)
    async with await again.connect(client="headless") as client:
        history = await until(client, HistorySent)
        assert isinstance(history, HistorySent)
        await client.run()
        finished = await until(client, RunFinished)
        assert isinstance(finished, RunFinished)
        assert (finished.reason, finished.step) == ("epochs", STEPS)
    assert await again.ended(30.0)
    assert recorded(engine.folder) == expected


async def test_after_a_change_a_resume_from_before_it_branches_off() -> None:
    engine = start(LONG, paused=True)
    client = await engine.connect()
    await client.step(20)
    await client.request(SaveCheckpoint())
    await client.step(5)
    await client.apply({"optimizer.lr": 0.2})
    await client.step(5)
    await client.request(SaveCheckpoint())
    await kill(engine)
    await client.close()
    for path in listed(engine.folder.checkpoints_path)[:2]:
        path.unlink()
    before = recorded(engine.folder)
    again = resume(engine.folder, paused=True)
    async with await again.connect() as client:
        assert await client.step(5) == 25
        await client.stop()
    assert await again.ended(30.0)
    after = recorded(engine.folder)
    assert {key: value for key, value in after.items() if key[0] == 0} == before
    # Without the change these are the steps from 21 on as they were the first time.
    assert [after[1, step] for step in range(21, 26)] == [before[0, step] for step in range(21, 26)]
    with RunReader(engine.folder.database_path) as reader:
        assert reader.segments()[1] == (1, 0, 20)


async def test_a_resumed_engine_tells_what_the_instruments_saw_before() -> None:
    engine = start(LONG, paused=True)
    async with await engine.connect(client="ui") as client:
        await client.request(Watch(["layers", "optimizer"]))
        for _ in range(3):
            step = await client.step(5)
            waits_for = {LayersRead, OptimizerRead}
            async for message in client.messages():
                if isinstance(message, ReadingTaken) and message.step == step:
                    waits_for.discard(type(message.reading))
                if not waits_for:
                    break
    await stop_engine(engine.folder)
    assert await engine.ended(30.0)
    again = resume(engine.folder, paused=True)
    async with await again.connect(client="ui", past_readings=True) as client:
        past = await until(client, PastReadings)
        assert isinstance(past, PastReadings)
        assert [one.step for one in past.readings if isinstance(one.reading, LayersRead)] == [5, 10, 15]
        assert {type(one.reading) for one in past.readings} == {LayersRead, OptimizerRead}
        await client.stop()
    assert await again.ended(30.0)


async def test_it_trains_on_without_clients_and_gives_the_whole_history_back() -> None:
    engine = start(LONG, paused=True)
    client = await engine.connect(client="ui")
    await client.run()
    await until(client, StatusChanged)
    await client.close()
    seen: list[int] = []
    async with await attach(engine.folder).connect(scalars="every_step") as again:
        async for message in again.messages():
            if hasattr(message, "first_step"):
                first, count = message.first_step, step_matrix(message).shape[1]
                seen += range(first, first + count)
                if len(seen) > 2000:
                    break
        await again.pause()
    assert seen == list(range(1, len(seen) + 1))
    await stop_engine(engine.folder)
    assert await engine.ended(30.0)
    assert not is_alive(engine.folder.log_path)
    summary = summarise(engine.folder)
    assert summary.state == "finished"
    with RunReader(engine.folder.database_path) as reader:
        assert reader.meta()["reason"] == "stopped"
    state = torch.load(listed(engine.folder.checkpoints_path)[0], weights_only=True)
    assert state["session"]["step"] == summary.step
    assert not engine.socket_path.exists()


async def test_an_owned_engine_ends_with_its_owner() -> None:
    engine = start(LONG, paused=True, owned=True)
    client = await engine.connect(owner=True)
    await client.run()
    await until(client, StatusChanged)
    await client.close()
    assert await engine.ended(30.0)
    assert summarise(engine.folder).state == "finished"
    with RunReader(engine.folder.database_path) as reader:
        assert reader.meta()["reason"] == "interrupted"


async def test_a_polite_kill_leaves_a_checkpoint() -> None:
    engine = start(LONG, paused=True)
    async with await engine.connect() as client:
        await client.step(7)
        engine.send_signal(signal.SIGHUP)
        engine.send_signal(signal.SIGINT)
        assert await client.step(1) == 8
        engine.send_signal(signal.SIGTERM)
        finished = await until(client, RunFinished)
        assert isinstance(finished, RunFinished)
        assert (finished.reason, finished.step) == ("stopped", 8)
        assert Path(finished.checkpoint).is_file()
    assert await engine.ended(30.0)


async def test_what_it_cannot_do_it_says_and_leaves_in_its_log() -> None:
    if torch.cuda.is_available():
        pytest.skip("needs a machine without CUDA")
    engine = start(apply_change(experiment(), {"training.device": "cuda"}), paused=True)
    client = await engine.connect()
    with pytest.raises(NotAvailable, match=r"(?i)cuda"):
        await client.step(1)
    assert client.failure is not None
    assert client.failure.exit_code == 3
    assert await engine.ended(30.0)
    assert engine.process is not None
    assert engine.process.returncode == 3
    assert summarise(engine.folder).state == "failed"
    await client.close()


async def test_a_defect_ends_it_with_words_a_state_and_a_traceback() -> None:
    engine = start(LONG, paused=True)
    engine.folder.experiment_path.write_text("this is not toml = = =", encoding="utf-8")
    try:
        client = await engine.connect()
        with pytest.raises(TuiDlError):
            await client.step(1)
        await client.close()
    except (ConnectionLost, EngineFailed):
        pass
    assert await engine.ended(30.0)
    assert summarise(engine.folder).state == "failed"
    assert "experiment.toml" in engine.folder.log_path.read_text()


async def test_a_cancelled_run_leaves_no_folder() -> None:
    engine = start(LONG, paused=True)
    async with await engine.connect() as client:
        await client.step(3)
        await client.stop(keep=False)
    assert await engine.ended(30.0)
    assert not engine.folder.path.exists()


async def test_resuming_without_a_readable_checkpoint_says_so() -> None:
    engine = start(LONG, paused=True)
    async with await engine.connect() as client:
        await client.step(1)
        await client.stop()
    assert await engine.ended(30.0)
    for path in listed(engine.folder.checkpoints_path):
        path.write_bytes(os.urandom(100))
    again = resume(engine.folder, paused=True)
    client = await again.connect()
    with pytest.raises(TuiDlError, match="no checkpoint that can be read"):
        await client.request(Run())
    await client.close()
    assert await again.ended(30.0)


async def test_several_engines_at_once_do_not_disturb_each_other() -> None:
    engines = [start(SHORT, paused=True, owned=True) for _ in range(2)]
    clients = [await engine.connect(owner=True) for engine in engines]
    await asyncio.gather(*(client.step(40) for client in clients))
    await asyncio.gather(*(client.stop() for client in clients))
    await asyncio.gather(*(client.close() for client in clients))
    for engine in engines:
        assert await engine.ended(30.0)
    first, second = (recorded(engine.folder) for engine in engines)
    assert first == second
    assert len(first) == 40
