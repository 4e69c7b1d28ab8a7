import os
import shutil
from pathlib import Path

import pytest

from tests.runs.rows import losses
from tests.spec.experiments import SMALL
from tui_dl.errors import UsageError
from tui_dl.runs import (
    RunFolder,
    RunWriter,
    delete_run,
    find_live_run,
    find_run,
    list_runs,
    lock_log,
    new_run,
    runs_home,
    summarise,
)
from tui_dl.spec.preset import from_toml

EXPERIMENT = from_toml(SMALL, "SMALL")


def started(name: str, moment: str, **facts: str | int) -> RunFolder:
    folder = new_run(EXPERIMENT, "preset")
    with RunWriter(folder.database_path) as writer:
        writer.set_meta(started=moment, **facts)
    return RunFolder(folder.path.rename(folder.path.with_name(name)))


def test_there_may_be_none() -> None:
    assert list_runs() == []
    with pytest.raises(UsageError, match="there is no run yet"):
        find_run(None)
    with pytest.raises(UsageError, match="no run is alive"):
        find_live_run()


def test_a_summary_says_it_all() -> None:
    folder = new_run(EXPERIMENT, "digits-mlp")
    with RunWriter(folder.database_path) as writer, lock_log(folder.log_path):
        writer.set_state("running")
        writer.set_meta(pid=os.getpid())
        writer.add_steps(losses(0, 1, 42))
        writer.commit()
        (summary,) = list_runs()
    assert (summary.id, summary.preset, summary.state) == (folder.id, "digits-mlp", "running")
    assert (summary.pid, summary.step, summary.path) == (os.getpid(), 42, str(folder.path))
    assert summary.size_bytes > folder.experiment_path.stat().st_size
    assert summary.started.endswith("+00:00")
    assert summary.alive


@pytest.mark.parametrize(
    ("recorded", "alive", "state"),
    [
        ("starting", True, "starting"),
        ("running", True, "running"),
        ("paused", True, "paused"),
        ("finished", True, "finished"),
        ("starting", False, "dead"),
        ("running", False, "dead"),
        ("paused", False, "dead"),
        ("finished", False, "finished"),
        ("failed", False, "failed"),
        ("gibberish", False, "dead"),
    ],
)
def test_a_state_is_believed_only_of_the_living_and_the_ended(recorded: str, alive: bool, state: str) -> None:
    folder = started("run", "2026-01-01T00:00:00+00:00", state=recorded)
    if alive:
        with lock_log(folder.log_path):
            assert summarise(folder).state == state
    else:
        assert summarise(folder).state == state


def test_the_latest_is_the_one_that_started_last() -> None:
    started("20260101-000000-b", "2026-01-01T00:00:00+00:00")
    started("20260101-000000-z", "2026-01-03T00:00:00+00:00")
    started("20260109-000000-a", "2026-01-02T00:00:00+00:00")
    assert [summary.id[-1] for summary in list_runs()] == ["z", "a", "b"]
    assert find_run().id[-1] == "z"


def test_broken_folders_spoil_nothing() -> None:
    sound = new_run(EXPERIMENT, "sound")
    home = runs_home()
    (home / "a-file").write_text("")
    (home / "empty").mkdir()
    (home / ".hidden").mkdir()
    for name, content in {"garbage": b"x" * 5000, "nothing": b""}.items():
        (home / name).mkdir()
        (home / name / "run.db").write_bytes(content)
    without_database = new_run(EXPERIMENT, "without")
    without_database.database_path.unlink()
    (home / "database-is-a-folder" / "run.db").mkdir(parents=True)
    (home / "loop").symlink_to(home / "loop")
    found = {summary.id: summary for summary in list_runs()}
    assert found.keys() == {sound.id, without_database.id, "garbage", "nothing", "database-is-a-folder"}
    assert found[sound.id].problem == ""
    for name in ("garbage", "nothing", without_database.id):
        assert found[name].state == "dead"
        assert "run.db" in found[name].problem
        delete_run(find_run(name))
    assert found.keys() - {summary.id for summary in list_runs()} == {
        "garbage",
        "nothing",
        without_database.id,
    }


def test_a_run_is_found_by_id_beginning_and_path() -> None:
    first = started("20260101-000000-digits", "2026-01-01T00:00:00+00:00")
    second = started("20260102-000000-digits", "2026-01-02T00:00:00+00:00")
    assert find_run(first.id) == first
    assert find_run("20260102") == second
    assert find_run(str(first.path)) == first
    assert find_run(f"{first.path}/") == first
    with pytest.raises(UsageError, match="any of 2 runs: 20260101-000000-digits, 20260102-000000-digits"):
        find_run("202601")
    with pytest.raises(UsageError, match="did you mean 20260102-000000-digits"):
        find_run("20260102-000000-digist")
    with pytest.raises(UsageError, match=r"no run\.db"):
        find_run(str(first.path / "checkpoints"))
    for odd in ("", "zzz", "\0", "/", "..", "x" * 10_000, "a/b\0c", "~nobody-of-that-name/x"):
        with pytest.raises(UsageError):
            find_run(odd)


def test_an_id_that_begins_another_is_still_itself() -> None:
    first = started("20260101-000000-digits", "2026-01-01T00:00:00+00:00")
    started("20260101-000000-digits-2", "2026-01-01T00:00:00+00:00")
    assert find_run(first.id) == first


def test_a_live_run_is_found_and_not_deleted() -> None:
    started("20260105-000000-ended", "2026-01-05T00:00:00+00:00", state="finished")
    live = started("20260101-000000-live", "2026-01-01T00:00:00+00:00", state="finished")
    with lock_log(live.log_path):
        assert find_live_run() == live
        with pytest.raises(UsageError, match="tui-dl stop"):
            delete_run(live)
    assert live.database_path.exists()
    delete_run(live)
    assert not live.path.exists()
    assert [path.name for path in runs_home().iterdir()] == ["20260105-000000-ended"]


def test_hundreds_of_runs_are_listed() -> None:
    template = new_run(EXPERIMENT, "x")
    for number in range(200):
        shutil.copytree(template.path, runs_home() / f"20260101-{number:06d}-x")
    assert len(list_runs()) == 201


def test_a_database_in_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = new_run(EXPERIMENT, "x")
    with RunWriter(folder.database_path) as writer:
        writer.add_steps(losses(0, 1, 7))
    folder.path.chmod(0o500)
    try:
        assert summarise(folder).step == 7
    finally:
        folder.path.chmod(0o700)
