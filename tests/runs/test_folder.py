import threading
from pathlib import Path

import pytest

from tests.spec.experiments import SMALL
from tui_dl.errors import NotAvailable, RunUnreadable, SpecError
from tui_dl.runs import RunReader, new_run, runs_home
from tui_dl.spec.preset import from_toml

EXPERIMENT = from_toml(SMALL, "SMALL")


def test_a_new_run_is_whole(tui_dl_home: Path) -> None:
    folder = new_run(EXPERIMENT, "digits-mlp")
    assert folder.path.parent == tui_dl_home / "runs"
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "checkpoints",
        "engine.log",
        "experiment.toml",
        "run.db",
    ]
    assert folder.experiment() == EXPERIMENT
    with RunReader(folder.database_path) as reader:
        meta = reader.meta()
    assert (meta["state"], meta["preset"], meta["step"]) == ("starting", "digits-mlp", 0)


@pytest.mark.parametrize(
    ("preset", "ending"),
    [
        ("digits-mlp", "-digits-mlp"),
        ("", "-digits-mlp"),
        ("/home/me/My Odd  Run!.toml", "-my-odd-run"),
        ("한글.toml", "-한글"),
        ("..", "-run"),
        ("a" * 200, "-" + "a" * 40),
    ],
)
def test_a_name_can_be_read_and_sorted(preset: str, ending: str) -> None:
    name = new_run(EXPERIMENT, preset).id
    assert name.endswith(ending)
    date, time, _ = name.split("-", 2)
    assert len(date) == 8
    assert len(time) == 6
    assert (date + time).isdigit()


def test_names_stay_apart_when_many_start_at_once() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(new_run(EXPERIMENT, "x").id for _ in range(5)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 30
    assert sorted(made) == sorted(path.name for path in runs_home().iterdir())


def test_a_home_that_can_not_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUI_DL_HOME", str(tmp_path / "file"))
    with pytest.raises(NotAvailable, match="TUI_DL_HOME"):
        new_run(EXPERIMENT)


def test_without_a_home_the_platform_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TUI_DL_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert tmp_path in runs_home().parents
    assert runs_home().parts[-2:] == ("tui-dl", "runs")


def test_an_experiment_that_is_gone_or_broken_is_said() -> None:
    folder = new_run(EXPERIMENT)
    folder.experiment_path.write_text("[data]\nname = 'digitz'\n[model]\nname='mlp'\n")
    with pytest.raises(SpecError, match="digits"):
        folder.experiment()
    folder.experiment_path.write_bytes(b"\xff\xfe")
    with pytest.raises(RunUnreadable, match=r"experiment\.toml"):
        folder.experiment()
    folder.experiment_path.unlink()
    with pytest.raises(RunUnreadable, match=r"experiment\.toml"):
        folder.experiment()


def test_the_end_of_the_log() -> None:
    folder = new_run(EXPERIMENT)
    assert folder.log_tail() == []
    folder.log_path.write_bytes(b"".join(b"line %d\n" % number for number in range(100)) + b"\xff")
    assert folder.log_tail(3) == ["line 98", "line 99", "�"]
    folder.log_path.unlink()
    assert folder.log_tail() == []
