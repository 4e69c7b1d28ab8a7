"""Task: what the model makes of the data, in the view that suits its inputs."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, final

from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.class_views import Confusion, WorstSamples, is_picture
from tui_dl.engine.probes.curve_view import CurveOfFit
from tui_dl.engine.probes.regions_view import RegionsOfClasses
from tui_dl.engine.probes.values_view import PredictedByTrue
from tui_dl.engine.probes.view import Wish

if TYPE_CHECKING:
    import torch

    from tui_dl.components.data import DataSplits
    from tui_dl.engine.probes.view import View
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import Reading


@final
class TaskProbe(Probe):
    """Looks after the update, in eval mode: what is shown belongs to the step that it is labelled with."""

    name = "task"

    def __init__(self) -> None:
        self._splits: DataSplits | None = None
        self._view: View | None = None
        self._has_looked = False

    def observe(self, trainer: Trainer, phase: str) -> None:
        """One forward pass over the view's own inputs."""
        if phase == "fetch":
            self._has_looked = False
        elif phase == "update":
            splits = trainer.splits
            if splits is not self._splits:
                self._splits = splits
                self._view = None if splits is None else view_of(splits, trainer.device)
            if self._view is not None and splits is not None:
                head = None if trainer.experiment is None else trainer.experiment.loss.head(splits.task)
                self._view.look(partial(answers, trainer.model), Wish(self.sample, self.grid), head)
                self._has_looked = True

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> Reading | None:
        """A forward pass over the view's own inputs needs no batch."""
        self.observe(trainer, "fetch")
        self.observe(trainer, "update")
        return self.reading()

    def reading(self) -> Reading | None:
        """The view; None if there is none for these data."""
        return self._view.reading() if self._view is not None and self._has_looked else None


def view_of(splits: DataSplits, device: torch.device) -> View | None:
    """The view that suits the shape of the inputs."""
    shape = splits.input_shape
    if splits.task == "regression":
        if splits.outputs != 1:
            return None
        return CurveOfFit(splits, device) if math.prod(shape) == 1 else PredictedByTrue(splits, device)
    if shape == (2,):
        return RegionsOfClasses(splits, device)
    if is_picture(shape):
        return WorstSamples(splits, device)
    return Confusion(splits, device)
