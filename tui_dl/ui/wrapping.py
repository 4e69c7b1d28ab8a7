"""Text laid out by cells, in which a Hangul syllable or an emoji takes two; loads no Textual."""

from rich.cells import cell_len, chop_cells, set_cell_size


def fitted(text: str, width: int) -> str:
    """The text in exactly `width` cells, cut with an ellipsis."""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    return set_cell_size(text, max(width - 1, 0)) + "…" if width > 0 else ""


def shortened(text: str, width: int) -> str:
    """The text in at most `width` cells, cut with an ellipsis."""
    return text if cell_len(text) <= width else fitted(text, width)


def wrapped(text: str, width: int) -> list[str]:
    """Words broken into lines of at most `width` cells; a longer word (a path, Hangul) goes over several."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        present = ""
        for word in paragraph.split():
            joined = f"{present} {word}" if present else word
            if cell_len(joined) <= width:
                present = joined
                continue
            if present:
                lines.append(present)
            *full, present = chop_cells(word, max(width, 1)) or [word]
            lines += full
        lines.append(present)
    return lines
