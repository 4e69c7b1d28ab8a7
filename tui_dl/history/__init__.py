"""Bounded series of numbers over steps, used by the engine and by every front end; numpy only."""

from tui_dl.history.held import HeldParts, HeldValue
from tui_dl.history.lineage import Lineage, Span
from tui_dl.history.store import Mark, SeriesStore
from tui_dl.history.window import Window

__all__ = ["HeldParts", "HeldValue", "Lineage", "Mark", "SeriesStore", "Span", "Window"]
