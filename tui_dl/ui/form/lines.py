"""How a form looks: the components on the left, their settings on the right, words about the chosen below."""

from typing import Final, Literal

from rich.segment import Segment
from rich.style import Style

from tui_dl.spec.catalogue import FieldInfo
from tui_dl.ui.form.nudges import step_words
from tui_dl.ui.form.state import LIST, FormState
from tui_dl.ui.form.text_field import shown
from tui_dl.ui.ink import Line, Part, cells, fitted, wrapped
from tui_dl.ui.proposal import fields_at, to_text

_SIDE_BY_SIDE: Final = 64
"""From this width on the list stands beside the settings, below it above them."""
_EXPLAINED_ROWS: Final = 2
_VALUE_CELLS: Final = 14
_LONGEST_VALUE: Final = 30
_UNDERLINED: Final = Style(underline=True)
_CARET: Final = Style(reverse=True)
Mark = Literal["", "edited", "other"]


def rows_wanted(state: FormState, width: int) -> int:
    """How high the form wants to be, whichever of its components is looked at."""
    names = len(state.names) + 1 if state.names else 0
    most = _most_settings(state)
    body = max(names, most, 1) if width >= _SIDE_BY_SIDE else names + most
    return body + 2 + 1 + 1 + _EXPLAINED_ROWS + 1


def _most_settings(state: FormState) -> int:
    """How many settings the component with the most of them has: nothing moves when another is looked at."""
    if not state.names:
        return len(state.fields)
    return max(max(len(fields_at(state.path, name)) for name in state.names), 1)


