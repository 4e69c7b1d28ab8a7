"""The parts of a run that a message may touch, and the states of the connection to it."""

from typing import Final, Literal, get_args

Topic = Literal[
    "link",
    "experiment",
    "status",
    "series",
    "events",
    "phase",
    "layers",
    "histograms",
    "optimizer",
    "task",
    "loss",
    "matrix",
]
"""What a message touched: panels repaint by topic."""
Link = Literal["connecting", "live", "lost", "failed", "closed"]

ALL_TOPICS: Final[frozenset[Topic]] = frozenset(get_args(Topic))
