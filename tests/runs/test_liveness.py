import subprocess
import sys
from pathlib import Path

import pytest

from tui_dl.errors import UsageError
from tui_dl.runs import hold_log, is_alive, lock_log

_HOLDER = """
import sys
from pathlib import Path
from tui_dl.runs import hold_log
held = hold_log(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a-run" / "engine.log"
    path.parent.mkdir()
    path.touch()
    return path


def test_a_lock_is_seen_and_goes(log: Path) -> None:
    assert not is_alive(log)
    with lock_log(log):
        assert is_alive(log)
        assert is_alive(log)
    assert not is_alive(log)


def test_a_second_lock_is_refused(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_dl.runs.liveness._PATIENCE_S", 0.0)
    with lock_log(log), pytest.raises(UsageError, match="a-run: its engine is running"):
        lock_log(log)
    lock_log(log).close()


def test_no_log_is_no_life(tmp_path: Path) -> None:
    assert not is_alive(tmp_path / "gone.log")


@pytest.mark.parametrize("inherited", [True, False], ids=["inherited", "its own"])
def test_a_process_holds_it_until_it_is_killed(log: Path, inherited: bool) -> None:
    """The launcher's lock passes to the engine without a gap; an engine started by hand takes its own."""
    lock = lock_log(log) if inherited else None
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=lock.fd if lock else subprocess.DEVNULL,
    ) as process:
        if lock:
            lock.close()
            assert is_alive(log)
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert is_alive(log)
        process.kill()
    assert not is_alive(log)


def test_an_engine_started_by_hand_respects_another(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_dl.runs.liveness._PATIENCE_S", 0.0)
    with lock_log(log), pytest.raises(UsageError):
        hold_log(log)
