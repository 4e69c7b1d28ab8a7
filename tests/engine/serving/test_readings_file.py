"""Readings on disk: what comes back of them, from whole files and from all others."""

from pathlib import Path

import msgspec
import pytest

from tests.engine.serving.test_kept_readings import add, histograms, layers, optimizer, told
from tests.engine.serving.test_record import steps
from tests.ui.fake_engine import described
from tui_dl.engine.serving import record as module
from tui_dl.engine.serving.kept_readings import KeptReadings
from tui_dl.engine.serving.readings_file import ReadingsFile
from tui_dl.engine.serving.record import Record
from tui_dl.engine.state.resume import ResumePoint, reopen
from tui_dl.runs import RunWriter
from tui_dl.wire.framing import frame
from tui_dl.wire.messages import PROTOCOL, ChangeUndone, ReadingTaken


@pytest.fixture
def file(tmp_path: Path) -> ReadingsFile:
    return ReadingsFile(tmp_path / "readings.bin")


def filled(count: int = 50) -> KeptReadings:
    kept = KeptReadings()
    kept.describe(("layers.0",))
    for step in range(1, count + 1):
        add(kept, step, layers(), histograms("layers.0"), optimizer())
    return kept


def read(file: ReadingsFile, last_step: int = 10**6) -> KeptReadings:
    kept = KeptReadings()
    file.read(kept, lambda reading: reading.step <= last_step)
    return kept


def test_what_was_written_comes_back(file: ReadingsFile) -> None:
    kept = filled()
    assert file.write(kept)
    found = read(file)
    assert told(found) == told(kept)
    assert found.layers == ("layers.0",)
    assert found.bytes_held == kept.bytes_held


def test_only_what_is_still_of_the_run_is_taken_in(file: ReadingsFile) -> None:
    file.write(filled())
    assert max(step for _, step in told(read(file, last_step=20))) == 20


def test_no_file_is_no_past(file: ReadingsFile) -> None:
    assert told(read(file)) == []


def test_of_another_version_nothing_is_taken_in(file: ReadingsFile, tmp_path: Path) -> None:
    file.write(filled())
    path = tmp_path / "readings.bin"
    path.write_bytes(path.read_bytes().replace(b'"protocol":%d' % PROTOCOL, b'"protocol":999'))
    assert told(read(file)) == []


@pytest.mark.parametrize("kept_share", [0.0, 0.01, 0.5, 0.99])
def test_a_torn_file_does_no_harm(file: ReadingsFile, tmp_path: Path, kept_share: float) -> None:
    file.write(filled(2000))
    path = tmp_path / "readings.bin"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept_share)])
    found = told(read(file))
    assert len(found) < len(told(filled(2000)))
    assert (kept_share >= 0.5) == bool(found), "what comes before the damage"


@pytest.mark.parametrize("content", [b"\n", b"{}\n", b"\xff\xfe\n\x00", b"null", msgspec.json.encode([1])])
def test_garbage_does_no_harm(file: ReadingsFile, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "readings.bin").write_bytes(content)
    assert told(read(file)) == []


def test_where_nothing_can_be_written_the_file_of_before_stays(
    file: ReadingsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(filled(5))
    before = (tmp_path / "readings.bin").read_bytes()

    def full(self: KeptReadings, chunk_bytes: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(KeptReadings, "frames", full)
    assert not file.write(filled(6))
    assert (tmp_path / "readings.bin").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["readings.bin"]


# -- by the record -------------------------------------------------------------------------------------


def recorded(tmp_path: Path, segment: int = 0) -> None:
    """A run of 100 steps with a reading every ten, whose engine has ended."""
    record = Record(RunWriter(tmp_path / "run.db"), ReadingsFile(tmp_path / "readings.bin"))
    record.load()
    record.take(described())
    record.take(steps(1, 100))
    for step in range(10, 101, 10):
        message = ReadingTaken(0, step, layers())
        record.take(message)
        record.take_reading(message, frame(message))
    if segment:
        record.take(ChangeUndone(segment, 60, 0, 100, "lr 0.1 → 1"))
    record.close()


def reopened(tmp_path: Path, point: ResumePoint) -> list[tuple[int, int]]:
    """(segment, step) of the readings that the engine which goes on would tell of."""
    writer = RunWriter(tmp_path / "run.db")
    record = Record(writer, ReadingsFile(tmp_path / "readings.bin"))
    reopen(point, writer, record)
    found = told(record._readings)
    record.close()
    return found


def point(tmp_path: Path, step: int, segment: int = 0, branches_from: int | None = None) -> ResumePoint:
    return ResumePoint(tmp_path / "some.pt", {}, segment, branches_from, step, 0)


def test_a_run_that_goes_on_has_the_readings_of_before(tmp_path: Path) -> None:
    recorded(tmp_path)
    assert reopened(tmp_path, point(tmp_path, 100)) == [(0, step) for step in range(10, 101, 10)]


def test_those_of_steps_that_will_be_made_again_are_gone(tmp_path: Path) -> None:
    recorded(tmp_path)
    assert reopened(tmp_path, point(tmp_path, 45)) == [(0, step) for step in range(10, 41, 10)]


def test_so_are_those_behind_the_place_where_a_run_branches_off(tmp_path: Path) -> None:
    recorded(tmp_path)
    there = point(tmp_path, 70, segment=1, branches_from=0)
    assert reopened(tmp_path, there) == [(0, step) for step in range(10, 71, 10)]


def test_and_those_that_were_undone(tmp_path: Path) -> None:
    recorded(tmp_path, segment=1)
    there = point(tmp_path, 60, segment=1)
    assert reopened(tmp_path, there) == [(0, step) for step in range(10, 61, 10)]


def test_they_are_written_now_and_then_and_only_if_there_are_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    record = Record(None, ReadingsFile(tmp_path / "readings.bin"))
    record.load()
    message = ReadingTaken(0, 1, layers())
    record.take_reading(message, frame(message))
    record.commit()
    assert not (tmp_path / "readings.bin").exists()
    now[0] = module.READINGS_EVERY_S
    record.commit()
    assert told(read(ReadingsFile(tmp_path / "readings.bin"))) == [(0, 1)]
    (tmp_path / "readings.bin").unlink()
    now[0] *= 2
    record.commit()
    assert not (tmp_path / "readings.bin").exists()
