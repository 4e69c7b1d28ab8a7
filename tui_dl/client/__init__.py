"""A connection to an engine."""

from tui_dl.client.engine_client import EngineClient
from tui_dl.client.unix import connect_unix

__all__ = ["EngineClient", "connect_unix"]
