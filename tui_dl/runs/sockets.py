"""The socket that an engine listens at: in a private folder, with a short path, removed when it is stale."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tui_dl.errors import NotAvailable

# sockaddr_un holds 108 bytes on Linux, 104 on macOS, with a zero at the end.
LONGEST_PATH_BYTES: Final = 103
_PREFIX: Final = "tui-dl-"
_NAME: Final = "engine.sock"
_QUEUE: Final = 16
# Between the making of a folder and its listening socket it looks stale.
_YOUNG_S: Final = 60.0


def listen() -> tuple[socket.socket, Path]:
    """A listening Unix socket and its path, in a new folder that only this user may enter.

    A temporary folder comes first: $XDG_RUNTIME_DIR is emptied when its user's last session ends, and an
    engine has to be found again after a dropped link. Raises NotAvailable if there is no place for it.
    """
    sweep()
    problem: OSError | None = None
    for base in _bases():
        try:
            # Only its owner may enter what mkdtemp makes.
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        except OSError as error:
            problem = error
            continue
        path = folder / _NAME
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(path))
            listener.listen(_QUEUE)
        except OSError as error:
            listener.close()
            shutil.rmtree(folder, ignore_errors=True)
            problem = error
            continue
        return listener, path
    raise NotAvailable(f"no folder will hold a Unix socket ({problem}); TMPDIR names another one")


def remove_socket(path: Path) -> None:
    """Remove a socket that nobody listens at any more, with its folder."""
    if path.name == _NAME and path.parent.name.startswith(_PREFIX):
        path.unlink(missing_ok=True)
        shutil.rmtree(path.parent, ignore_errors=True)


def sweep() -> None:
    """Remove the sockets of this user's engines that were killed."""
    for base in _bases():
        for folder in base.glob(f"{_PREFIX}*"):
            try:
                status = folder.lstat()
                old = time.time() - status.st_mtime > _YOUNG_S
                if old and status.st_uid == os.getuid() and _is_stale(folder / _NAME):
                    remove_socket(folder / _NAME)
            except OSError:
                continue


def _is_stale(path: Path) -> bool:
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _bases() -> Iterator[Path]:
    """Where a socket may lie, best first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    seen = set()
    for text in (tempfile.gettempdir(), runtime, "/tmp"):
        base = Path(text)
        longest = base / f"{_PREFIX}12345678" / _NAME
        fits = len(os.fsencode(longest)) <= LONGEST_PATH_BYTES
        if text and text not in seen and fits and base.is_absolute() and base.is_dir():
            seen.add(text)
            yield base
