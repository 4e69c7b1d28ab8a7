import os
import socket
import stat
import tempfile
import time
from pathlib import Path

import pytest

from tui_dl.errors import NotAvailable
from tui_dl.runs.sockets import LONGEST_PATH_BYTES, listen, remove_socket, sweep


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Path:
    # pytest's own folders are too deep for a socket.
    folder = Path(tempfile.mkdtemp(prefix="tdl", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return folder


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(str(path))
    return client


def test_it_can_be_connected_to_at_once_and_by_nobody_else(temporary: Path) -> None:
    listener, path = listen()
    with listener:
        assert path.parent.parent == temporary
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert len(os.fsencode(path)) <= LONGEST_PATH_BYTES
        connect(path).close()
    remove_socket(path)
    assert not path.parent.exists()


def test_a_temporary_folder_that_is_too_deep_is_passed_over(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = temporary / ("d" * 90)
    deep.mkdir()
    runtime = temporary / "run"
    runtime.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    listener, path = listen()
    with listener:
        assert path.parent.parent == runtime
        connect(path).close()


def test_no_place_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_dl.runs.sockets._bases", lambda: iter([Path("/nowhere/at/all")]))
    with pytest.raises(NotAvailable, match="TMPDIR"):
        listen()


def test_what_a_killed_engine_left_is_swept_and_nothing_else(temporary: Path) -> None:
    def aged(path: Path) -> Path:
        os.utime(path.parent, (time.time() - 3600,) * 2)
        return path.parent

    live_listener, live = listen()
    dead_listener, dead = listen()
    young_listener, young = listen()
    dead_listener.close()
    young_listener.close()
    other = temporary / "tui-dl-somebody-elses"
    other.mkdir()
    (other / "notes").write_text("")
    aged(other / "notes")
    with live_listener:
        aged(live)
        aged(dead)
        sweep()
        assert live.exists()
        assert young.exists()
        assert other.exists()
        assert not dead.parent.exists()


def test_only_a_socket_of_ours_is_removed(tmp_path: Path) -> None:
    precious = tmp_path / "home" / "engine.sock"
    precious.parent.mkdir()
    precious.touch()
    remove_socket(precious)
    remove_socket(Path())
    assert precious.exists()