def form_lines(state: FormState, width: int, height: int) -> list[Line]:
    """The form in exactly `height` lines."""
    summary = _limited(wrapped(state.summary(), width), 2 if height > 12 else 1)
    head: list[Line] = [[(line, "info")] for line in summary]
    tail = [*_explained(state, width), _verdict(state, width)]
    if height >= len(head) + len(tail) + 6:
        head, tail = [*head, ()], [(), *tail]
    room = max(height - len(head) - len(tail), 2)
    if not state.names:
        body = _field_rows(state, width, room)
    elif width >= _SIDE_BY_SIDE:
        body = _beside(state, width, room)
    else:
        above = min(len(state.names) + 1, max(room - _most_settings(state), room // 2, 2))
        body = _name_rows(state, width, above)
        body += _field_rows(state, width, room - len(body))
    body += [()] * (room - len(body))
    return [*head, *body, *tail][:height]


# -- the list of components ------------------------------------------------------------------------------


def _beside(state: FormState, width: int, rows: int) -> list[Line]:
    left = max(max(len(name) for name in state.names) + 5, 16)
    names = _name_rows(state, left, rows)
    fields = _field_rows(state, width - left - 1, rows)
    lines: list[Line] = []
    for place in range(max(len(names), len(fields))):
        name = list(names[place]) if place < len(names) else []
        gap = " " * (left + 1 - cells(name))
        lines.append([*name, gap, *(fields[place] if place < len(fields) else ())])
    return lines


def _name_rows(state: FormState, width: int, rows: int) -> list[Line]:
    is_here = state.place == LIST
    searched: Line = (
        [(" / ", "key"), (state.search, "bold"), Segment(" ", _CARET)]
        if state.search
        else [(fitted(" type to search" if is_here else "", width), "dim")]
    )
    found = state.found
    if not found:
        return [searched, [(fitted(" none found", width), "warn")]]
    chosen = found.index(state.name) if state.name in found else 0
    lines = [searched]
    for name in _window(found, chosen, rows - 1):
        mark = "●" if state.stands(name) else " "
        click = f"screen.pick_name('{name}')"
        is_chosen = name == state.name
        style = "chosen" if is_chosen and is_here else "bold" if is_chosen else ""
        lines.append(
            [("▸" if is_chosen else " ", "key"), (mark, "good"), (f" {name} ", style, click)],
        )
    return lines


# -- the settings ----------------------------------------------------------------------------------------


def _field_rows(state: FormState, width: int, rows: int) -> list[Line]:
    fields = state.fields
    if not fields:
        return [[("no settings", "dim")]]
    # Short names are not pushed aside by one very long one.
    label = min(max(len(field.name) for field in fields), max(width - _VALUE_CELLS - 14, 10))
    longest = max(len(field.text) for field in state.texts.values())
    value = max(min(longest + 2, _LONGEST_VALUE, width - label - 3), min(_VALUE_CELLS, width - label - 3))
    first = _first_shown(len(fields), max(state.place, 0), rows)
    return [
        _field_row(state, place, label, value, width)
        for place in range(first, min(first + rows, len(fields)))
    ]


def _field_row(state: FormState, place: int, label: int, value: int, width: int) -> Line:
    field = state.fields[place]
    is_here = state.place == place
    is_wrong = field.name in state.problems
    mark = _mark(state, field)
    click = f"screen.pick_field({place})"
    name_style = "bad" if is_wrong else "bold" if is_here or mark == "edited" else ""
    row: list[Part] = [
        ("▸" if is_here else " ", "key"),
        ("✗" if is_wrong else "*" if mark == "edited" else "•" if mark == "other" else " ",
         "bad" if is_wrong else "key"),
        (fitted(field.name, label) + " ", name_style, click),
    ]  # fmt: skip
    row += _value(state, field, place, value)
    note, style = _note(state, field)
    room = width - label - value - 4
    return [*row, (" " + fitted(note, room), style)] if room >= 4 else row


def _value(state: FormState, field: FieldInfo, place: int, width: int) -> list[Part]:
    text = state.texts[field.name]
    is_here = state.place == place
    click = f"screen.pick_field({place})"
    if state.choices(field):
        word = fitted(text.text, min(max(len(one) for one in state.choices(field)), max(width - 4, 1)))
        parts: list[Part] = [
            ("< ", "key" if is_here else "dim", f"screen.turn({place}, -1)"),
            (word, "chosen" if is_here else "bold", click),
            (" >", "key" if is_here else "dim", f"screen.turn({place}, 1)"),
        ]
        return [*parts, " " * max(width - cells(parts), 0)]
    if not is_here:
        return [(fitted(text.text, width), "bold", click)]
    if text.is_fresh:
        # What is typed now replaces all of it.
        chosen = text.text[: width - 1]
        rest = " " * (width - len(chosen) - 1)
        return [(chosen, "chosen"), Segment(" ", _CARET), Segment(rest, _UNDERLINED)]
    before, at, after = shown(text, width)
    rest = " " * (width - len(before) - len(at) - len(after))
    return [Segment(before, _UNDERLINED), Segment(at, _CARET), Segment(after + rest, _UNDERLINED)]


def _mark(state: FormState, field: FieldInfo) -> Mark:
    text = state.texts[field.name].text.strip()
    running = state.running(field)
    default = to_text(field.default)
    if text != (default if running is None else running):
        return "edited"
    return "other" if text != default else ""


def _note(state: FormState, field: FieldInfo) -> tuple[str, str]:
    if field.name in state.problems:
        return state.problems[field.name], "bad"
    words = [field.unit] if field.unit else []
    running = state.running(field)
    mark = _mark(state, field)
    if mark == "edited" and running is not None:
        words.append(f"now {running or 'empty'}")
    if mark and field.default is not None and to_text(field.default) != running:
        words.append(f"default {to_text(field.default) or 'empty'}")
    if not mark and not words and field.bounds and field.type not in ("bool", "choice", "component"):
        words.append(field.bounds)
    return " · ".join(words), "dim"


# -- words below -----------------------------------------------------------------------------------------


def _explained(state: FormState, width: int) -> list[Line]:
    field = state.field
    if "" in state.problems:
        text, style = f"✗ {state.problems['']}", "bad"
    elif field is None:
        text, style = _about_component(state), "dim"
    elif field.name in state.problems:
        text, style = f"✗ {field.name} {state.problems[field.name]}", "bad"
    else:
        text, style = f"{field.name}: {help_of(field)}", "dim"
    lines: list[Line] = [[(line, style)] for line in _limited(wrapped(text, width), _EXPLAINED_ROWS)]
    return lines + [()] * (_EXPLAINED_ROWS - len(lines))


def _about_component(state: FormState) -> str:
    component = state.component
    source = "" if component is None else component.source
    runs = "● runs now" if state.stands(state.name) else "does not run now"
    return f"{runs} · from {source}, F2 shows it" if source else f"{runs} · F2 shows its source"


def help_of(field: FieldInfo) -> str:
    """What a setting is for, what is allowed, its default, and what Ctrl with an arrow does to it."""
    parts = [field.help]
    if field.type == "bool":
        parts.append("yes or no")
    elif field.bounds:
        parts.append(field.bounds)
    if field.default is not None:
        parts.append(f"default {to_text(field.default) or 'none'}")
    if field.type in ("int", "float"):
        parts.append(f"Ctrl+↑↓ {step_words(field)}")
    return " · ".join(part for part in parts if part)


def _verdict(state: FormState, width: int) -> Line:
    count = len(state.problems)
    if "" in state.problems:
        return [("✗ not possible together with the rest of what runs", "bad")]
    if count:
        names = ", ".join(state.problems)
        return [("✗ " + fitted(f"not possible: {names}", width - 2), "bad")]
    if not state.change:
        return [("This is what runs now.", "dim")]
    if state.is_fresh_start:
        text = " asks first: this starts over at step 0, with new weights."
        if len(text) + 5 > width:
            text = " asks first: this starts over at step 0."
        return [("Enter", "key", "screen.go_on"), (fitted(text, width - 5), "warn")]
    text = " shows what will be kept and reset, before anything happens."
    if len(text) + 5 > width:
        text = " shows what will be kept and reset."
    return [("Enter", "key", "screen.go_on"), (fitted(text, width - 5), "good")]


def _limited(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}…"]


def _window(items: tuple[str, ...], chosen: int, rows: int) -> tuple[str, ...]:
    first = _first_shown(len(items), chosen, rows)
    return items[first : first + max(rows, 0)]


def _first_shown(count: int, chosen: int, rows: int) -> int:
    """The first of `count` items of which `rows` are shown, so that the chosen one is among them."""
    return max(min(chosen - rows // 2, count - rows), 0)
