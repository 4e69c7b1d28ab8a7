"""What changes cost: a plan's time on 10⁶ parameters, and how many batches a swap waits meanwhile."""

import threading
import time
from typing import Any, Final

import torch

from tests.benchmarks.figures import Row, Target, median, show, spread
from tui_dl.engine.serving.inbox import Ticket
from tui_dl.engine.session.session import Session
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.preset import from_toml
from tui_dl.wire.commands import ApplyChange, Pause, Run
from tui_dl.wire.messages import ChangeApplied, Message, RecordedEvent

_LARGE: Final = """
[data]
name = "digits"
[model]
name = "mlp"
hidden = [965, 965]
[optimizer]
name = "adam"
[training]
device = "cpu"
"""
_SMALL: Final = """
[data]
name = "digits"
[model]
name = "mlp"
hidden = [64, 64]
[training]
device = "cpu"
epochs = 1_000_000
"""
_PLANS: Final[dict[str, dict[str, Any]]] = {
    "rate": {"optimizer.lr": 0.01},
    "activation": {"model.activation": "tanh"},
    "loss": {"loss": "mse"},
    "optimizer, Adam to SGD": {"optimizer": {"name": "sgd", "lr": 0.1}},
    "optimizer, Adam to AdamW": {"optimizer": {"name": "adamw"}},
}
_SWAPS: Final[tuple[dict[str, Any], ...]] = (
    {"optimizer": {"name": "sgd", "lr": 0.1}},
    {"model.activation": "tanh"},
    {"optimizer": {"name": "adam", "lr": 0.001}},
    {"model.activation": "relu"},
)
_PLAN: Final = Target(50.0, unit="ms")
_WAIT: Final = Target(1.0, unit="batches")


class _Receipts:
    """A session's sink that keeps receipts."""

    def __init__(self) -> None:
        self.applied: list[ChangeApplied] = []

    def publish(self, message: Message) -> None:
        """Keep what a change did."""
        if isinstance(message, ChangeApplied):
            self.applied.append(message)

    def reply(self, client: int, message: Message) -> None:
        """Nobody asks."""

    def record(self, event: RecordedEvent) -> None:
        """Nothing is kept."""


def measure(rounds: int) -> bool:
    """Print the table. Returns whether all targets are reached."""
    torch.set_num_threads(1)
    waits, times_ms = _waits(5 * rounds)
    rows = [*_plans(rounds)]
    rows.append(Row("a swap takes effect after", max(waits), "batches", f"most of {len(waits)}", _WAIT))
    rows.append(Row("a swap is made and its receipt told in", median(times_ms), "ms", spread(times_ms)))
    return show("Changes: plans on 10⁶ parameters; swaps of a running 64-64-64-10", rows)


def _plans(rounds: int) -> list[Row]:
    trainer = Trainer(from_toml(_LARGE, "bench"))
    for _ in range(3):
        trainer.train_batch()
    rows = []
    for name, change in _PLANS.items():
        times_ms, processor_ms = [], []
        for _ in range(rounds + 1):
            begun, used = time.perf_counter(), time.thread_time()
            trainer.plan(change)
            times_ms.append((time.perf_counter() - begun) * 1e3)
            processor_ms.append((time.thread_time() - used) * 1e3)
        note = f"{spread(times_ms[1:])}; of processor time {median(processor_ms[1:]):.3g}"
        rows.append(Row(f"plan: {name}", median(times_ms[1:]), "ms", note, _PLAN))
    return rows


def _waits(swaps: int) -> tuple[list[int], list[float]]:
    """Batches made and milliseconds gone between a command and its effect, while it trains flat out."""
    sink = _Receipts()
    session = Session(from_toml(_SMALL, "bench"), sink)
    session.begin(paused=True)
    session.inbox.post(Ticket(Run(), 1, 0))
    waits: list[int] = []
    times_ms: list[float] = []

    def command() -> None:
        for number in range(swaps):
            time.sleep(0.02)
            told, begun, step = len(sink.applied), time.perf_counter(), session.trainer.step
            session.inbox.post(Ticket(ApplyChange(_SWAPS[number % len(_SWAPS)]), 1, 0))
            while len(sink.applied) == told:
                time.sleep(0.0002)
            times_ms.append((time.perf_counter() - begun) * 1e3)
            waits.append(sink.applied[-1].receipt.step - step)
        session.inbox.post(Ticket(Pause(), 1, 0))

    thread = threading.Thread(target=command, daemon=True)
    thread.start()
    while thread.is_alive() or session.is_running:
        if session.inbox.tickets or session.is_running:
            session.advance()
        else:
            time.sleep(0.001)
    return waits, times_ms
