"""What an instrument is: it watches the phases of one sampled batch and then says what it saw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.commands import ProbeName
    from tui_dl.wire.snapshots import Reading


class Probe(ABC):
    """An instrument. It never changes a bit of the training and draws from a generator of its own."""

    name: ClassVar[ProbeName]
    layer: str = ""
    """The one layer that is shown; empty for all. The others may be left out then."""
    sample: int | None = None
    """The validation sample that is shown in full; None for the worst."""
    grid: tuple[int, int] = (0, 0)
    """Columns and rows of a picture of the input plane; 0 where nobody has said."""
    reach: tuple[float, ...] = ()
    """How far the paths come that are shown in the plane of two trained numbers: lowest and highest of the
    first, then of the second; empty where nobody has said."""

    @abstractmethod
    def observe(self, trainer: Trainer, phase: str) -> None:
        """Look at the trainer right after a phase of the sampled batch: fetch, forward, …, update.

        Tensors may be kept on the device; reading them back is left to `reading`.
        """

    @abstractmethod
    def reading(self) -> Reading | None:
        """What the last whole batch showed, with one read from the device; None if it does not apply here."""

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> Reading | None:
        """What can be seen without a batch; None, as by default, if that is nothing.

        A batch that is being observed is not disturbed: a view may be opened in the middle of one.

        Args:
            trainer: what is trained.
            seen: what a whole batch has shown of this very step; None if it was not watched.
        """
        return None

    def release(self) -> None:  # noqa: B027 -- most instruments hold nothing between phases
        """Let go of the model and of all copies: the batch will not be finished. Nothing by default."""


class AfterUpdateProbe(Probe):
    """One that looks at what a batch has left behind, and can do so at rest as well."""

    def __init__(self) -> None:
        self._seen: Reading | None = None

    @abstractmethod
    def look(self, trainer: Trainer) -> Reading | None:
        """What there is to see between two batches; None if it does not apply here."""

    def observe(self, trainer: Trainer, phase: str) -> None:
        """All of it after the update: what is shown belongs to the step that it is labelled with."""
        if phase == "fetch":
            self._seen = None
        elif phase == "update":
            self._seen = self.look(trainer)

    def reading(self) -> Reading | None:
        """What was seen after the last update."""
        return self._seen

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> Reading | None:
        """Another look: it needs no batch."""
        return self.look(trainer)
