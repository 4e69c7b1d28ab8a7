"""`python -m tests.benchmarks.recorded_engine FOLDER STEPS --listen-fd N`: the real server, a long history.

Ten million steps take an hour to train. What a screen sees of them comes from the server and its record, and
these know no torch: so they are filled with numbers made here, and more come at a steady rate.
"""

import argparse
import math
import socket
import time
from pathlib import Path
from typing import Final

import numpy as np

from tests.ui.fake_engine import described
from tui_dl.engine.serving.inbox import Inbox
from tui_dl.engine.serving.record import Record
from tui_dl.engine.serving.server import Server
from tui_dl.runs import RunFolder, hold_log
from tui_dl.wire.messages import EvaluationRecorded, StatusChanged, StepsRecorded

STEPS_PER_S: Final = 3_000
EPOCH_STEPS: Final = 23
_REPORTS_PER_S: Final = 10
_PIECE: Final = 50_000
_NAMES: Final = ("loss", "accuracy", "lr", "grad_norm", "data_loss", "penalty")


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("steps", type=int)
    parser.add_argument("--listen-fd", type=int, required=True)
    options = parser.parse_args()
    folder = RunFolder(options.folder)
    lock = hold_log(folder.log_path)
    record = Record(None)
    record.load()
    server = Server(socket.socket(fileno=options.listen_fd), Inbox(), record, run=folder.id)
    for first in range(1, options.steps + 1, _PIECE):
        _make(record, first, min(_PIECE, options.steps + 1 - first))
        record.commit()
    server.start()
    server.outbox.publish(described(folder.experiment(), path=str(folder.path)))
    print("serving", flush=True)
    _go_on(server, options.steps)
    lock.close()


def _make(record: Record, first: int, number: int) -> None:
    record.take(_steps(first, number))
    for step in range(first + (-first) % EPOCH_STEPS, first + number, EPOCH_STEPS):
        record.take(_evaluation(step))


def _go_on(server: Server, step: int) -> None:
    """A report ten times a second, as an engine flat out makes them."""
    at_once = STEPS_PER_S // _REPORTS_PER_S
    due = time.monotonic()
    while True:
        server.outbox.publish(_steps(step + 1, at_once))
        step += at_once
        server.outbox.publish(_evaluation(step))
        server.outbox.publish(
            StatusChanged(
                "running", step=step, epoch=step // EPOCH_STEPS, epochs=10**8, steps_per_s=float(STEPS_PER_S)
            )
        )
        due += 1 / _REPORTS_PER_S
        time.sleep(max(due - time.monotonic(), 0.0))


def _steps(first: int, number: int) -> StepsRecorded:
    at = np.arange(first, first + number, dtype=np.float64)
    noise = np.random.default_rng(first).standard_normal((2, number))
    loss = 2.3 * (at / 10.0 + 1.0) ** -0.25 * np.exp(0.1 * noise[0])
    rows = [loss, 1 - loss / 3, np.full(number, 1e-3), loss * np.exp(0.3 * noise[1]), loss, np.zeros(number)]
    return StepsRecorded(0, first, _NAMES, np.stack(rows).astype("<f8").tobytes(), {})


def _evaluation(step: int) -> EvaluationRecorded:
    loss = 2.3 * (step / 10.0 + 1.0) ** -0.22 + 0.02 * math.sin(step)
    metrics = {"loss": loss, "accuracy": 1 - loss / 3, "cross_entropy": loss, "mse": loss / 9}
    return EvaluationRecorded(0, step, step // EPOCH_STEPS, "validation", metrics)


if __name__ == "__main__":
    main()
