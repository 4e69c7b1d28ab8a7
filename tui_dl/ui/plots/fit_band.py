"""The band of one predicted standard deviation about a fit: hatched, its edges dotted; it needs no colour."""

from typing import Final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray
from tui_dl.ui.plots.glyph import Glyphs

HATCH_DOTS: Final = 4
"""Dots from one line of the hatching to the next, across and down."""
EDGE_DOTS: Final = 2
"""Dots from one dot of an edge to the next."""


def sigma_word(glyphs: Glyphs) -> str:
    """The letter, or its name where Greek may be two cells wide."""
    return "sigma" if glyphs.is_plain else "\N{GREEK SMALL LETTER SIGMA}"


def band_limits(fit: FloatArray, sigma: FloatArray, low: float, high: float) -> FloatArray:
    """Ends of the band for the y axis, no more than a quarter beyond what lies from low to high.

    A σ far too large, as at the beginning, would squeeze everything else flat.
    """
    if sigma.size != fit.size:
        return np.zeros(0)
    with np.errstate(over="ignore", invalid="ignore"):
        ends = np.concatenate([fit - sigma, fit + sigma])
        room = high / 4 - low / 4
    ends = ends[np.isfinite(ends)]
    clipped: FloatArray = np.clip(ends, low - room, high + room)
    return clipped


def band_dots(lower: FloatArray, upper: FloatArray, rows: int) -> tuple[BoolArray, BoolArray]:
    """Dots (rows, columns) of the band between two edges: its hatching, and the edges alone.

    Args:
        lower: (columns,) rows of dots, from the top, at which the band ends below; NaN where there is none.
        upper: where it ends above.
        rows: of dots.
    """
    down = np.arange(rows)[:, None]
    across = np.arange(lower.size)[None, :]
    known = np.isfinite(lower) & np.isfinite(upper)
    top = np.clip(np.nan_to_num(upper, nan=-2.0), -2, rows + 1).astype(np.int64)
    bottom = np.clip(np.nan_to_num(lower, nan=-2.0), -2, rows + 1).astype(np.int64)
    inside = (down >= top) & (down <= bottom) & known
    hatched = (down - across) % HATCH_DOTS == 0
    edges = ((down == top) | (down == bottom)) & (across % EDGE_DOTS == 0)
    return inside & hatched, inside & edges
