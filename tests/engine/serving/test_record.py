"""What the engine remembers: in few pieces, whatever else is said in between."""

import numpy as np
import pytest

from tests.ui.fake_engine import readings
from tui_dl.engine.serving import record as module
from tui_dl.engine.serving.record import Record
from tui_dl.wire.framing import FrameSplitter
from tui_dl.wire.messages import Message, StatusChanged, StepsRecorded


def steps(first: int, count: int) -> StepsRecorded:
    values = np.arange(first, first + count, dtype="<f8")
    return StepsRecorded(0, first, ("loss",), values.tobytes())


@pytest.fixture
def appended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """First steps of the pieces that went into the history."""
    pieces: list[int] = []
    whole = module.take_in

    def take_in(store: module.SeriesStore, message: Message) -> bool:
        if isinstance(message, StepsRecorded):
            pieces.append(message.first_step)
        return whole(store, message)

    monkeypatch.setattr(module, "take_in", take_in)
    return pieces


def test_readings_and_the_same_state_again_do_not_cut_the_history_into_pieces(appended: list[int]) -> None:
    record = Record(None)
    record.load()
    record.take(StatusChanged("running"))
    for first in range(1, 101, 10):
        record.take(steps(first, 10))
        for reading in readings(first):
            record.take(reading)
        record.take(StatusChanged("running", step=first + 9))
    assert record.position == (0, 100)
    record.commit()

    assert appended == [1]


def test_a_client_that_comes_gets_what_still_waits() -> None:
    record = Record(None)
    record.load()
    record.take(steps(1, 10))
    record.take(readings(10)[0])

    frame = record.history()

    assert frame is not None
    (body,) = FrameSplitter().feed(frame)
    assert record.position == (0, 10)
    assert b"train.loss" in body
