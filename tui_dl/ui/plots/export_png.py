"""A picture as PNG, drawn by Pillow, which is loaded for this alone."""

import io
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tui_dl.ui.plots.export_picture import Disc, Picture, Point, Rgb, Stroke, Words

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

PIXELS_PER_POINT: Final = 2
# Drawn so much larger and reduced: Pillow's lines have no soft edges of their own.
_OVERSIZE: Final = 2
_SCALE: Final = PIXELS_PER_POINT * _OVERSIZE
_ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}
# Pillow's own font has Latin letters only, and boxes for all others.
_LATIN: Final = str.maketrans({"→": "->", "×": "x", "…": "...", "≥": ">=", "≤": "<="})
_PAPER: Final = 255


def png_of(picture: Picture, title: str) -> bytes:
    """The whole file, two pixels a point, with the title as its description."""
    from PIL import Image, ImageDraw
    from PIL.PngImagePlugin import PngInfo

    large = Image.new("RGB", (picture.width * _SCALE, picture.height * _SCALE), (_PAPER,) * 3)
    pen = ImageDraw.Draw(large)
    for shape in picture.shapes:
        match shape:
            case Stroke():
                _draw_stroke(pen, shape)
            case Disc((x, y), radius, colour):
                pen.circle((x * _SCALE, y * _SCALE), radius * _SCALE, fill=colour)
            case Words():
                _draw_words(pen, shape)
    size = (picture.width * PIXELS_PER_POINT, picture.height * PIXELS_PER_POINT)
    described = PngInfo()
    described.add_itxt("Title", title)
    target = io.BytesIO()
    large.resize(size, Image.Resampling.BOX).save(target, "PNG", pnginfo=described)
    return target.getvalue()


def _draw_stroke(pen: "ImageDraw", stroke: Stroke) -> None:
    colour = _on_paper(stroke.colour, stroke.opacity)
    width = max(round(stroke.width * _SCALE), 1)
    for piece in _dashes(stroke.points, stroke.dash) if stroke.dash else (stroke.points,):
        points = [(x * _SCALE, y * _SCALE) for x, y in piece]
        if len(points) == 1:
            pen.circle(points[0], width / 2, fill=colour)
        else:
            pen.line(points, fill=colour, width=width, joint="curve")


def _draw_words(pen: "ImageDraw", words: Words) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(words.size * _SCALE)
    x, y = words.place
    text = words.text.translate(_LATIN)
    thickness = round(0.03 * words.size * _SCALE) if words.is_bold else 0
    pen.text(
        (x * _SCALE, y * _SCALE),
        text,
        fill=words.colour,
        font=font,
        anchor=_ANCHORS[words.anchor],
        stroke_width=thickness,
        stroke_fill=words.colour,
    )


def _on_paper(colour: Rgb, opacity: float) -> Rgb:
    red, green, blue = (round(_PAPER + (part - _PAPER) * opacity) for part in colour)
    return red, green, blue


def _dashes(points: tuple[Point, ...], dash: tuple[float, ...]) -> Iterator[tuple[Point, ...]]:
    """The pieces of a line that are drawn, each of at least two points."""
    piece: list[Point] = [points[0]]
    index, left = 0, dash[0]
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0)
        done = 0.0
        while length - done > left:
            done += left
            share = done / length
            corner = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
            if index % 2 == 0:
                yield (*piece, corner)
            index, piece = index + 1, [corner]
            left = dash[index % len(dash)]
        left -= length - done
        piece.append((x1, y1))
    if index % 2 == 0 and len(piece) > 1:
        yield tuple(piece)
