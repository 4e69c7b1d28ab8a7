"""Finds the text of a class or function by its dotted name, without importing the library that it is in."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_STATEMENT: Final = re.compile(r"(?:@|class |def |async def |[A-Za-z_\"'])")
_MOST_STEPS: Final = 12
"""How many modules an import may lead through."""


@final
@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a source file; `first_line` counts from 1."""

    title: str
    path: str
    first_line: int
    text: str


@final
class SourceNotFoundError(Exception):
    """There is no such text here, with the reason in words."""


def find_passage(source: str) -> Passage:
    """The text that a component's `source` names: a class or function of a library such as torch.

    Only what comes before the first character that no dotted name has counts: `torch.nn.Linear, repeated`.

    Raises:
        SourceNotFoundError: if it names no library, or the library or the file is not here.
    """
    matched = _DOTTED.match(source)
    if matched is None:
        raise SourceNotFoundError(f"it is not taken from a library but {source or 'written here'}")
    root, *names = matched.group().split(".")
    folder = _folder_of(root)
    if folder is None:
        raise SourceNotFoundError(f"{root} is not installed where this screen runs")
    found = _in_package(folder, names, _MOST_STEPS)
    if found is None:
        raise SourceNotFoundError(f"{matched.group()} was not found below {folder}")
    path, text, first_line = found
    return Passage(matched.group(), str(path), first_line, text)


def _folder_of(root: str) -> Path | None:
    # Finding a top-level name imports nothing; finding one below it would import its parents.
    spec = importlib.util.find_spec(root)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


_Found = tuple[Path, str, int]


def _in_package(folder: Path, names: list[str], steps: int) -> _Found | None:
    """Look for names below a package: in its subpackages, its modules and what its `__init__` imports."""
    head, rest = names[0], names[1:]
    if rest and (folder / head / "__init__.py").is_file():
        return _in_package(folder / head, rest, steps)
    if rest and (folder / f"{head}.py").is_file():
        return _in_module(folder / f"{head}.py", rest, steps)
    return _in_module(folder / "__init__.py", names, steps)


def _in_module(path: Path, names: list[str], steps: int) -> _Found | None:
    if steps <= 0 or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    found = definition(text, names[0])
    if found is not None:
        return _inside(path, *found, names[1:])
    if names[0] not in text and "import *" not in text:
        return None
    for module, name in _imports(path, text, names[0]):
        wanted = [name, *names[1:]]
        if module.is_dir():
            inner = _in_package(module, wanted, steps - 1)
        else:
            inner = _in_module(module, wanted, steps - 1)
        if inner is not None:
            return inner
    return None


def _inside(path: Path, text: str, first_line: int, names: list[str]) -> _Found | None:
    """A method of a class that was found; the class itself where there is nothing more to look for."""
    if not names:
        return path, text, first_line
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == names[0] and node.end_lineno:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            return path, "\n".join(lines[first - 1 : node.end_lineno]), first_line + first - 1
    return None


def definition(text: str, name: str) -> tuple[str, int] | None:
    """A class or function at the top level of a file: its text and its first line; the last of several.

    Large files are not parsed: torch's `functional` alone would take a fifth of a second.
    """
    matches = list(re.finditer(rf"^(?:class|def|async def) {re.escape(name)}\b", text, re.MULTILINE))
    if not matches:
        return None
    lines = text.splitlines()
    start = text.count("\n", 0, matches[-1].start())
    end = _next_statement(lines, start)
    # A text in quotes may reach out to the margin.
    while end < len(lines) and not _is_whole(lines[start:end]):
        end = _next_statement(lines, end)
    first = _first_decorator(lines, start)
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "\n".join(lines[first:end]), first + 1


def _next_statement(lines: list[str], line: int) -> int:
    """The first line after one that looks as if a statement began there."""
    line += 1
    while line < len(lines) and not _STATEMENT.match(lines[line]):
        line += 1
    return line


def _is_whole(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


def _first_decorator(lines: list[str], start: int) -> int:
    """The line on which the decorators of a definition begin; a decorator may go over several lines."""
    first = start
    while True:
        above = first - 1
        while above >= 0 and not _STATEMENT.match(lines[above]):
            above -= 1
        if above < 0 or not lines[above].startswith("@"):
            return first
        first = above


def _imports(path: Path, text: str, name: str) -> Iterator[tuple[Path, str]]:
    """Where a module has a name from: files or folders, and what it is called there; stars come last."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    stars: list[Path] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = _module_path(path, node)
        if module is None:
            continue
        for alias in node.names:
            if alias.name == "*":
                stars.append(module)
            elif (alias.asname or alias.name) == name:
                yield module, alias.name
    yield from ((module, name) for module in stars)


def _module_path(path: Path, node: ast.ImportFrom) -> Path | None:
    """The file or folder that is imported from."""
    parts = (node.module or "").split(".") if node.module else []
    if node.level:
        base = path.parent
        for _ in range(node.level - 1):
            base = base.parent
    else:
        folder = next((one for one in path.parents if one.name == parts[0]), None)
        if folder is None:
            return None
        base, parts = folder, parts[1:]
    place = base.joinpath(*parts)
    if (place / "__init__.py").is_file():
        return place
    file = place.with_suffix(".py") if parts else place / "__init__.py"
    return file if file.is_file() else None
