"""Starts, finds and ends engine processes, and hands out connections to them."""

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, final

from tui_dl.client import EngineClient, connect_unix
from tui_dl.errors import ConnectionLost, EngineFailed, RunUnreadable, TuiDlError, UsageError
from tui_dl.runs import (
    LogLock,
    RunFolder,
    RunReader,
    RunWriter,
    find_live_run,
    find_run,
    is_alive,
    lock_log,
    new_run,
    summarise,
)
from tui_dl.runs.sockets import listen, remove_socket
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.commands import TakeControl

STOP_PATIENCE_S: Final = 30.0
"""How long an engine may take to finish its batch and checkpoint before it is told by a signal."""

_SIGNAL_PATIENCE_S: Final = 10.0
_BACKGROUND_NICENESS: Final = 10
_LOOK_EVERY_S: Final = 0.02
_LOG_LINES: Final = 12


@final
@dataclass(frozen=True, slots=True)
class RunningEngine:
    """An engine process and where it listens.

    Attributes:
        folder: of its run.
        socket_path: where it listens; connecting works from the start, the welcome comes once it is up.
        process: of an engine that this process has started, else None.
    """

    folder: RunFolder
    socket_path: Path
    process: "subprocess.Popen[bytes] | None" = None

    async def connect(
        self,
        *,
        client: str = "python",
        control: bool = True,
        scalars: Literal["bounded", "every_step"] = "bounded",
        owner: bool = False,
        keep: bool = True,
        past_readings: bool = False,
    ) -> EngineClient:
        """Connect and wait for the engine's welcome (arguments as of `EngineClient.connect`).

        Raises EngineFailed if it ended before, ProtocolError if it is of another version.
        """
        try:
            return await connect_unix(
                self.socket_path,
                client=client,
                control=control,
                scalars=scalars,
                owner=owner,
                keep=keep,
                past_readings=past_readings,
            )
        except ConnectionLost as lost:
            raise await self.failure(lost) from lost

    async def failure(self, lost: ConnectionLost) -> TuiDlError:
        """Why a connection was lost: how the engine ended, and the last lines of its log."""
        if not await self.ended(timeout_s=1.0):
            return lost
        remove_socket(self.socket_path)
        lines = [line for line in self.folder.log_tail(_LOG_LINES) if line]
        said = "\n".join(["; the end of its log:", *(f"  {line}" for line in lines)]) if lines else ""
        return EngineFailed(
            f"the engine of {self.folder.id} {self._last_words()}; see {self.folder.log_path}{said}"
        )

    async def ended(self, timeout_s: float | None = None) -> bool:
        """Wait until the process is gone. Returns whether it is."""
        pid = _recorded_pid(self.folder)
        try:
            async with asyncio.timeout(timeout_s):
                # Who did not start a process can't wait for its end on every system; but it holds a lock.
                while self._is_alive(pid):
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            return False
        return True

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it lives."""
        pid = _recorded_pid(self.folder)
        if self.process is not None:
            self.process.send_signal(number)
        elif pid > 0 and self._is_alive(pid):
            # The lock is held, so its number is still its own.
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _is_alive(self, pid: int) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        return is_alive(self.folder.log_path, pid)

    def _last_words(self) -> str:
        code = self.process.poll() if self.process is not None else None
        if code is None or code == 0:
            return "has ended"
        if code > 0:
            return f"ended with exit code {code}"
        names = {number.value: number.name for number in signal.Signals}
        return f"was killed by {names.get(-code, f'signal {-code}')}"


def start(
    experiment: Experiment, *, preset: str = "", paused: bool = False, owned: bool = False
) -> RunningEngine:
    """Make a new run and start its engine; returns at once, before torch has loaded.

    Args:
        experiment: what to train.
        preset: the name or path that it came from.
        paused: wait at step 0.
        owned: the engine ends when its owning client's connection does.

    Raises:
        NotAvailable: the run can't be written, or there is no place for a socket.
        EngineFailed: the process can't be started.
    """
    return start_in(new_run(experiment, preset), experiment, paused=paused, owned=owned)


def start_in(
    folder: RunFolder,
    experiment: Experiment,
    *,
    paused: bool = False,
    owned: bool = False,
    is_background: bool = False,
) -> RunningEngine:
    """The same for a run whose folder was made before; in the background it yields the processor to others.

    Raises as `start` does.
    """
    engine = _spawn(folder, lock_log(folder.log_path), experiment, _flags(paused=paused, owned=owned))
    if is_background and engine.process is not None:
        with suppress(OSError):
            pid = engine.process.pid
            niceness = max(os.getpriority(os.PRIO_PROCESS, pid), _BACKGROUND_NICENESS)
            os.setpriority(os.PRIO_PROCESS, pid, niceness)
    return engine


def attach(run: str | RunFolder | None = None) -> RunningEngine:
    """Find a live engine: of a run, or the latest. Raises UsageError if it is not alive."""
    folder = find_live_run() if run is None else _folder(run)
    meta = _meta(folder)
    if not is_alive(folder.log_path, _recorded_pid(folder)):
        state = summarise(folder).state
        raise UsageError(f"{folder.id}: its engine has ended ({state}); see `tui-dl resume {folder.id}`")
    return RunningEngine(folder, Path(str(meta.get("socket", ""))))


def resume(run: str | RunFolder, *, paused: bool = False, owned: bool = False) -> RunningEngine:
    """Start an engine that goes on from a run's last checkpoint.

    Raises UsageError if its engine is alive or it has no checkpoint, and what `start` raises.
    """
    folder = _folder(run)
    experiment = folder.experiment()
    lock = lock_log(folder.log_path)
    if not any(folder.checkpoints_path.glob("*.pt")):
        lock.close()
        raise UsageError(f"{folder.checkpoints_path}: there is no checkpoint to go on from")
    return _spawn(folder, lock, experiment, ["--resume", *_flags(paused=paused, owned=owned)])


def stop(run: str | RunFolder, *, patience_s: float = STOP_PATIENCE_S) -> None:
    """End a run's engine with a checkpoint; returns when it has ended. One that has ended already is let be.

    An engine that does not end is sent SIGTERM after `patience_s`, and SIGKILL after a while more.
    Raises UsageError if there is no such run.
    """
    asyncio.run(stop_engine(run, patience_s=patience_s))


async def stop_engine(run: str | RunFolder, *, patience_s: float = STOP_PATIENCE_S) -> None:
    """As `stop`, inside an event loop."""
    folder = _folder(run)
    if not is_alive(folder.log_path, _recorded_pid(folder)):
        return
    try:
        engine = attach(folder)
    except TuiDlError:
        if is_alive(folder.log_path, _recorded_pid(folder)):
            raise
        # It ended just now, and may have taken its folder along.
        return
    with suppress(TuiDlError, TimeoutError):
        async with asyncio.timeout(patience_s):
            client = await engine.connect(client="cli")
            async with client:
                await _ask_to_stop(client, patience_s)
    await _make_sure(engine)


@asynccontextmanager
async def launch(experiment: Experiment, *, preset: str = "") -> AsyncIterator[EngineClient]:
    """An engine process of one's own, paused at step 0, that ends with the block, with a checkpoint.

    Raises:
        EngineFailed: the engine died; the text has the end of its log.
        NotAvailable: the experiment can't be trained on this machine.
    """
    engine = start(experiment, preset=preset, paused=True, owned=True)
    try:
        client = await engine.connect(scalars="every_step", owner=True)
    except BaseException:
        await _make_sure(engine, patience_s=0.0)
        raise
    async with client:
        try:
            yield client
            await _ask_to_stop(client)
        except ConnectionLost as lost:
            raise await engine.failure(lost) from lost
        except BaseException:
            with suppress(TuiDlError):
                await _ask_to_stop(client)
            raise
        finally:
            await _make_sure(engine)


async def _ask_to_stop(client: EngineClient, patience_s: float = STOP_PATIENCE_S) -> None:
    """Have it end by itself; after a while let it be."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            if not client.controls:
                await client.request(TakeControl())
            await client.stop()


