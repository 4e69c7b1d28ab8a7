"""The columns of the layer table: which fit and how wide, what stands in a cell, how rows are ordered."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from tui_dl.ui.ink import Part
from tui_dl.ui.numerals import brief, number, scientific, share
from tui_dl.wire.messages import LayerInfo
from tui_dl.wire.snapshots import LayerReading

# The rule of thumb for the ratio of update to weight: about 10⁻³ at every layer, a factor of ten either way.
HEALTHY_LOG10: Final = (-4.0, -2.0)
_GAUGE_FROM, _GAUGE_TO = -8.0, 1.0
_GAUGE_CELLS: Final = (9, 19)
_MUCH_DEAD = 0.4
TINY_CELLS: Final = 8

Value = float | int | str | None


@final
@dataclass(frozen=True, slots=True)
class Column:
    """One column. The largest `rank` goes first where there is no room; `sorts`: whether it orders rows."""

    key: str
    title: str
    rank: int
    width: int
    is_left: bool = False
    sorts: bool = True


COLUMNS: Final = (
    Column("layer", "layer", 0, 6, is_left=True),
    Column("kind", "kind", 7, 4, is_left=True),
    Column("shape", "shape", 6, 5, is_left=True, sorts=False),
    Column("parameters", "params", 5, 6),
    Column("grad_norm", "‖grad‖", 1, 8),
    Column("weight_norm", "‖weight‖", 4, 8),
    Column("update_ratio", "log₁₀ Δ/w", 2, 6 + _GAUGE_CELLS[0], is_left=True),
    Column("weights", "weights", 3, TINY_CELLS, is_left=True, sorts=False),
    Column("dead_share", "dead", 8, 5),
    Column("saturated_share", "satur.", 9, 6),
)
_BY_KEY: Final = {column.key: column for column in COLUMNS}
SORTED_BY: Final = ("grad_norm", "update_ratio", "weight_norm", "dead_share", "parameters")


@final
@dataclass(frozen=True, slots=True)
class Order:
    """How rows are ordered: by a column, largest or smallest first; without one as they are called."""

    key: str = ""
    is_descending: bool = True

    def next(self) -> "Order":
        """The next one of all that a key goes through: each column down, then up, then none."""
        if not self.key:
            return Order(SORTED_BY[0])
        if self.is_descending:
            return Order(self.key, is_descending=False)
        place = SORTED_BY.index(self.key) + 1 if self.key in SORTED_BY else 0
        return Order(SORTED_BY[place]) if place < len(SORTED_BY) else Order()

    def by(self, key: str) -> "Order":
        """A click on a head: by that column, the other way round if it is by that one already."""
        if key not in _BY_KEY or not _BY_KEY[key].sorts:
            return self
        return Order(key, not self.is_descending) if key == self.key else Order(key)

    @property
    def words(self) -> str:
        """How a person would say it."""
        if not self.key:
            return "forward order"
        return f"{_BY_KEY[self.key].title} {'largest' if self.is_descending else 'smallest'} first"


def in_order(
    readings: Sequence[LayerReading], infos: Mapping[str, LayerInfo], order: Order
) -> Sequence[LayerReading]:
    """The rows in an order. What is not finite counts as beyond every number, what is missing comes last."""
    if not order.key:
        return readings
    sign = -1.0 if order.is_descending else 1.0

    def key(one: LayerReading) -> tuple[int, float, str]:
        value = _value(order.key, one, infos.get(one.name))
        if value is None:
            return 1, 0.0, ""
        if isinstance(value, str):
            return 0, 0.0, value
        return 0, sign * (value if math.isfinite(value) else math.inf), ""

    if order.key in ("layer", "kind") and order.is_descending:
        return sorted(readings, key=key, reverse=True)
    return sorted(readings, key=key)


def chosen_columns(
    width: int,
    readings: Sequence[LayerReading],
    infos: Mapping[str, LayerInfo],
    gap: int,
    without: frozenset[str] = frozenset(),
) -> dict[str, int]:
    """Widths of the columns that fit, in their order; room that is left goes to the gauge."""
    wanted = {column.key: column.width for column in COLUMNS}
    wanted["layer"] = min(max([wanted["layer"], *(len(one.name) for one in readings)]), 24)
    some = [info for one in readings[:200] if (info := infos.get(one.name)) is not None]
    wanted["kind"] = min(max([wanted["kind"], *(len(info.kind) for info in some)]), 12)
    wanted["shape"] = min(max([wanted["shape"], *(len(_shape(info)) for info in some)]), 12)
    if all(one.saturated_share is None for one in readings):
        del wanted["saturated_share"]
    for key in without:
        wanted.pop(key, None)
    room = width - 2
    fitting: set[str] = set()
    for column in sorted(COLUMNS, key=lambda one: one.rank):
        size = wanted.get(column.key, width)
        if size + gap <= room:
            fitting.add(column.key)
            room -= size + gap
    chosen = {column.key: wanted[column.key] for column in COLUMNS if column.key in fitting}
    if "update_ratio" in chosen:
        chosen["update_ratio"] += max(min(room, _GAUGE_CELLS[1] - _GAUGE_CELLS[0]), 0)
    return chosen


def head(
    columns: Mapping[str, int], order: Order, gap: int, click: Callable[[str], str] | None
) -> list[Part]:
    """The titles; that of the column that orders the rows stands out and says which way."""
    parts: list[Part] = ["  "]
    for key, size in columns.items():
        column = _BY_KEY[key]
        title = column.title
        style = "dim"
        if key == order.key:
            title, style = f"{title}{'↓' if order.is_descending else '↑'}", "key"
            title = title if len(title) <= size else f"{title[: size - 1]}{title[-1]}"
        text = f"{title:<{size}}" if column.is_left else f"{title:>{size}}"
        text = text[:size]
        parts.append((text, style, click(key)) if click is not None and column.sorts else (text, style))
        parts.append(" " * gap)
    return parts


def cell(key: str, size: int, one: LayerReading, info: LayerInfo | None, tiny: tuple[str, str]) -> list[Part]:
    """What stands in a cell, in exactly `size` cells."""
    if key == "update_ratio":
        return gauge(one.update_ratio, size - 6)
    if key == "weights":
        return [(f"{tiny[0]:<{size}}"[:size], tiny[1])]
    text, style = _text(key, one, info)
    if len(text) > size:
        text = f"{text[: size - 1]}…"
    return [(f"{text:<{size}}" if _BY_KEY[key].is_left else f"{text:>{size}}", style)]


def _text(key: str, one: LayerReading, info: LayerInfo | None) -> tuple[str, str]:
    match key:
        case "layer":
            return one.name, "bold"
        case "kind":
            return (info.kind if info else ""), "dim"
        case "shape":
            return (_shape(info) if info else ""), "dim"
        case "parameters":
            return (brief(info.parameters) if info else ""), "dim"
        case "grad_norm":
            return compact(one.grad_norm), _norm_style(one.grad_norm)
        case "weight_norm":
            bad = one.weight_norm is not None and not math.isfinite(one.weight_norm)
            return compact(one.weight_norm), "bad" if bad else ""
        case "dead_share":
            return _portion(one.dead_share)
        case _:
            return _portion(one.saturated_share)


def _value(key: str, one: LayerReading, info: LayerInfo | None) -> Value:
    if key == "layer":
        return one.name
    if key == "kind":
        return info.kind if info else None
    if key == "parameters":
        return info.parameters if info else None
    value: float | None = getattr(one, key)
    return value


def _shape(info: LayerInfo) -> str:
    return "×".join(map(str, info.output_shape))


def compact(value: float | None) -> str:
    """A norm in at most eight characters, of any size."""
    if value is None or not math.isfinite(value) or value == 0 or 1e-3 <= abs(value) < 1e4:
        return number(value, 3)
    return scientific(value, 1)


def _norm_style(value: float | None) -> str:
    if value is None:
        return "dim"
    # Under 1e-6 hardly anything moves: that is what a vanished gradient looks like.
    return "bad" if not math.isfinite(value) else "warn" if value < 1e-6 else "bold"


def _portion(value: float | None) -> tuple[str, str]:
    if value is None:
        return number(None), "dim"
    return share(value, 0), "warn" if value >= _MUCH_DEAD else "" if value > 0 else "dim"


def gauge(ratio: float | None, size: int) -> list[Part]:
    """The ratio's logarithm as a number and as a place on a scale of `size` cells with the healthy band."""
    scale = _scale(size)
    if ratio is None:
        return [(f"{number(None):>5} ", "dim"), (scale, "dim")]
    if not math.isfinite(ratio) or ratio <= 0:
        text, style = ("none", "warn") if ratio == 0 else (number(ratio), "bad")
        return [(f"{text:>5} ", style), (scale, "dim")]
    log10 = math.log10(ratio)
    low, high = HEALTHY_LOG10
    style = "good" if low <= log10 <= high else "warn"
    place = (log10 - _GAUGE_FROM) / (_GAUGE_TO - _GAUGE_FROM)
    at = min(max(round(place * (size - 1)), 0), size - 1)
    return [
        (f"{log10:5.1f} " if log10 > -100 else f"{log10:5.0f} ", style),
        (scale[:at], "dim"),
        ("●", style),
        (scale[at + 1 :], "dim"),
    ]


def _scale(size: int) -> str:
    step = (_GAUGE_TO - _GAUGE_FROM) / max(size - 1, 1)
    low, high = HEALTHY_LOG10
    return "".join(
        "━" if low - step / 4 <= _GAUGE_FROM + at * step <= high + step / 4 else "·" for at in range(size)
    )
