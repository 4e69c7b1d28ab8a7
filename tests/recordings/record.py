"""Record what an engine says: `python -m tests.recordings.record`, in a home of its own.

Each run makes batches, a micro-stepped batch, a change, an undo and evaluations, with every probe watched.
"""

import asyncio
import os
import tempfile
from contextlib import suppress
from typing import Any

import msgspec

from tests.recordings import FOLDER
from tui_dl.cli.openings import LauncherOpenings
from tui_dl.spec.lecture import Lecture
from tui_dl.spec.preset import load_preset
from tui_dl.wire.commands import ApplyChange, Evaluate, Step, StepPhase, Stop, Undo, Watch
from tui_dl.wire.framing import frame
from tui_dl.wire.messages import RunDescribed

RECORDINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "digits": ("digits-mlp", {"model.activation": "tanh"}),
    "spiral": ("linear-collapse", {"model.activation": "relu"}),
    "line": ("outliers", {"loss": "l1"}),
}
COURSE = [
    Step(60),
    *[StepPhase()] * 7,
    Evaluate(),
    None,
    Step(30),
    Undo(),
    Step(40),
    Evaluate(),
]
"""None stands for the change."""


async def record(name: str) -> None:
    """Write one recording."""
    preset, change = RECORDINGS[name]
    # Scenes would pause it, and their translations go with them.
    experiment = msgspec.structs.replace(
        load_preset(preset, {"training.pace": 0, "script": []}), scenes=(), lecture=Lecture()
    )
    port = await LauncherOpenings(paused=True).start(experiment, preset).connect()
    frames = [frame(port.welcome)]
    described = asyncio.Event()

    async def listen() -> None:
        async for message in port.messages():
            if isinstance(message, RunDescribed):
                message = msgspec.structs.replace(message, path="")
                described.set()
            frames.append(frame(message))

    listening = asyncio.create_task(listen())
    await described.wait()
    await port.request(Watch(["layers", "task", "optimizer", "histograms"], 5.0))
    for command in COURSE:
        await port.request(command or ApplyChange(change))
    with suppress(Exception):
        await port.request(Stop())
    await listening
    (FOLDER / f"{name}.frames").write_bytes(b"".join(frames))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUI_DL_HOME"] = home
        for each in RECORDINGS:
            asyncio.run(record(each))