def _flags(*, paused: bool, owned: bool) -> list[str]:
    return [*(["--paused"] if paused else []), *(["--owned"] if owned else [])]


def _spawn(folder: RunFolder, lock: LogLock, experiment: Experiment, flags: list[str]) -> RunningEngine:
    """Start an engine on a locked log, which it inherits with the lock and the listening socket."""
    with lock:
        listener, socket_path = listen()
        try:
            with listener, RunWriter(folder.database_path) as writer:
                writer.set_state("starting")
                writer.set_meta(socket=str(socket_path), pid=0)
                writer.commit()
                try:
                    process = _start_process(folder, lock, listener, experiment, flags)
                except EngineFailed as error:
                    writer.set_state("failed", error=str(error))
                    raise
                writer.set_meta(pid=process.pid)
                with suppress(TuiDlError):  # the engine says it too
                    writer.commit()
        except TuiDlError:
            remove_socket(socket_path)
            raise
    return RunningEngine(folder, socket_path, process)


def _start_process(
    folder: RunFolder, lock: LogLock, listener: socket.socket, experiment: Experiment, flags: list[str]
) -> "subprocess.Popen[bytes]":
    # Should this process lack standard streams, the socket must not stand where the engine's belong.
    passed = fcntl.fcntl(listener.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    try:
        return subprocess.Popen(
            [*_python(), "tui_dl.engine", str(folder.path), "--listen-fd", str(passed), *flags],
            stdin=subprocess.DEVNULL,
            stdout=lock.fd,
            stderr=lock.fd,
            pass_fds=(passed,),
            start_new_session=True,
            env=_environment(experiment),
        )
    except OSError as error:
        raise EngineFailed(f"the engine could not be started: {error.strerror or error}") from error
    finally:
        os.close(passed)


def _python() -> list[str]:
    """This interpreter. A crash in native code leaves a trace; the working folder hides no module."""
    return [sys.executable, "-P", "-u", "-X", "faulthandler", "-m"]


def _environment(experiment: Experiment) -> dict[str, str]:
    environment = dict(os.environ)
    threads = experiment.training.threads
    if threads != "auto":
        environment["OMP_NUM_THREADS"] = environment["MKL_NUM_THREADS"] = str(threads)
    place = Path(__file__).resolve().parents[1]
    if place.name not in ("site-packages", "dist-packages"):
        # A checkout that is not installed is found from there too.
        path = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{path}{os.pathsep}{place}" if path else str(place)
    return environment


async def _make_sure(engine: RunningEngine, *, patience_s: float | None = None) -> None:
    """Wait for an engine's end, help it along by signals, and tidy up behind it."""
    killed = False
    patience_s = _SIGNAL_PATIENCE_S if patience_s is None else patience_s
    for number in (signal.SIGTERM, signal.SIGKILL):
        if await engine.ended(timeout_s=patience_s):
            break
        killed = True
        engine.send_signal(number)
        patience_s = _SIGNAL_PATIENCE_S
    await engine.ended(timeout_s=_SIGNAL_PATIENCE_S)
    remove_socket(engine.socket_path)
    if killed and summarise(engine.folder).state == "dead":
        with suppress(TuiDlError), RunWriter(engine.folder.database_path) as writer:
            writer.set_state("finished", reason="stopped")


def _folder(run: str | RunFolder) -> RunFolder:
    return find_run(run) if isinstance(run, str) else run


def _meta(folder: RunFolder) -> dict[str, Any]:
    with RunReader(folder.database_path) as reader:
        return reader.meta()


def _recorded_pid(folder: RunFolder) -> int:
    try:
        return int(_meta(folder).get("pid") or 0)
    except RunUnreadable:
        return 0
