"""The layers, a row each: gradient and weight norm, update ratio against the healthy band, dead share."""

import math
from collections.abc import Sequence
from typing import ClassVar, Final

from tui_dl.ui.ink import Line, Part, cells, fitted
from tui_dl.ui.numerals import brief, number, scientific, share
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.messages import LayerInfo
from tui_dl.wire.snapshots import LayerReading, LayersRead

# The rule of thumb for the ratio of update to weight: about 10⁻³ at every layer, a factor of ten either way.
HEALTHY_LOG10: Final = (-4.0, -2.0)
_GAUGE_FROM, _GAUGE_TO = -8.0, 1.0
_GAUGE_CELLS = 19
_MUCH_DEAD = 0.4


class LayersPanel(LinePanel):
    """A row a layer, in the order of the forward pass."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("layers", "experiment"))

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A head, the rows, and a line on what to look for."""
        infos = {info.name: info for info in self.model.layers}
        read = self.model.reading(LayersRead)
        if read is None and not infos:
            return [(), [("  The layers appear here once the model has been built.", "dim")]]
        readings = (
            read.layers if read is not None else tuple(LayerReading(info.name) for info in self.model.layers)
        )
        name_width = max((len(one.name) for one in readings), default=8)
        columns = _columns(width, max(min(name_width, 24), 8))
        lines: list[Line] = [_head(columns)]
        lines += [_row(one, infos.get(one.name), columns) for one in readings]
        if height > len(lines) + 2:
            lines += [(), *_legend(self.model, read, width)]
        return lines


def _columns(width: int, name_width: int) -> dict[str, int]:
    """Column widths; what does not fit is left out, the least important first."""
    wanted = {"layer": name_width, "‖grad‖": 9, "log₁₀ update/weight": 6 + _GAUGE_CELLS, "dead": 6,
              "‖weight‖": 9, "saturated": 9, "shape": 9, "params": 7, "kind": 8}  # fmt: skip
    chosen: dict[str, int] = {}
    room = width - 1
    for name, size in wanted.items():
        if size + 2 <= room:
            chosen[name] = size
            room -= size + 2
    order = (
        "layer",
        "kind",
        "shape",
        "params",
        "‖grad‖",
        "‖weight‖",
        "log₁₀ update/weight",
        "dead",
        "saturated",
    )
    return {name: chosen[name] for name in order if name in chosen}


def _head(columns: dict[str, int]) -> Line:
    left = {"layer", "kind", "shape", "log₁₀ update/weight"}
    return [
        " ",
        *(
            (f"{name:<{size}}  " if name in left else f"{name:>{size}}  ", "dim")
            for name, size in columns.items()
        ),
    ]


def _row(one: LayerReading, info: LayerInfo | None, columns: dict[str, int]) -> Line:
    parts: list[Part] = [" "]
    for column, size in columns.items():
        if column == "log₁₀ update/weight":
            parts += [*_gauge(one.update_ratio), "  "]
        else:
            text, style = _cell(column, one, info)
            left = column in ("layer", "kind", "shape")
            parts += [(fitted(text, size) if left else f"{text:>{size}}"[:size], style), "  "]
    return parts


def _cell(column: str, one: LayerReading, info: LayerInfo | None) -> tuple[str, str]:
    match column:
        case "layer":
            return one.name, "bold"
        case "kind":
            return (info.kind if info else ""), "dim"
        case "shape":
            return ("×".join(map(str, info.output_shape)) if info else ""), "dim"
        case "params":
            return (brief(info.parameters) if info else ""), "dim"
        case "‖grad‖":
            return compact(one.grad_norm), _norm_style(one.grad_norm)
        case "‖weight‖":
            return compact(one.weight_norm), ""
        case "dead":
            return _portion(one.dead_share)
        case _:
            return _portion(one.saturated_share)


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


def _gauge(ratio: float | None) -> list[Part]:
    """The ratio's logarithm as a number and as a place on a scale with the healthy band."""
    if ratio is None:
        return [(f"{number(None):>5} ", "dim"), (_scale(), "dim")]
    if not math.isfinite(ratio) or ratio <= 0:
        text, style = ("none", "warn") if ratio == 0 else (number(ratio), "bad")
        return [(f"{text:>5} ", style), (_scale(), "dim")]
    log10 = math.log10(ratio)
    low, high = HEALTHY_LOG10
    style = "good" if low <= log10 <= high else "warn"
    place = (log10 - _GAUGE_FROM) / (_GAUGE_TO - _GAUGE_FROM)
    cell = min(max(round(place * (_GAUGE_CELLS - 1)), 0), _GAUGE_CELLS - 1)
    scale = _scale()
    return [
        (f"{log10:5.1f} " if log10 > -100 else f"{log10:5.0f} ", style),
        (scale[:cell], "dim"),
        ("●", style),
        (scale[cell + 1 :], "dim"),
    ]


def _scale() -> str:
    step = (_GAUGE_TO - _GAUGE_FROM) / (_GAUGE_CELLS - 1)
    low, high = HEALTHY_LOG10
    return "".join("━" if low <= _GAUGE_FROM + cell * step <= high else "·" for cell in range(_GAUGE_CELLS))


def _legend(model: RunModel, read: LayersRead | None, width: int) -> list[Line]:
    healthy = " ━ healthy: an update moves a weight by about a thousandth (-3)"
    lines: list[Line] = [[(healthy if width > len(healthy) else " ━ healthy: about -3, a thousandth", "dim")]]
    if read is not None and read.grad_ratio is not None and len(read.layers) > 1:
        ratio, style = read.grad_ratio, "bold"
        if ratio < 1e-2:
            style, words = "warn", "it vanishes on its way down"
        elif ratio > 1e2:
            style, words = "warn", "it explodes on its way down"
        else:
            words = "comparable: all layers learn"
        line: Line = [(" gradient first/last layer ", "dim"), (compact(ratio), style)]
        spoken: Line = [*line, (f"  {words}", "dim")]
        lines.append(spoken if cells(spoken) < width else line)
    step = model.reading_step(LayersRead)
    if step is not None:
        lines.append([(f" measured at step {step:,}", "dim")])
    return [line for line in lines if width > 40]
