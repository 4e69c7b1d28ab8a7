"""The loss as a function of a model's two trained numbers, and on a grid; the model is only read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from tui_dl.components.regularizers import penalty
from tui_dl.components.summary import undisturbed
from tui_dl.engine.probes.view import evenly_chosen
from tui_dl.wire.pictures import DEEPEST_LEVEL, LEVELS_PER_DOUBLING, NO_LEVEL

if TYPE_CHECKING:
    from tui_dl.components.data import DataSplits
    from tui_dl.engine.probes.surface_limits import Limits
    from tui_dl.engine.training.plane import Plane
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.spec.experiment import Experiment

COLUMNS: Final = 96
ROWS: Final = 64
MOST_SAMPLES: Final = 512
"""Of the training split: the grid asks for the loss at each of its cells."""
AT_ONCE: Final = 1024
"""Cells that are asked about together: bounds the memory."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Losses at the centres of cells within limits.

    Attributes:
        limits: edges of the grid.
        losses: (rows, columns) in float64 on the host, row 0 at the top.
        lowest: the lowest finite one; NaN if there is none.
        lowest_at: its x and y.
        way_down: signs of the sides, across and up, on whose edge it lies; 0 inside.
    """

    limits: Limits
    losses: Tensor
    lowest: float
    lowest_at: tuple[float, float]
    way_down: tuple[int, int]

    @property
    def highest(self) -> float:
        """The highest finite loss; NaN if there is none."""
        finite = self.losses[self.losses.isfinite()]
        return float(finite.max()) if len(finite) else math.nan


@final
class Surface:
    """The loss that updates go down, but over the whole training split and in eval mode.

    It is that of training batches with its penalties; of very many samples some are taken.

    Args:
        trainer: whose loss it is.
        plane: of its model.
        splits: its data.
        experiment: what it trains.

    Attributes:
        samples: how many it is a mean over.
        has_penalty: whether penalties are added.
    """

    def __init__(self, trainer: Trainer, plane: Plane, splits: DataSplits, experiment: Experiment) -> None:
        train = splits.train
        chosen = evenly_chosen(len(train.inputs), MOST_SAMPLES)
        is_all = len(chosen) == len(train.inputs)
        self._inputs: Any = train.inputs if is_all else train.inputs[chosen]
        self._targets: Any = train.targets if is_all else train.targets[chosen]
        self._model, self._plane = trainer.model, plane
        self._function = trainer.training_loss_function
        self._regularizers = experiment.regularizers
        self._like = plane.place()
        self.samples = len(chosen)
        self.has_penalty = self._penalty(dict(plane.parameters)) is not None

    def at(self, place: Tensor) -> float:
        """The loss at a place (2,); may not be finite."""
        with undisturbed(self._model, place.device), torch.no_grad():
            return float(self._loss(place))

    def grid(self, limits: Limits) -> Grid:
        """The loss at all cells of a grid, many at once."""
        places = centres(limits)
        asked = places.reshape(-1, 2).to(self._like)
        with undisturbed(self._model, asked.device), torch.no_grad():
            found: Tensor = vmap(self._loss, chunk_size=AT_ONCE)(asked)
        losses = found.double().cpu().reshape(ROWS, COLUMNS)
        known = losses.where(losses.isfinite(), math.inf)
        row, column = divmod(int(known.argmin()), COLUMNS)
        x, y = places[row, column].tolist()
        if not bool(losses.isfinite().any()):
            return Grid(limits, losses, math.nan, (x, y), (0, 0))
        sides = (column == COLUMNS - 1) - (column == 0), (row == 0) - (row == ROWS - 1)
        return Grid(limits, losses, float(known[row, column]), (x, y), sides)

    def _loss(self, place: Tensor) -> Tensor:
        parameters = self._plane.at(place)
        outputs = functional_call(self._model, parameters, (self._inputs,))
        loss: Tensor = self._function(outputs, self._targets).reshape(())
        penalties = self._penalty(parameters)
        return loss if penalties is None else loss + penalties

    def _penalty(self, parameters: dict[str, Any]) -> Tensor | None:
        weights = [each for each in parameters.values() if each.ndim > 1]
        return penalty(self._regularizers, weights) if weights else None


def centres(limits: Limits) -> Tensor:
    """Places (rows, columns, 2) of a grid's cells, row 0 at the top; float64."""
    (left, right), (bottom, top) = limits.x, limits.y
    xs = left + (torch.arange(COLUMNS, dtype=torch.float64) + 0.5) / COLUMNS * (right - left)
    ys = top - (torch.arange(ROWS, dtype=torch.float64) + 0.5) / ROWS * (top - bottom)
    up, across = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([across, up], dim=-1)


def levels_of(losses: Tensor) -> bytes:
    """Heights above the lowest of losses (rows, columns) as levels, see `LossSurfaceRead`."""
    finite = losses.isfinite()
    known = losses.where(finite, math.inf)
    heights = known - known.min()
    highest = heights.where(finite, 0.0).max()
    # Of a flat surface nothing lies above anything.
    doublings = (highest / heights).log2() if highest > 0 else torch.full_like(losses, math.inf)
    levels = (LEVELS_PER_DOUBLING * doublings).round().clamp(0, DEEPEST_LEVEL)
    return levels.where(finite, float(NO_LEVEL)).to(torch.uint8).numpy().tobytes()
