"""An engine's end of the connection, held by a test: it posts messages and sees the commands."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import numpy as np

from tui_dl.errors import ChangeRefused, TuiDlError
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import OptimizerState
from tui_dl.spec.metrics import metric_info
from tui_dl.spec.preset import load_preset
from tui_dl.ui.engine_port import Opening
from tui_dl.wire.commands import AnyCommand, Watch
from tui_dl.wire.framing import decode_message, frame
from tui_dl.wire.messages import (
    PROTOCOL,
    Answered,
    AnyMessage,
    EvaluationRecorded,
    LayerInfo,
    ReadingTaken,
    RunDescribed,
    StatusChanged,
    StepsRecorded,
    Welcomed,
)
from tui_dl.wire.plans import Plan
from tui_dl.wire.snapshots import (
    Histogram,
    HistogramsRead,
    LayerReading,
    LayersRead,
    OptimizerRead,
    OptimizerReading,
)

RUN = "2026-01-02_03-04-05_digits-mlp"
_END = object()


class FakeEngine:
    """Satisfies the screen's port. Messages pass through the real framing, as they would on the wire."""

    def __init__(self, *, controls: bool = True) -> None:
        self.welcome = Welcomed(PROTOCOL, RUN, 4242, "0.1.0", controls)
        self.commands: list[AnyCommand] = []
        self.planned: list[tuple[Mapping[str, Any], OptimizerState | None, int]] = []
        self.plan_answer = Plan({})
        self.refusal: TuiDlError | None = None
        self.answers: dict[type, list[AnyMessage]] = {}
        self.connections = 0
        self.connect_errors: list[Exception] = []
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        self.is_closed = False
        self._queue: asyncio.Queue[object] = asyncio.Queue()

    def opening(self, experiment: Experiment | None = None, preset: str = "digits-mlp") -> Opening:
        return Opening(self.connect, experiment or load_preset(preset), preset)

    async def connect(self) -> "FakeEngine":
        await self.may_connect.wait()
        if self.connect_errors:
            raise self.connect_errors.pop(0)
        self.connections += 1
        return self

    def post(self, *messages: AnyMessage) -> None:
        for message in messages:
            self._queue.put_nowait(decode_message(frame(message)[4:]))

    def drop(self, error: Exception | None = None) -> None:
        self._queue.put_nowait(_END if error is None else error)

    async def messages(self) -> AsyncIterator[AnyMessage]:
        while True:
            item = await self._queue.get()
            if item is _END:
                return
            if isinstance(item, Exception):
                raise item
            yield item  # type: ignore[misc]

    async def request(self, command: AnyCommand) -> Answered:
        if self.refusal is not None and not isinstance(command, Watch):
            raise self.refusal
        self.commands.append(command)
        self.post(*self.answers.get(type(command), ()))
        return Answered(len(self.commands), 0)

    async def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        self.planned.append((change, state, warmup_steps))
        if isinstance(self.refusal, ChangeRefused):
            raise self.refusal
        return self.plan_answer

    async def close(self) -> None:
        self.is_closed = True

    def given(self, kind: type) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]


def described(experiment: Experiment | None = None, layers: int = 3, path: str = "") -> RunDescribed:
    experiment = experiment or load_preset("digits-mlp")
    metrics = ("train.loss", "validation.loss", "train.accuracy", "validation.accuracy", "lr", "grad_norm")
    return RunDescribed(
        run=RUN,
        experiment=experiment,
        device="cpu",
        threads=1,
        parameters=8970,
        layers=tuple(LayerInfo(f"layers.{n}", "Linear", (64,), 4160) for n in range(layers)),
        metrics=tuple(info for name in metrics if (info := metric_info(name)) is not None),
        versions={"torch": "2.13.0"},
        train_samples=1437,
        validation_samples=360,
        steps_per_epoch=23,
        total_steps=920,
        input_shape=(64,),
        outputs=10,
        class_names=tuple("0123456789"),
        path=path,
    )


def steps(first: int, losses: Iterable[float], segment: int = 0) -> StepsRecorded:
    loss = np.asarray(list(losses), dtype="<f8")
    rows = np.stack([loss, 1 - np.clip(loss, 0, 1) / 2, np.full_like(loss, 0.001), loss * 2])
    bad = {"loss": np.flatnonzero(~np.isfinite(loss)).tolist()} if not np.isfinite(loss).all() else {}
    return StepsRecorded(segment, first, ("loss", "accuracy", "lr", "grad_norm"), rows.tobytes(), bad)


def evaluation(step: int, loss: float, segment: int = 0) -> EvaluationRecorded:
    return EvaluationRecorded(segment, step, step // 23, "validation", {"loss": loss, "accuracy": 0.9})


def status(state: str = "running", step: int = 0, **more: Any) -> StatusChanged:
    defaults: dict[str, Any] = {"epoch": step // 23, "epochs": 40, "total_steps": 920, "steps_per_s": 1234.0}
    return StatusChanged(state=state, step=step, **{**defaults, **more})  # type: ignore[arg-type]


def readings(step: int, layers: int = 3) -> list[ReadingTaken]:
    names = [f"layers.{n}" for n in range(layers)]
    of_layers = LayersRead(
        tuple(
            LayerReading(name, 10.0**-n, 5.0, 10.0 ** -(2 + n), 0.1 * n, None) for n, name in enumerate(names)
        ),
        0.5,
    )
    histograms = HistogramsRead(
        tuple(
            Histogram(name, kind, -1.0, 1.0, tuple(range(32)), 496, 3, 0, 0.1, 0.4)
            for name in names
            for kind in ("weights", "gradients")
        )
    )
    optimizer = OptimizerRead(
        "adam",
        0.001,
        "exp_avg",
        "exp_avg_sq",
        tuple(OptimizerReading(name, step, 1e-3, 2e-3, 9e-4) for name in names),
        9e-4,
    )
    return [ReadingTaken(0, step, reading) for reading in (of_layers, histograms, optimizer)]


def lively(engine: FakeEngine, step: int = 50, experiment: Experiment | None = None) -> None:
    """Post what a run has said by then."""
    losses = 2.3 * 0.97 ** np.arange(step)
    engine.post(
        described(experiment),
        status("running", step),
        steps(1, losses),
        evaluation(23, 1.2),
        evaluation(46, 0.7),
    )
    engine.post(*readings(step))
