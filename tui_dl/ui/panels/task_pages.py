"""Which parts of the task's view stand beside each other at which size, and on which page."""

from dataclasses import dataclass
from typing import Final, Literal, final

Part = Literal["picture", "matrix", "sample"]

NARROW: Final = 64
"""Below this only one part is shown at a time."""
LOW: Final = 8
ROOMY_WIDTH: Final = 80
PLANE_WIDTH: Final = 100
ROOMY_HEIGHT: Final = 24
"""From this on everything is shown at once."""
LEAST_SIDE: Final = 34
SAMPLE_SIDE: Final = 46
_MATRIX_HEAD: Final = 3


@final
@dataclass(frozen=True, slots=True)
class Page:
    """The parts of a page. What stands beside the picture is `side` cells wide, 0 where nothing does.

    `matrix_rows` is how high the matrix is where the sample's page stands below it, 0 where it does not.
    """

    parts: frozenset[Part]
    side: int = 0
    matrix_rows: int = 0


def pages(
    width: int, height: int, classes: int, matrix_width: int, *, is_plane: bool = False
) -> tuple[Page, ...]:
    """The pages of a classification's view, the first one first.

    Args:
        width: of the panel in cells.
        height: the same.
        classes: rows of the matrix; 0 if there is none.
        matrix_width: cells in which every count can be read.
        is_plane: whether the picture is a plane, which needs more room than a grid of samples.
    """
    if width < NARROW or height < LOW:
        return (_page("picture"), _page("matrix"), _page("sample"))
    side = min(max(matrix_width, LEAST_SIDE), width // 2)
    sample_side = min(max(SAMPLE_SIDE, side), width * 3 // 5)
    if width >= (PLANE_WIDTH if is_plane else ROOMY_WIDTH) and height >= ROOMY_HEIGHT:
        matrix_rows = min(max(classes, 1) + _MATRIX_HEAD, height // 2)
        everything = Page(frozenset(("picture", "matrix", "sample")), sample_side, matrix_rows)
        return (everything, _page("sample"), _page("picture"))
    return (
        Page(frozenset(("picture", "matrix")), side),
        Page(frozenset(("picture", "sample")), sample_side),
    )


def _page(part: Part) -> Page:
    return Page(frozenset((part,)))
