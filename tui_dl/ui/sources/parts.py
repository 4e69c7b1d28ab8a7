"""The parts of an experiment whose source can be looked at, and all passages that belong to one."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, final

import tui_dl
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import family_of
from tui_dl.ui.sources.locate import Passage, SourceNotFoundError, definition, find_passage

_BUILDERS: Final = ("components", "engine", "spec")
"""The folders of this program in which a Struct is turned into something that computes."""


@final
@dataclass(frozen=True, slots=True)
class SourcePart:
    """A component whose source can be shown."""

    label: str
    component: type[Component]


def part_of_class(component: type[Component]) -> SourcePart:
    """A component of the catalogue."""
    return SourcePart(f"{family_of(component)} {component_name(component)}", component)


def parts_of(experiment: Experiment) -> list[SourcePart]:
    """All components that an experiment is made of, in the order of the ingredients."""
    model = experiment.model
    found: list[Component] = [experiment.data, model]
    found += [part for name in ("activation", "init") if (part := getattr(model, name, None)) is not None]
    found += [experiment.loss, experiment.optimizer, experiment.schedule, *experiment.regularizers]
    return [part_of_class(type(one)) for one in found]


@cache
def passages_of(component: type[Component]) -> tuple[Passage | SourceNotFoundError, ...]:
    """The library's source, what builds it here, and the Struct that declares it; or why there is none."""
    try:
        first: Passage | SourceNotFoundError = find_passage(component.source)
    except (SourceNotFoundError, OSError) as error:
        first = error if isinstance(error, SourceNotFoundError) else SourceNotFoundError(str(error))
    return (first, *_built_by(component), _declared(component))


def _declared(component: type[Component]) -> Passage | SourceNotFoundError:
    module = sys.modules[component.__module__]
    path = Path(module.__file__ or "")
    found = definition(path.read_text(encoding="utf-8"), component.__name__) if path.is_file() else None
    if found is None:
        return SourceNotFoundError("its declaration is not here as a file")
    return Passage("its settings", str(path), found[1], found[0])


def _built_by(component: type[Component]) -> list[Passage]:
    """What is made of it: every function of the engine's side that names it, a file each."""
    root = Path(tui_dl.__file__).parent
    # What knows foreign parts by the catalogue's names builds nothing.
    files = sorted(
        path
        for folder in _BUILDERS
        for path in (root / folder).rglob("*.py")
        if not path.name.startswith("foreign")
    )
    passages: list[Passage] = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        token = _token_for(component, text)
        if token is None or token not in text:
            continue
        pieces = list(_functions_with(text, token))
        body = "\n\n\n".join(piece for piece, _ in pieces)
        # Beside declarations, what is not registered for one only asks about it.
        if pieces and (not path.is_relative_to(root / "spec") or ".register" in body):
            passages.append(Passage(f"{path.parent.name}/{path.name}", str(path), pieces[0][1], body))
    return sorted(passages, key=lambda passage: ".register" not in passage.text)


def _token_for(component: type[Component], text: str) -> str | None:
    """What a file calls a component; None if it does not import it."""
    # A family is a module of `tui_dl.spec`, or a package of several.
    module = component.__module__.split(".")[2]
    alias = re.search(rf"from tui_dl\.spec import {module}(?: as (\w+))?$", text, re.MULTILINE)
    if alias is not None:
        return f"{alias.group(1) or module}.{component.__name__}"
    direct = re.search(rf"from tui_dl\.spec\.{module}(?:\.\w+)? import [^\n]*\b{component.__name__}\b", text)
    return component.__name__ if direct is not None else None


def _functions_with(text: str, token: str) -> Iterator[tuple[str, int]]:
    """The innermost functions in which a name occurs: text and first line of each."""
    wanted = re.compile(rf"(?<![\w.]){re.escape(token)}\b")
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    spans = sorted(
        (min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.end_lineno or node.lineno)
        for node in functions
    )
    named = [number for number, line in enumerate(lines, start=1) if wanted.search(line)]
    found = {max((span for span in spans if span[0] <= number <= span[1]), default=None) for number in named}
    for first, last in sorted(span for span in found if span is not None):
        yield "\n".join(lines[first - 1 : last]), first
