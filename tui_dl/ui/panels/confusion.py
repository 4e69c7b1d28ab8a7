"""Which classes are taken for which: counts by true and predicted class, with totals and recall."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final

from rich.segment import Segment
from rich.style import Style

from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.numerals import count, share
from tui_dl.ui.panels.judged import JudgedView, class_name, judged
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.theme import Palette, palette_of, text_on

_LEVELS: Final = 8
_MOST_LABEL: Final = 9
_RECALL: Final = 7
_TOTAL: Final = 7
_WIDEST_CELL: Final = 7
_LEAST_PAIRS: Final = 3
"""Rows that the list of what is confused most needs below a matrix."""


class ConfusionPanel(LinePanel):
    """Rows true, columns predicted. Where the matrix has no room, the pairs that are confused most."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The matrix as large as it fits."""
        view = judged(self.model.task_view)
        if view is None:
            return []
        return confusion_lines(view, width, height, palette_of(self.app))


def needed_width(view: JudgedView) -> int:
    """Cells across in which every count and the recall can be read; 0 without counts."""
    if not view.counts:
        return 0
    return _label_cells(view) + 1 + len(view.counts) * (_digits(view) + 1) + _RECALL


def confusion_lines(view: JudgedView, width: int, height: int, palette: Palette) -> list[Line]:
    """The panel at this size."""
    right = sum(row[place] for place, row in enumerate(view.counts) if place < len(row))
    total = sum(map(sum, view.counts))
    head: list[Part] = [(" confusion ", "title")]
    if total:
        head += [(f"{count(right)} of {count(total)} right ", "bold"), (share(right / total), "bold")]
        head.append((" validation" if width >= 48 else "", "dim"))
    if view.undecided:
        head.append((f" {count(view.undecided)} not finite", "bad"))
    label, cell = _label_cells(view), _digits(view) + 1
    classes = len(view.counts)
    room = width - label - 1
    if not classes:
        return [head, [(" too many classes for a matrix", "dim")]]
    if room < classes * cell or height < classes + 2:
        return [head, *_worst_pairs(view, width, height - 1)]
    has_recall = room >= classes * cell + _RECALL
    has_total = room >= classes * cell + _RECALL + _TOTAL
    room -= _RECALL * has_recall + _TOTAL * has_total
    cell = min(room // classes, _WIDEST_CELL)
    tall = 2 if height - 2 >= 2 * classes else 1
    names: list[Part] = [(fitted("true\\pred" if label >= 9 else "t\\p", label) + " ", "dim")]
    heads = _column_heads([class_name(view, place) for place in range(classes)], cell - 1)
    names += [(_centred(head, cell), "dim") for head in heads]
    names += [(f"{'recall':>{_RECALL}}", "dim")] * has_recall + [(f"{'total':>{_TOTAL}}", "dim")] * has_total
    lines: list[Line] = [head, names]
    for place, row in enumerate(view.counts):
        lines += _row(view, place, row, (label, cell, tall), palette, (has_recall, has_total))
    spare = height - len(lines) - 1
    return [*lines, (), *_worst_pairs(view, width, spare)] if spare >= _LEAST_PAIRS else lines


def _row(
    view: JudgedView,
    place: int,
    row: Sequence[int],
    size: tuple[int, int, int],
    palette: Palette,
    extra: tuple[bool, bool],
) -> list[Line]:
    label, cell, tall = size
    total = sum(row)
    line: list[Part] = [(f"{fitted(class_name(view, place), label)} ", "")]
    below: list[Part] = [" " * (label + 1)]
    for column, counted in enumerate(row):
        level = min(int(counted / total * _LEVELS), _LEVELS - 1) if total and counted else -1
        style = _cell_style(palette, level, column == place)
        text = str(counted) if counted else ("·" if column == place else "")
        line.append(Segment(_centred(text, cell), style))
        below.append(Segment(" " * cell, style))
    if extra[0]:
        recall = row[place] / total if total and place < len(row) else None
        weight = "bold" if recall is None or recall >= 0.5 else "warn"
        line.append((f"{share(recall, 0):>{_RECALL}}", weight))
    if extra[1]:
        line.append((f"{total:>{_TOTAL}}", "dim"))
    return [line, below] if tall == 2 else [line]


@lru_cache(maxsize=64)
def _cell_style(palette: Palette, level: int, is_right: bool) -> Style:
    """What is right is bold; what is confused is underlined too, so that it is told without colour."""
    emphasis = Style(bold=is_right or level >= 0, underline=level >= 0 and not is_right)
    if level < 0:
        return Style(dim=True) if palette.depth == "none" else Style()
    colour = palette.magnitude(_LEVELS)[level]
    return (Style() if colour is None else text_on(colour)) + emphasis


def _worst_pairs(view: JudgedView, width: int, height: int) -> list[Line]:
    """The cells off the diagonal with the largest counts, as words."""
    pairs = [
        (counted, true, said)
        for true, row in enumerate(view.counts)
        for said, counted in enumerate(row)
        if counted and said != true
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    if not pairs:
        return [[(" nothing is confused", "good" if any(map(any, view.counts)) else "dim")]]
    lines: list[Line] = [[(" confused most: true → predicted", "dim")]]
    names = max((width - 16) // 2, 3)
    for counted, true, said in pairs:
        words = f" {fitted(class_name(view, true), min(names, 14))} → "
        lines.append([words, fitted(class_name(view, said), min(names, 14)), (f" {counted:>5}", "bold")])
    return lines[: max(height, 1)]


def _label_cells(view: JudgedView) -> int:
    longest = max((len(name) for name in view.class_names), default=1)
    return min(max(longest, 3), _MOST_LABEL)


def _column_heads(names: Sequence[str], room: int) -> list[str]:
    """The names, without what all have in front where they would be cut off to that."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    common = "".join(letters[0] for letters in alike)
    if len(names) < 2 or not common or max(map(len, names)) <= room or common in names:
        return list(names)
    return [name.removeprefix(common) for name in names]


def _digits(view: JudgedView) -> int:
    return max((len(str(counted)) for row in view.counts for counted in row), default=1)


def _centred(text: str, cell: int) -> str:
    text = text[: max(cell - 1, 1)]
    left = (cell - len(text) + 1) // 2
    return " " * left + text + " " * (cell - len(text) - left)
