"""What the crosshair says: the place in every unit, and each curve there, exact as far as that is held."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui_dl.history import HeldValue, SeriesStore
from tui_dl.ui.plots.plot_data import CrossLine, PlotMark

if TYPE_CHECKING:
    from tui_dl.ui.panels.curves import Curve
    from tui_dl.ui.plots.x_units import XUnit

_DIGITS: Final = 6


def cross_lines(
    store: SeriesStore, curves: "Sequence[Curve]", step: int, near: PlotMark | None
) -> tuple[CrossLine, ...]:
    """The lines of the box: the step, each curve's value, what a mark beside the crosshair says."""
    lines = [CrossLine(f"step {step:,}")]
    together = 0
    for curve in curves:
        found = store.value_at(curve.metric, step)
        if found is not None:
            lines.append(CrossLine(f"{curve.label} {value_words(found, step)}", curve.colour))
            if not found.is_exact:
                together = max(together, found.last_step - found.first_step + 1)
    if together:
        lines.append(CrossLine(f"mean, range of {together:,} steps"))
    if near is not None and near.label:
        lines.append(CrossLine(near.label, is_mark=True))
    return tuple(lines)


def value_words(found: HeldValue, step: int) -> str:
    """A value as exact as it is held, and where it is from unless that is the step itself."""
    if not found.count:
        text = "not finite"
    elif found.is_exact or found.low == found.high:
        text = f"{found.mean:.{_DIGITS}g}"
    else:
        text = f"{found.mean:.4g} ({found.low:.4g} to {found.high:.4g})"
    return text if found.last_step >= step else f"{text} at {found.last_step:,}"


def place_words(units: "Mapping[XUnit, float]") -> tuple[str, ...]:
    """A place on the x axis in all units it is known in, then in ever fewer: whichever fits."""
    parts = [f"step {units['step']:,.0f}"]
    if "epoch" in units:
        parts.append(f"epoch {units['epoch']:.2f}")
    if "samples" in units:
        parts.append(f"{units['samples']:,.0f} samples")
    if "seconds" in units:
        parts.append(f"{units['seconds']:,.2f} s")
    return tuple("  ".join(parts[:count]) for count in range(len(parts), 0, -1))


def nearest_mark(marks: Sequence[PlotMark], x: float, reach: float) -> PlotMark | None:
    """The mark nearest to a place, if it is within reach."""
    return min(
        (mark for mark in marks if abs(mark.x - x) <= reach), key=lambda mark: abs(mark.x - x), default=None
    )
