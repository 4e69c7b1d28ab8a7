import shutil

import pytest

from tui_dl.runs.folder import RunFolder, new_run, runs_home
from tui_dl.runs.listing import RunSummary
from tui_dl.runs.liveness import lock_log
from tui_dl.runs.writer import RunWriter
from tui_dl.spec.preset import load_preset
from tui_dl.ui import run_catalogue
from tui_dl.ui.run_catalogue import RunCatalogue


def _ended(step: int = 10) -> RunFolder:
    folder = new_run(load_preset("digits-mlp"), "digits-mlp")
    with RunWriter(folder.database_path) as writer:
        writer.set_state("finished", reason="stopped", step=step)
    return folder


def _look(catalogue: RunCatalogue) -> list[RunSummary]:
    *_, runs = catalogue.refreshed()
    return runs


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose database was read."""
    read: list[str] = []
    real = run_catalogue.summarise

    def counted(folder: RunFolder) -> RunSummary:
        read.append(folder.id)
        return real(folder)

    monkeypatch.setattr(run_catalogue, "summarise", counted)
    return read


def test_no_folder_no_runs() -> None:
    assert _look(RunCatalogue()) == []


def test_an_ended_run_is_read_once_and_again_when_it_has_changed(reads: list[str]) -> None:
    first, second, catalogue = _ended(), _ended(), RunCatalogue()
    assert {run.id for run in _look(catalogue)} == {first.id, second.id}
    assert _look(catalogue) == catalogue.known
    assert sorted(reads) == sorted((first.id, second.id))
    with RunWriter(first.database_path) as writer:
        writer.set_state("finished", reason="stopped", step=99)
    assert {run.step for run in _look(catalogue)} == {10, 99}
    assert reads.count(second.id) == 1


def test_a_live_run_is_read_each_time_and_stands_first(reads: list[str]) -> None:
    live, ended, catalogue = _ended(), _ended(), RunCatalogue()
    with lock_log(live.log_path):
        assert [run.id for run in _look(catalogue)] == [live.id, ended.id]
        _look(catalogue)
        assert reads.count(live.id) == 2
    assert not any(run.alive for run in _look(catalogue))


def test_damaged_and_deleted_folders_spoil_nothing() -> None:
    sound, damaged, gone, catalogue = _ended(), _ended(), _ended(), RunCatalogue()
    damaged.database_path.write_bytes(b"no database")
    (runs_home() / "rubbish").mkdir()
    (runs_home() / "a-file").touch()
    runs = {run.id: run for run in _look(catalogue)}
    assert runs.keys() == {sound.id, damaged.id, gone.id}
    assert runs[damaged.id].problem
    shutil.rmtree(gone.path)
    assert {run.id for run in _look(catalogue)} == {sound.id, damaged.id}


def test_of_many_the_newest_come_before_all_have_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_catalogue, "_FIRST", 2)
    folders = [_ended() for _ in range(4)]
    first, *_, last = RunCatalogue().refreshed()
    assert [run.id for run in first] == sorted((folder.id for folder in folders), reverse=True)[:2]
    assert len(last) == 4
