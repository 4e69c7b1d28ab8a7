"""Samples of an image task, the worst first: the picture in half-blocks, true and predicted class below."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.numerals import share
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.theme import Palette, nearest_256, palette_of
from tui_dl.wire.snapshots import SamplesView, SampleView

GREYS: Final = 8
_TEXTURE: Final = " .:-=+*#"
_GAP: Final = 2


class SamplesPanel(LinePanel):
    """A grid of pictures, as many as fit."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A head, then rows of pictures with captions."""
        view = self.model.task_view
        if not isinstance(view, SamplesView):
            return []
        return sample_lines(view, width, height, palette_of(self.app))


def sample_lines(view: SamplesView, width: int, height: int, palette: Palette) -> list[Line]:
    """The grid as lines."""
    lines: list[Line] = [[(" samples ", "title"), ("worst first: true→predicted, p(true)", "dim")]]
    cell = max(view.width, 9) + _GAP
    across = max((width - 1) // cell, 1)
    tall = (view.height + 1) // 2 + 1
    room = max((height - 1) // tall, 1)
    for first in range(0, min(len(view.samples), across * room), across):
        shown = view.samples[first : first + across]
        pictures = [_picture(sample, view, palette) for sample in shown]
        for row in range(tall - 1):
            line: list[Part] = [" "]
            for picture in pictures:
                line += [*picture[row], " " * (cell - view.width)]
            lines.append(line)
        captions: list[Part] = [" "]
        for sample in shown:
            style = "good" if sample.true_class == sample.predicted_class else "bad"
            names = f"{_name(view, sample.true_class)}→{_name(view, sample.predicted_class)}"
            captions.append((fitted(f"{names} {share(sample.probability, 0)}", cell - 1) + " ", style))
        lines.append(captions)
    return lines


def _name(view: SamplesView, label: int) -> str:
    return view.class_names[label][:3] if 0 <= label < len(view.class_names) else str(label)


def _picture(sample: SampleView, view: SamplesView, palette: Palette) -> list[list[Segment]]:
    levels = (
        np.frombuffer(sample.pixels, np.uint8).reshape(view.height, view.width).astype(np.int64)
        * GREYS
        // 256
    )
    if view.height % 2:
        levels = np.vstack([levels, np.zeros((1, view.width), dtype=np.int64)])
    return [
        [
            _pixel(palette, int(top), int(bottom))
            for top, bottom in zip(levels[row], levels[row + 1], strict=True)
        ]
        for row in range(0, levels.shape[0], 2)
    ]


@lru_cache(maxsize=1024)
def _pixel(palette: Palette, top: int, bottom: int) -> Segment:
    upper, lower = grey(palette, top), grey(palette, bottom)
    if upper is None or lower is None:
        return Segment(_TEXTURE[(top + bottom) // 2 * (len(_TEXTURE) - 1) // (GREYS - 1)], Style())
    if upper == lower:
        return Segment(" ", Style(bgcolor=lower))
    return Segment("▀", Style(color=upper, bgcolor=lower))


@lru_cache(maxsize=64)
def grey(palette: Palette, level: int) -> Color | None:
    """A grey from the ground to the text's colour; None where there is no colour."""
    if palette.depth == "none":
        return None
    if palette.depth == "16":
        names = ("black", "bright_black", "white", "bright_white")
        return Color.parse(names[level * len(names) // GREYS])
    value = round(18 + level * (255 - 18) / (GREYS - 1))
    if palette.depth == "truecolor":
        return Color.from_rgb(value, value, value)
    return Color.from_ansi(nearest_256((value, value, value)))
