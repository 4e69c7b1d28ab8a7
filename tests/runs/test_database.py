import contextlib
import json
import math
import sqlite3
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runs.rows import losses, rows, steps
from tui_dl.errors import RecordingFailed, RunUnreadable
from tui_dl.runs import BEFORE_ALL, RunReader, RunWriter, SegmentRow
from tui_dl.wire.messages import EvaluationRecorded, RecordedEvent, StepsRecorded


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


def columns_of(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info('steps')")]


def test_steps_come_back_as_they_were(path: Path) -> None:
    message = steps(
        3,
        11,
        {
            "epoch": [0, 0, 1],
            "samples_seen": [64, 128, 2**50 + 1],
            "loss": [0.1, math.nan, -math.inf],
            "accuracy": [0.5, 0.25, 1e-300],
        },
    )
    with RunWriter(path) as writer, RunReader(path) as reader:
        writer.add_steps(message)
        assert list(reader.steps()) == []
        writer.commit()
        (read,) = reader.steps()
        assert rows([read]) == rows([message])
        assert read.nonfinite == {"loss": [1, 2]}
        assert (read.segment, read.first_step) == (3, 11)
        assert reader.last_position() == (3, 13)


def test_a_row_is_what_anyones_sqlite3_expects(path: Path) -> None:
    with RunWriter(path) as writer:
        writer.add_steps(steps(0, 1, {"epoch": [0], "loss": [math.inf], "layers.0.grad_norm": [0.5]}))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        row = connection.execute(
            'SELECT segment, step, epoch, typeof(epoch), loss, "layers.0.grad_norm", nonfinite FROM steps'
        ).fetchone()
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert row == (0, 1, 0, "integer", None, 0.5, "loss")


NAMES = st.sampled_from(["loss", "lr", "epoch", "accuracy", "layers.0.x", 'odd "name"', "select", "é λ"])
PARTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(1, 30),
        st.dictionaries(NAMES, st.just(None), min_size=1, max_size=4),
        st.integers(1, 6),
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(parts=PARTS, chunk=st.integers(1, 7), commits=st.booleans(), data=st.data())
def test_any_steps_in_any_chunks(
    tmp_path_factory: pytest.TempPathFactory,
    parts: list[tuple[int, int, dict[str, None], int]],
    chunk: int,
    commits: bool,
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("runs") / "run.db"
    expected = {}
    with RunWriter(path) as writer:
        for segment, first, names, count in parts:
            numbers = st.lists(st.floats(width=64), min_size=count, max_size=count)
            message = steps(segment, first, {name: data.draw(numbers) for name in names})
            writer.add_steps(message)
            if commits:
                writer.commit()
            expected.update(rows([message]))
    with RunReader(path) as reader:
        read = list(reader.steps(chunk=chunk))
        assert rows(read) == expected
        assert [*rows(read)] == sorted(expected)


def test_recording_the_same_again_changes_nothing(path: Path) -> None:
    evaluation = EvaluationRecorded(
        0, 20, 1, "validation", {"loss": 0.5, "accuracy": math.nan}, ("accuracy",)
    )
    with RunWriter(path) as writer, RunReader(path) as reader:
        for _ in range(2):
            writer.add_steps(losses(0, 1, 20))
            writer.add_evaluation(evaluation)
            writer.add_segment(1, 0, 10)
            writer.commit()
        writer.add_steps(losses(0, 15, 10))
        writer.commit()
        assert [*rows(reader.steps())] == [(0, step) for step in range(1, 25)]
        (read,) = reader.evaluations()
        assert read.nonfinite == ("accuracy",)
        assert msgspec.structs.replace(read, metrics={"loss": read.metrics["loss"]}) == EvaluationRecorded(
            0, 20, 1, "validation", {"loss": 0.5}, ("accuracy",)
        )
        assert reader.segments() == [SegmentRow(0, None, 0), SegmentRow(1, 0, 10)]


def test_a_new_metric_makes_a_column_and_old_rows_lack_it(path: Path) -> None:
    with RunWriter(path) as writer, RunReader(path) as reader:
        writer.add_steps(steps(0, 1, {"loss": [1.0, 2.0]}))
        writer.commit()
        writer.add_steps(steps(0, 3, {"loss": [3.0], "layers.0.dead_share": [0.5]}))
        writer.commit()
        assert "layers.0.dead_share" in columns_of(path)
        assert rows(reader.steps())[0, 1] == {"loss": 1.0}
        assert rows(reader.steps())[0, 3] == {"loss": 3.0, "layers.0.dead_share": 0.5}


def test_events_keep_their_order_and_their_body(path: Path) -> None:
    events = [
        RecordedEvent(5, 0, "change", "ReLU → tanh", 1.5, {"receipt": {"kept": ["weights"], "lr": 0.1}}),
        RecordedEvent(2, 1, "undo", "undone", 2.5),
        RecordedEvent(2, 1, "notice", "", 0.5, {"λ": None}),
    ]
    with RunWriter(path) as writer, RunReader(path) as reader:
        for event in events:
            writer.add_event(event)
        writer.commit()
        assert reader.events() == events
    with contextlib.closing(sqlite3.connect(path)) as connection:
        body = connection.execute("SELECT body FROM events WHERE kind = 'change'").fetchone()[0]
    assert json.loads(body) == events[0].body


def test_facts_are_kept_and_replaced(path: Path) -> None:
    with RunWriter(path) as writer, RunReader(path) as reader:
        writer.set_state("running", step=3)
        writer.commit()
        writer.set_state("finished", reason="epochs")
        writer.add_steps(losses(0, 4, 6))
        writer.commit()
        meta = reader.meta()
    assert (meta["state"], meta["reason"], meta["step"], meta["schema"]) == ("finished", "epochs", 9, 1)


def test_a_resume_can_forget_what_came_after_its_checkpoint(path: Path) -> None:
    with RunWriter(path) as writer, RunReader(path) as reader:
        writer.add_steps(losses(0, 1, 10))
        writer.add_steps(losses(1, 6, 10))
        writer.add_segment(1, 0, 5)
        writer.add_evaluation(EvaluationRecorded(0, 10, 0, "train", {"loss": 1.0}))
        writer.add_event(RecordedEvent(4, 0, "change", "kept", 0.0))
        writer.add_event(RecordedEvent(5, 1, "undo", "forgotten", 0.0))
        writer.truncate_after(0, 8)
        assert [*rows(reader.steps())] == [(0, step) for step in range(1, 9)]
        assert [event.label for event in reader.events()] == ["kept"]
        assert reader.evaluations() == []
        assert reader.segments() == [SegmentRow(0, None, 0)]


def test_a_reader_beside_the_writer_misses_no_step(path: Path) -> None:
    total, batch = 3000, 50
    position = BEFORE_ALL
    seen: dict[tuple[int, int], object] = {}
    written = threading.Event()

    def write() -> None:
        with RunWriter(path) as writer:
            for first in range(1, total + 1, batch):
                writer.add_steps(losses(0, first, batch))
                writer.commit()
                written.set()

    RunWriter(path).close()
    thread = threading.Thread(target=write)
    thread.start()
    try:
        with RunReader(path) as reader:
            while position != (0, total):
                written.wait(10)
                written.clear()
                alive = thread.is_alive()
                for message in reader.steps(position, chunk=64):
                    fresh = rows([message])
                    assert not fresh.keys() & seen.keys()
                    seen.update(fresh)
                    position = max(fresh)
                if not alive:
                    break
    finally:
        thread.join()
    assert [*seen] == [(0, step) for step in range(1, total + 1)]


def test_a_full_disk_is_said_once_and_what_was_saved_stays(path: Path) -> None:
    writer = RunWriter(path)
    writer.add_steps(losses(0, 1, 10))
    writer.commit()
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    writer.add_steps(losses(0, 11, 100_000))
    with pytest.raises(RecordingFailed, match="disk is full"):
        writer.commit()
    writer.add_steps(losses(0, 11, 100_000))
    writer.add_event(RecordedEvent(4, 0, "change", "", 0.0))
    writer.commit()
    writer.set_state("finished", reason="stopped")
    writer.close()
    with RunReader(path) as reader:
        assert [*rows(reader.steps())] == [(0, step) for step in range(1, 11)]
        # There was room for so little again.
        assert reader.meta()["state"] == "finished"


def test_a_column_that_was_rolled_back_is_made_again(path: Path) -> None:
    with RunWriter(path) as writer, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer.add_steps(steps(0, 1, {"margin": [0.5]}))
        writer.commit()
        assert writer.failure is None
        other.execute("COMMIT")
        writer.commit()
    with RunReader(path) as reader:
        assert rows(reader.steps()) == {(0, 1): {"margin": 0.5}}


def test_a_lock_that_stays_ends_the_recording(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter(path)
    monkeypatch.setattr("tui_dl.runs.writer._LOCK_PATIENCE_S", 0.0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writer.add_steps(losses(0, 1, 1))
        with pytest.raises(RecordingFailed, match="another program keeps it locked"):
            writer.commit()
        other.execute("ROLLBACK")
    writer.close()


def test_where_wal_does_not_work_another_journal_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui_dl.runs import writer as module

    prepare = module._prepare

    def without_wal(connection: sqlite3.Connection, journal: str) -> None:
        if journal == "WAL":
            raise sqlite3.OperationalError("locking protocol")
        prepare(connection, journal)

    monkeypatch.setattr(module, "_prepare", without_wal)
    with RunWriter(path) as writer, RunReader(path) as reader:
        writer.add_steps(losses(0, 1, 5))
        writer.commit()
        assert len(rows(reader.steps())) == 5
        assert writer._connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingFailed, match="not there or may not be written"):
        RunWriter(tmp_path / "gone" / "run.db")


GARBAGE = {
    "text": b"not a database, but long enough to be one " * 100,
    "empty": b"",
    "header": b"SQLite format 3\0",
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_a_file_that_is_no_database_is_one_clear_message(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RunUnreadable, match=r"run\.db"):
        RunReader(path)


def test_a_writer_does_not_touch_what_is_no_database(path: Path) -> None:
    path.write_bytes(GARBAGE["text"])
    with pytest.raises(RunUnreadable, match="damaged or no database"):
        RunWriter(path)
    assert path.read_bytes() == GARBAGE["text"]


def test_a_damaged_database_is_one_clear_message(path: Path) -> None:
    with RunWriter(path) as writer:
        writer.add_steps(losses(0, 1, 20_000))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xa5" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with RunReader(path) as reader, pytest.raises(RunUnreadable, match="damaged"):
        list(reader.steps())


def test_a_missing_file_is_said(path: Path) -> None:
    with pytest.raises(RunUnreadable, match="no such file"):
        RunReader(path)
    assert not path.exists()


def test_a_database_of_a_newer_program_is_refused(path: Path) -> None:
    RunWriter(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = 99 WHERE key = 'schema'")
    for kind in (RunReader, RunWriter):
        with pytest.raises(RunUnreadable, match="layout 99"):
            kind(path)


def test_what_a_killed_writer_had_committed_is_there(path: Path) -> None:
    """The files as they lie there while a writer lives are all that a kill leaves behind."""
    writer = RunWriter(path)
    writer.add_steps(losses(0, 1, 500))
    writer.commit()
    copy = path.with_name("copy.db")
    for suffix in ("", "-wal"):
        copy.with_name(f"copy.db{suffix}").write_bytes(path.with_name(f"run.db{suffix}").read_bytes())
    writer.close()
    with RunReader(copy) as reader:
        assert reader.last_position() == (0, 500)


def test_gaps_split_messages(path: Path) -> None:
    with RunWriter(path) as writer:
        writer.add_steps(losses(0, 1, 3))
        writer.add_steps(losses(0, 10, 2))
        writer.add_steps(losses(1, 12, 2))
    with RunReader(path) as reader:
        read: list[StepsRecorded] = list(reader.steps())
        assert [(each.segment, each.first_step, len(each.columns) // 16) for each in read] == [
            (0, 1, 3),
            (0, 10, 2),
            (1, 12, 2),
        ]
        assert [each.first_step for each in reader.steps((0, 2))] == [3, 10, 12]


def test_a_closed_database_is_one_file_though_somebody_reads(path: Path) -> None:
    RunWriter(path).close()
    with RunReader(path) as reader:
        with RunWriter(path) as writer:
            writer.add_steps(losses(0, 1, 50))
            writer.commit()
            assert reader.last_position() == (0, 50)
        copy = path.with_name("copy.db")
        copy.write_bytes(path.read_bytes())
    with RunReader(copy) as reader:
        assert reader.last_position() == (0, 50)
