"""Updates that float16 had to skip, said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_MOST_STEPS: Final = 5


def skipped_words(names: tuple[str, ...], first_step: int, values: npt.NDArray[np.float64]) -> str:
    """What is to be said of steps whose update was skipped; empty if there are none.

    Args:
        names: of the rows.
        first_step: of the first column.
        values: (names, steps).
    """
    if "skipped" not in names:
        return ""
    places = np.flatnonzero(values[names.index("skipped")] == 1.0)
    if not len(places):
        return ""
    scale = float(values[names.index("loss_scale"), places[-1]])
    steps = [f"{first_step + place:,}" for place in places[:_MOST_STEPS].tolist()]
    more = f" and {len(places) - _MOST_STEPS} more" if len(places) > _MOST_STEPS else ""
    which = (
        f"update of step {steps[0]} was"
        if len(places) == 1
        else f"updates of steps {', '.join(steps)}{more} were"
    )
    return (
        f"float16: the {which} skipped, gradients overflowed at loss scale {scale:g}; "
        "the weights stayed, the scale is halved"
    )
