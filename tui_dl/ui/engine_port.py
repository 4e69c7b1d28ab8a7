"""What the screen needs of the outside world: a connection to an engine, and ways to open one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, final

from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import OptimizerState
from tui_dl.wire.commands import AnyCommand
from tui_dl.wire.messages import Answered, AnyMessage, Welcomed
from tui_dl.wire.plans import Plan


class EnginePort(Protocol):
    """A connection to one engine."""

    @property
    def welcome(self) -> Welcomed:
        """What it said first."""
        ...

    async def request(self, command: AnyCommand) -> Answered:
        """Wait until a command took effect. Raises ChangeRefused or another TuiDlError when it did not."""
        ...

    async def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        """What a change would do. Raises ChangeRefused when it cannot work."""
        ...

    def messages(self) -> AsyncIterator[AnyMessage]:
        """All that the engine says from here on; ends, or raises, when the connection does."""
        ...

    async def close(self) -> None:
        """Let go of the engine, which goes on."""
        ...


Connect = Callable[[], Awaitable[EnginePort]]
"""Start or find the engine and connect to it; called again after a lost connection.

Raises ConnectionLost or OSError where another try may help, another TuiDlError where it would not.
"""


@final
@dataclass(frozen=True, slots=True)
class Opening:
    """A run that is about to be shown, and all that is known of it before its engine speaks."""

    connect: Connect
    experiment: Experiment | None = None
    preset: str = ""
    folder: Path | None = None
    """The run's folder, with the engine's log in it; None if it is not known yet."""
    read_only: bool = False
    is_new: bool = False
    """Whether the run was made for this screen: one that is left before its first step may be deleted."""
    end: Callable[[], None] | None = None
    """Ask the engine's process to end by itself, though it answers nobody yet; None where nobody can."""


class Openings(Protocol):
    """How the screen starts or returns to runs; each may raise a TuiDlError that says why not."""

    def start(self, experiment: Experiment, preset: str) -> Opening:
        """A new run."""
        ...

    def attach(self, run_id: str) -> Opening:
        """Back to a live engine."""
        ...

    def resume(self, run_id: str) -> Opening:
        """On from the last checkpoint of a run whose engine has ended."""
        ...

    def variant(self, of: Path, experiment: Experiment, name: str) -> Opening:
        """A run beside the one in the folder `of`, waiting at step 0; it ends with its connection."""
        ...

    def sweep(self, of: Path) -> None:
        """Delete what variants of the run in the folder `of` left behind."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Farewell:
    """What the program says on the terminal after the screen has closed, and its exit code."""

    text: str = ""
    exit_code: int = 0
