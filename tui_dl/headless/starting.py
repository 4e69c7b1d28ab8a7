"""How a run without a screen gets its engine: handed in, as nothing here knows how to start one."""

from collections.abc import Awaitable, Callable

from tui_dl.client.engine_client import EngineClient
from tui_dl.spec.experiment import Experiment

StartEngine = Callable[[Experiment, str], Awaitable[EngineClient]]
"""Start an engine, paused at step 0, for an experiment under a name; the run belongs to the connection."""
