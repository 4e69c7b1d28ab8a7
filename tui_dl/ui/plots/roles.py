"""The numbers by which a canvas names its styles."""

from collections.abc import Callable
from enum import IntEnum
from typing import Literal

import numpy as np
from rich.style import Style

from tui_dl.history.arrays import BoolArray
from tui_dl.ui.theme import SERIES_COLOURS, Palette

Kind = Literal["line", "dim", "ghost", "value"]
_KINDS: tuple[Kind, ...] = ("line", "dim", "ghost", "value")


class Role(IntEnum):
    """What a cell is. What lies behind every curve comes first."""

    FRAME = 0
    GRID = 1
    MARK = 2
    FAULT = 3
    CROSS = 4
    TITLE = 5
    AXIS = 6
    MARK_LABEL = 7
    ALERT = 8


ROLE_CLASSES: dict[Role, str] = {role: f"plot--{role.name.lower().replace('_', '-')}" for role in Role}


def line_style(colour: int, kind: Kind) -> int:
    """The number of a series' style; indices beyond the palette begin again."""
    return len(Role) + colour % SERIES_COLOURS * len(_KINDS) + _KINDS.index(kind)


# By style number: what lies behind every curve, and that and all curves that are not lines of their own.
BACKDROP: BoolArray = np.array([role <= Role.CROSS for role in Role] + [False] * SERIES_COLOURS * len(_KINDS))
SOFT: BoolArray = np.array(
    [role <= Role.CROSS for role in Role] + [kind in ("dim", "ghost") for kind in _KINDS] * SERIES_COLOURS
)


def style_table(component_style: Callable[[str], Style], palette: Palette) -> list[Style]:
    """The list that these numbers index: the roles, then each series colour in all its kinds."""
    table = [component_style(ROLE_CLASSES[role]) for role in Role]
    ground = Style(bgcolor=table[Role.FRAME].bgcolor)
    for colour in range(SERIES_COLOURS):
        line = ground + palette.series(colour)
        dim, ghost = ground + palette.series_dim(colour), ground + palette.ghost(colour)
        table += [line, dim, ghost, line + Style(bold=True)]
    return table
