"""A picture as SVG: shapes and words, not cells of a terminal, that print sharp at any size."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from tui_dl.ui.plots.export_picture import Disc, Picture, Point, Rgb, Stroke, Words

_FONT = "Helvetica, Arial, 'Noto Sans CJK KR', sans-serif"


def svg_of(picture: Picture, title: str) -> bytes:
    """The whole file, in UTF-8; it refers to nothing outside of itself."""
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{_FONT}">',
        f"<title>{_text(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_elements(picture),
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _elements(picture: Picture) -> Iterator[str]:
    for shape in picture.shapes:
        match shape:
            case Stroke():
                yield _stroke(shape)
            case Disc((x, y), radius, colour):
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{_hex(colour)}"/>'
            case Words((x, y), text, size, colour, anchor, is_bold):
                weight = ' font-weight="bold"' if is_bold else ""
                yield (
                    f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{_hex(colour)}" '
                    f'text-anchor="{anchor}"{weight}>{_text(text)}</text>'
                )


def _stroke(stroke: Stroke) -> str:
    opacity = f' stroke-opacity="{stroke.opacity:g}"' if stroke.opacity < 1 else ""
    dash = f' stroke-dasharray="{" ".join(f"{part:g}" for part in stroke.dash)}"' if stroke.dash else ""
    return (
        f'<path d="{_path(stroke.points)}" fill="none" stroke="{_hex(stroke.colour)}" '
        f'stroke-width="{stroke.width:g}" stroke-linejoin="round" stroke-linecap="round"{opacity}{dash}/>'
    )


def _path(points: tuple[Point, ...]) -> str:
    # A line of one point is a dot: round caps draw it where it goes to itself.
    through = points if len(points) > 1 else points * 2
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in through)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _text(text: str) -> str:
    """Escaped, without what XML can't hold at all."""
    return escape("".join(character for character in text if character.isprintable()))
