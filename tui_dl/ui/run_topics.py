"""The parts of a run that a message may touch, and the states of the connection to it."""

from typing import Final, Literal

Topic = Literal[
    "link", "experiment", "status", "series", "events", "phase", "layers", "histograms", "optimizer", "task"
]
"""What a message touched: panels repaint by topic."""
Link = Literal["connecting", "live", "lost", "failed", "closed"]

ALL_TOPICS: Final[frozenset[Topic]] = frozenset(
    ("link", "experiment", "status", "series", "events", "phase", "layers", "histograms", "optimizer", "task")
)
