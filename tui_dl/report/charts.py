"""The one place that knows plotext: curves with marks as text, for a plain terminal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotext


@dataclass(frozen=True)
class Curve:
    """Points of one series; what is not finite is left out, as a gap."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Chart:
    """One chart; ``marks`` are x positions of changes."""

    title: str
    curves: tuple[Curve, ...]
    marks: tuple[float, ...] = ()
    logarithmic: bool = False


def draw(chart: Chart, *, columns: int, rows: int, colour: bool) -> str:
    """The chart as lines of text. A logarithmic one leaves out what is not positive."""
    curves = [_drawable(curve, chart.logarithmic) for curve in chart.curves]
    curves = [curve for curve in curves if curve.x]
    if not curves:
        return f"{chart.title}: nothing finite to draw"
    figure = plotext.figure
    # The figure is the library's one global: nothing may be left to the next chart.
    figure.clear()
    figure.plot_size(columns, rows)
    figure.title(chart.title)
    # A log axis of one single value fails: the library widens it to below zero.
    if chart.logarithmic and len({y for curve in curves for y in curve.y}) > 1:
        figure.ruler("y", "left").scale("log")
    for curve in curves:
        signal = figure.signal(list(curve.x), list(curve.y), marker="braille").lines()
        signal.label(curve.label)
        figure.draw(signal)
    for mark in chart.marks:
        figure.line(mark, "vertical", style="dotted")
    figure.legend(x=2, y=1)
    text = str(figure.build().string(colorless=not colour))
    figure.clear()
    return text.rstrip("\n")


def _drawable(curve: Curve, logarithmic: bool) -> Curve:
    points = [
        (x, y)
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(y) and (y > 0 or not logarithmic)
    ]
    return Curve(curve.label, [x for x, _ in points], [y for _, y in points])
