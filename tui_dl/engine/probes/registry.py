"""All instruments there are, made anew for each session: none keeps anything in its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_dl.engine.probes import (
    collapse,
    coupling,
    fit,
    formula,
    loss_pairs,
    mode_difference,
    next_batch,
    spread,
    updates,
    weights,
)
from tui_dl.engine.probes.histograms import HistogramsProbe
from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.probes.loss_shape import LossShapeProbe
from tui_dl.engine.probes.loss_slice import LossSliceProbe
from tui_dl.engine.probes.loss_surface import LossSurfaceProbe
from tui_dl.engine.probes.matrix import MatrixProbe
from tui_dl.engine.probes.optimizer_state import OptimizerProbe
from tui_dl.engine.probes.task_views import TaskProbe
from tui_dl.spec.loss_metrics import PAIR_METRICS
from tui_dl.spec.metrics import LAYER_METRICS

if TYPE_CHECKING:
    from tui_dl.engine.probes.base import Probe
    from tui_dl.engine.probes.measure import Measure


def make_probes() -> tuple[Probe, ...]:
    """One of each instrument."""
    return (
        LayersProbe(),
        HistogramsProbe(),
        OptimizerProbe(),
        TaskProbe(),
        LossShapeProbe(),
        LossSliceProbe(),
        LossSurfaceProbe(),
        MatrixProbe(),
    )


def measures() -> dict[str, Measure]:
    """The exact measurement behind each name of a metric that an instrument brings.

    A name is one of the whole list (`fit.slope`) or, for all layers at once, a star and the kind
    (`*.grad_norm`), for all pairs of losses `losses.*.cosine`. Where nobody saw the last batch, those of a
    batch say what the next will show.
    """
    of_batch = ("grad_norm", "data_loss", "penalty", "lr", "loss_scale", "skipped")
    return {
        "fit.slope": fit.slope,
        "margin": spread.margin,
        "confidence.share_above_0.99": spread.confident_share,
        "band.coverage": spread.coverage,
        "band.mean_sigma": spread.mean_sigma,
        "band.correlation": spread.correlation,
        "collapse.residual": collapse.residual,
        "formula.distance": formula.distance,
        "outputs.coupling": coupling.coupling,
        "modes.distance": mode_difference.distance,
        "update_promise": updates.promise,
        "update_cosine": updates.cosine,
        "weights.count": weights.count,
        "weights.share_below_1e-3": weights.share_below,
        "weights.share_zero": weights.share_zero,
        "optimizer.effective_step": next_batch.effective_step,
        "grad_ratio": next_batch.grad_ratio,
        **dict.fromkeys(of_batch, next_batch.scalar),
        **{f"losses.*.{each.kind}": loss_pairs.compare_losses for each in PAIR_METRICS},
        **{f"*.{metric.name}": next_batch.of_layer for metric in LAYER_METRICS},
    }
