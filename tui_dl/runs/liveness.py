"""Whether a run's engine is alive: it holds an flock on the run's log for as long as it lives.

A process id may be reused and a state on disk may be stale; a lock goes with its process, however that dies.
"""

import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Final, final

from tui_dl.errors import UsageError

# A file system without locks answers so; there the process id in the database is all there is.
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_PATIENCE_S: Final = 0.5


@final
class LogLock:
    """The locked log of a run: locked until the last copy of `fd`, inherited ones too, is closed."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def close(self) -> None:
        """Give up this copy; a child that has inherited it keeps the lock."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> "LogLock":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lock_log(log: Path) -> LogLock:
    """Open a log for appending and take its lock. Raises UsageError if an engine has it."""
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _PATIENCE_S
    while not _try_lock(fd, fcntl.LOCK_EX):
        # Whoever only asks whether a run is alive holds the lock for a few microseconds.
        if time.monotonic() > deadline:
            os.close(fd)
            raise UsageError(
                f"{log.parent.name}: its engine is running; see `tui-dl attach {log.parent.name}`"
            )
        time.sleep(0.01)
    return LogLock(fd)


def hold_log(log: Path) -> LogLock:
    """Called by an engine: hold the log's lock for life, whether it came with standard error or not.

    The launcher locks the log and hands it over as standard output and error, so that there is no moment
    without a lock. Opening it once more would conflict with that very lock.
    """
    try:
        inherited, wanted = os.fstat(2), log.stat()
    except OSError:
        return lock_log(log)
    if (inherited.st_dev, inherited.st_ino) != (wanted.st_dev, wanted.st_ino):
        return lock_log(log)
    _try_lock(2, fcntl.LOCK_EX)
    return LogLock(os.dup(2))


def is_alive(log: Path, pid: int = 0) -> bool:
    """Whether an engine holds this log; without locks in the file system, whether process `pid` exists."""
    try:
        fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        return error.errno in _NO_LOCKS and _exists(pid)
    finally:
        os.close(fd)
    return False


def _try_lock(fd: int, kind: int) -> bool:
    """Take a lock; True also where the file system has none."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _exists(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
