"""How the screen starts or returns to runs: the launcher, put into the form that the screen asks for."""

import asyncio
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, final

from tui_dl.runs.folder import RunFolder, new_run
from tui_dl.runs.listing import find_live_run, find_run
from tui_dl.runs.variants import new_variant, sweep_variants
from tui_dl.spec.experiment import Experiment
from tui_dl.ui.engine_port import Opening

if TYPE_CHECKING:
    from tui_dl import launcher
    from tui_dl.client.engine_client import EngineClient


@final
class LauncherOpenings:
    """Runs as the launcher starts and finds them; each may raise a TuiDlError that says why not."""

    def __init__(self, *, paused: bool = False) -> None:
        self._paused = paused
        self._started: launcher.RunningEngine | None = None

    def start(self, experiment: Experiment, preset: str) -> Opening:
        """A new run. Its process starts with the first connection, once the screen is painted.

        Loading torch beside it would take the processor from the first paint.
        """
        folder, paused = new_run(experiment, preset), self._paused
        engine: launcher.RunningEngine | None = None

        async def connect() -> "EngineClient":
            nonlocal engine
            if engine is None:
                # Not before it is needed: the first paint comes sooner without it.
                from tui_dl import launcher

                engine = await asyncio.to_thread(launcher.start_in, folder, experiment, paused=paused)
            return await engine.connect(client="ui", past_readings=True)

        def end() -> None:
            if engine is not None:
                engine.send_signal(signal.SIGTERM)

        return Opening(connect, experiment, preset, Path(folder.path), is_new=True, end=end)

    def attach(self, run_id: str | None, *, read_only: bool = False) -> Opening:
        """Back to a live engine, by default the latest."""
        folder = find_live_run() if run_id is None else find_run(run_id)
        from tui_dl import launcher

        engine = launcher.attach(folder)
        return _opening(folder, folder.experiment(), "", engine, read_only=read_only)

    def resume(self, run_id: str, *, paused: bool = False) -> Opening:
        """On from the last checkpoint of a run whose engine has ended."""
        folder = find_run(run_id)
        from tui_dl import launcher

        engine = self._started = launcher.resume(folder, paused=paused)
        return _opening(folder, folder.experiment(), "", engine)

    def variant(self, of: Path, experiment: Experiment, name: str) -> Opening:
        """A run beside another, waiting at step 0: it ends with its connection, and its folder with it.

        It is no screen's run: no scene pauses it, and it steps aside for the run that it stands beside.
        """
        folder = new_variant(RunFolder(of), experiment, name)
        engine: launcher.RunningEngine | None = None

        async def connect() -> "EngineClient":
            nonlocal engine
            if engine is None:
                from tui_dl import launcher

                engine = await asyncio.to_thread(
                    launcher.start_in, folder, experiment, paused=True, owned=True, is_background=True
                )
                assert engine.process is not None
                # It ends long before this program may: somebody has to take note of that.
                threading.Thread(target=engine.process.wait, name="variant's end", daemon=True).start()
            return await engine.connect(client="headless", owner=True, keep=False)

        return Opening(connect, experiment, name, Path(folder.path))

    def sweep(self, of: Path) -> None:
        """Delete what variants left behind whose engines did not end in good order."""
        sweep_variants(RunFolder(of))

    def abandon(self) -> None:
        """End the engine that was started last: whoever started it has left before its screen was there."""
        if self._started is not None:
            self._started.send_signal(signal.SIGTERM)


def _opening(
    folder: RunFolder,
    experiment: Experiment,
    preset: str,
    engine: "launcher.RunningEngine",
    *,
    read_only: bool = False,
) -> Opening:
    async def connect() -> "EngineClient":
        return await engine.connect(client="ui", control=not read_only, past_readings=True)

    return Opening(
        connect=connect,
        experiment=experiment,
        preset=preset,
        folder=Path(folder.path),
        read_only=read_only,
        end=None if read_only else lambda: engine.send_signal(signal.SIGTERM),
    )
