"""The few exceptions a caller may see; each carries the exit code that the command line answers with."""

from typing import ClassVar


class TuiDlError(Exception):
    """Base of all errors that are somebody's to mend; its text is one complete message for that somebody."""

    exit_code: ClassVar[int] = 1


class SpecError(TuiDlError):
    """An experiment, preset, override or change that does not say something possible.

    Attributes:
        source: where it was written: a file's path, ``--set``, ``change``; empty if unknown.
        key: dotted path of the offending key; empty if the whole text is broken.
        problem: what is wrong with it, what is allowed, and the nearest match where there is one.
    """

    exit_code = 2

    def __init__(self, problem: str, *, key: str = "", source: str = "") -> None:
        self.problem = problem
        self.key = key
        self.source = source
        super().__init__(": ".join(part for part in (source, key, problem) if part))

    def located(self, source: str) -> "SpecError":
        """The same error said of another place (a file's name is known later than the mistake)."""
        return SpecError(self.problem, key=self.key, source=source)


class UsageError(TuiDlError):
    """Arguments that make no sense together, or name something that is not there (a run, a preset)."""

    exit_code = 2


class NotAvailable(TuiDlError):
    """Well said, but not possible on this machine: CUDA absent, a model that does not fit in memory."""

    exit_code = 3


class ChangeRefused(TuiDlError):
    """A change mid-run that cannot work; the run goes on as it was. The text says why and what would work."""

    exit_code = 2


class EngineFailed(TuiDlError):
    """The training process died or could not start; the text says why and where its log lies."""

    exit_code = 1


class ProtocolError(TuiDlError):
    """The other end of the connection speaks another version, or something that is not the protocol."""

    exit_code = 1


class RunUnreadable(TuiDlError):
    """A run's folder or database that is damaged, or of another program; the text names the file."""

    exit_code = 2


class RecordingFailed(TuiDlError):
    """The run can't be written any more: disk full, folder read-only or gone. Training goes on without."""

    exit_code = 1


class ConnectionLost(TuiDlError):
    """The engine's end of a connection went away without having said goodbye."""

    exit_code = 1
