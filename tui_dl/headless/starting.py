"""How a run without a screen gets its engine: handed in, as nothing here knows how to start one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import final

from tui_dl.client.engine_client import EngineClient
from tui_dl.errors import ConnectionLost, TuiDlError
from tui_dl.spec.experiment import Experiment


@final
@dataclass(frozen=True, slots=True)
class Started:
    """A connection to an engine, paused at step 0, and whoever knows why it was lost."""

    engine: EngineClient
    explain: Callable[[ConnectionLost], Awaitable[TuiDlError]]


StartEngine = Callable[[Experiment, str], Awaitable[Started]]
"""Start an engine for an experiment under a name; the run belongs to the connection."""
