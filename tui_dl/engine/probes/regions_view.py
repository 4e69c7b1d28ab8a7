"""The view of a classification in the plane: which class the model sees where, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import torch

from tui_dl.components.heads import probabilities
from tui_dl.engine.probes.judging import Judge
from tui_dl.engine.probes.view import View, Wish, evenly_chosen
from tui_dl.spec.heads import SOFTMAX
from tui_dl.wire.snapshots import RegionsView

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.components.data import DataSplits
    from tui_dl.spec.heads import Head

GRID: Final = (60, 40)
"""Columns and rows where nobody has said how large the picture is."""
LEAST_GRID: Final = 8
LARGEST_GRID: Final = (400, 280)
MARGIN: Final = 0.05
"""Free space around the data, as a share of its extent."""
TRAIN_POINTS: Final = 400
VALIDATION_POINTS: Final = 200
UNDECIDED: Final = 255
"""In place of the class where the outputs are not finite."""


@final
class RegionsOfClasses(View):
    """Inputs (N, 2); the grid is asked at the centres of its cells."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        self._splits, self._device = splits, device
        self._judge = Judge(splits, device)
        raw = splits.scaling.invert(torch.cat([splits.train.inputs, splits.validation.inputs])).double().cpu()
        self._x_range, self._y_range = (_widened(raw[:, axis]) for axis in (0, 1))
        train = evenly_chosen(len(splits.train), TRAIN_POINTS)
        self._validation = evenly_chosen(len(splits.validation), VALIDATION_POINTS)
        places = [*train, *(len(splits.train) + index for index in self._validation)]
        self._points = raw[places].float()
        self._train_inputs = splits.train.inputs[train].to(device)
        classes = torch.cat([splits.train.targets[train], splits.validation.targets[self._validation]])
        self._points_class = tuple(classes.tolist())
        self._grid = (0, 0)
        self._cells = self._cells_of(GRID)
        self._seen: Tensor | None = None

    def look(self, answer: Callable[[Tensor], Tensor], wish: Wish, head: Head | None = None) -> None:
        """Ask for class and probability of every cell, and for the class of every point."""
        grid = _bounded(wish.grid)
        if grid != self._grid:
            self._cells = self._cells_of(grid)
        confidence, classes = probabilities(head or SOFTMAX, answer(self._cells)).max(1)
        finite = confidence.isfinite()
        # A model that has diverged is sure of nothing.
        levels = confidence.where(finite, 0.0).mul(255.0).round()
        classes = classes.clamp_max(UNDECIDED - 1).where(finite, UNDECIDED)
        certain, predicted = probabilities(head or SOFTMAX, answer(self._train_inputs)).max(1)
        predicted = predicted.where(certain.isfinite(), -1)
        self._seen = torch.cat([classes, levels.long(), predicted])
        self._judge.look(answer, wish.sample, head)

    def reading(self) -> RegionsView:
        """Cells, points of both splits, and how validation fares."""
        assert self._seen is not None, "look first"
        found = self._judge.verdict()
        seen = self._seen.cpu().numpy()
        columns, rows = self._grid
        of_train = seen[2 * columns * rows :]
        predicted = [*of_train.tolist(), *found.predicted[self._validation].tolist()]
        return RegionsView(
            x_range=self._x_range,
            y_range=self._y_range,
            columns=columns,
            rows=rows,
            classes=seen[: columns * rows].astype("uint8").tobytes(),
            confidence=seen[columns * rows : 2 * columns * rows].astype("uint8").tobytes(),
            points_x=tuple(self._points[:, 0].tolist()),
            points_y=tuple(self._points[:, 1].tolist()),
            points_class=self._points_class,
            points_predicted=tuple(predicted),
            train_points=len(of_train),
            validation_indices=tuple(self._validation),
            class_names=self._splits.class_names,
            counts=found.counts,
            samples=found.samples,
            chosen=found.chosen,
            undecided=found.undecided,
        )

    def _cells_of(self, grid: tuple[int, int]) -> Tensor:
        """Scaled inputs at the centres of all cells, row by row from the top."""
        self._grid = columns, rows = grid
        x, y = _centres(self._x_range, columns), _centres(self._y_range, rows).flip(0)
        cells = torch.stack([x.repeat(rows), y.repeat_interleave(columns)], 1).float().to(self._device)
        return self._splits.scaling.apply(cells)


def _bounded(grid: tuple[int, int]) -> tuple[int, int]:
    """A grid that is worth drawing and cheap enough to ask for."""
    if min(grid) <= 0:
        return GRID
    columns, rows = (
        min(max(wanted, LEAST_GRID), most) for wanted, most in zip(grid, LARGEST_GRID, strict=True)
    )
    return columns, rows


def _widened(values: Tensor) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = (high - low) * MARGIN or 0.5
    return low - margin, high + margin


def _centres(ends: tuple[float, float], cells: int) -> Tensor:
    low, high = ends
    half = (high - low) / cells / 2
    return torch.linspace(low + half, high - half, cells, dtype=torch.float64)
