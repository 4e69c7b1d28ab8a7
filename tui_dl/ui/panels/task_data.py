"""From what the engine's views say to what the plots of the task draw."""

import numpy as np
from numpy.typing import NDArray

from tui_dl.ui.panels.judged import chosen_index
from tui_dl.ui.plots.fit_data import FitData, Points, with_outliers
from tui_dl.ui.plots.region_map import RegionData, RegionPoints
from tui_dl.wire.snapshots import CurveView, RegionsView, SampleView

_UNDECIDED = 255


def fit_data(view: CurveView) -> FitData:
    """Data, fit and residuals of a 1-D regression."""
    order = np.argsort(np.asarray(view.grid_x), kind="stable")
    data = FitData(
        grid_x=np.asarray(view.grid_x, dtype=np.float64)[order],
        grid_y=np.asarray(view.grid_y, dtype=np.float64)[order],
        grid_sigma=_in_order(view.grid_sigma, order),
        train=_points(view.train_x, view.train_y, view.train_residuals, view.train_rms, view.train_coverage),
        validation=_points(
            view.validation_x,
            view.validation_y,
            view.validation_residuals,
            view.validation_rms,
            view.validation_coverage,
        ),
        is_against_true=view.is_against_true,
    )
    return with_outliers(data, view.outliers)


def regions_data(view: RegionsView, pinned: int | None = None) -> RegionData:
    """Predicted class and confidence over the plane, with the data as points."""
    shape = (view.rows, view.columns)
    classes = np.frombuffer(view.classes, np.uint8).reshape(shape).astype(np.int64)
    confidence = np.frombuffer(view.confidence, np.uint8).reshape(shape) / 255.0
    (x_low, x_high), (y_low, y_high) = view.x_range, view.y_range
    width, height = max(x_high - x_low, 1e-12), max(y_high - y_low, 1e-12)
    true = np.asarray(view.points_class, dtype=np.int64)
    said = np.asarray(view.points_predicted, dtype=np.int64)
    # An engine that says nothing of the points counts none as wrong, and all as of the training split.
    train_points = view.train_points if said.size else true.size
    indices = np.full(true.size, -1, dtype=np.int64)
    indices[train_points:] = view.validation_indices[: true.size - train_points]
    points = RegionPoints(
        x=(np.asarray(view.points_x, dtype=np.float64) - x_low) / width,
        y=(y_high - np.asarray(view.points_y, dtype=np.float64)) / height,
        classes=true,
        predicted=said if said.size else true,
        is_train=np.arange(true.size) < train_points,
        indices=indices,
    )
    index = chosen_index(view, pinned)
    of_chosen = [sample.true_class for sample in _known_samples(view) if sample.index == index]
    return RegionData(
        classes=np.where(classes == _UNDECIDED, -1, classes),
        confidence=confidence,
        x_range=view.x_range,
        y_range=view.y_range,
        points=points,
        class_names=view.class_names,
        chosen=_place_of_chosen(view, points, index),
        chosen_class=of_chosen[0] if of_chosen else None,
    )


def _known_samples(view: RegionsView) -> list[SampleView]:
    return [*view.samples, *([] if view.chosen is None else [view.chosen.sample])]


def _place_of_chosen(
    view: RegionsView, points: RegionPoints, index: int | None
) -> tuple[float, float] | None:
    """Where the chosen sample lies, by its own inputs or as one of the points."""
    chosen = view.chosen
    if index is None:
        return None
    if chosen is not None and chosen.sample.index == index and len(chosen.inputs) == 2:
        (x_low, x_high), (y_low, y_high) = view.x_range, view.y_range
        x, y = chosen.inputs
        return (x - x_low) / max(x_high - x_low, 1e-12), (y_high - y) / max(y_high - y_low, 1e-12)
    places = np.flatnonzero(points.indices == index)
    return (float(points.x[places[0]]), float(points.y[places[0]])) if places.size else None


def _points(
    xs: tuple[float, ...],
    ys: tuple[float, ...],
    residuals: tuple[float, ...],
    rms: float | None,
    coverage: float | None,
) -> Points:
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    left = np.asarray(residuals, dtype=np.float64)
    return Points(x, y, left if left.size == x.size else np.full(x.size, np.nan), rms, coverage)


def _in_order(sigma: tuple[float, ...], order: NDArray[np.int64]) -> NDArray[np.float64]:
    """One σ for each point of the grid, or none at all."""
    found = np.asarray(sigma, dtype=np.float64)
    return found[order] if found.size == order.size else np.zeros(0)
