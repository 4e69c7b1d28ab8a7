"""Presets and files: TOML <-> Experiment."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w
from msgspec import Struct

from tui_dl.errors import SpecError, UsageError
from tui_dl.spec.data.places import anchored
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.files import read_text
from tui_dl.spec.merge import merge, to_tree
from tui_dl.spec.plain_values import copied
from tui_dl.spec.translate import ENGLISH, headline
from tui_dl.spec.validate import experiment_from_tree
from tui_dl.spec.wording import listing, shown, suggestion

OVERRIDES_SOURCE = "--set"
_NO_OVERRIDES: Mapping[str, Any] = MappingProxyType({})


class PresetSummary(Struct, frozen=True):
    """What a list or picker shows of a preset.

    Attributes:
        name: what `load_preset` takes.
        title: its title; the name if it has none.
        summary: one or two sentences; what is wrong if the file is broken.
        path: where it lies.
    """

    name: str
    title: str
    summary: str
    path: str


def presets_folder() -> Path:
    """Where the shipped presets lie: inside the installed package, else at the top of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "presets"
    return installed if installed.is_dir() else package.parent / "presets"


def list_presets(language: str = ENGLISH) -> tuple[PresetSummary, ...]:
    """The shipped presets by name, in a language as far as each has it, else in English.

    Quick: nothing is validated, and a broken file only says so of itself.
    """
    return tuple(_summary(path, language) for path in sorted(presets_folder().glob("*.toml")))


def _summary(path: Path, language: str) -> PresetSummary:
    title, summary = "", ""
    try:
        title, summary = headline(parse_toml(read_text(path), source=path.name), language)
    except SpecError as error:
        summary = f"broken: {error}"
    return PresetSummary(path.stem, title or path.stem, summary, str(path))


def load_preset(name_or_path: str | Path, overrides: Mapping[str, Any] = _NO_OVERRIDES) -> Experiment:
    """Read an experiment.

    Args:
        name_or_path: the name of a shipped preset, or the path of a TOML file.
        overrides: dotted paths to values, laid over the file before it is checked.

    Raises:
        SpecError: for whatever is wrong with the file or the overrides.
        UsageError: if there is no such preset.
    """
    path = _locate(name_or_path)
    return from_toml(read_text(path), source=str(path), overrides=overrides, folder=path.parent)


def _locate(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, Path):
        return name_or_path
    names = {path.stem: path for path in sorted(presets_folder().glob("*.toml"))}
    if name_or_path in names:
        return names[name_or_path]
    path = Path(name_or_path).expanduser() if name_or_path.startswith("~/") else Path(name_or_path)
    if "/" in name_or_path or path.suffix == ".toml" or "\0" in name_or_path or path.is_file():
        return path
    raise UsageError(
        f"no preset is called {shown(name_or_path)}; there are {listing(names)}, "
        f"or give the path of a TOML file.{suggestion(name_or_path, names)}"
    )


def from_toml(
    text: str,
    source: str,
    overrides: Mapping[str, Any] = _NO_OVERRIDES,
    *,
    rehearse: bool = True,
    folder: Path | None = None,
) -> Experiment:
    """Read an experiment from TOML text.

    Args:
        text: TOML.
        source: where it comes from, named in errors.
        overrides: dotted paths to values, laid over it before it is checked.
        rehearse: check scripts, variants, scenes and expectations too (see `experiment_from_tree`).
        folder: from which the text's relative paths are seen; those of overrides are from where the user is.

    Raises:
        SpecError: for whatever is wrong with the text (said of `source`) or the overrides (said of `--set`).
    """
    tree = parse_toml(text, source)
    if folder is not None:
        tree = anchored(tree, folder)
    try:
        merged = tree
        if overrides:
            merged = anchored(_without_words_of_gone_scenes(tree, merge(tree, overrides)), Path.cwd())
    except SpecError as error:
        raise error.located(OVERRIDES_SOURCE) from None
    try:
        return experiment_from_tree(merged, rehearse=rehearse)
    except SpecError as error:
        blamed = OVERRIDES_SOURCE if overrides and _overrides_to_blame(tree, overrides, error) else source
        raise error.located(blamed) from None


def _without_words_of_gone_scenes(tree: Mapping[str, Any], merged: dict[str, Any]) -> dict[str, Any]:
    """An override that leaves fewer scenes than the file takes their translations along."""
    before, after = (each.get("scene", ()) for each in (tree, merged))
    lecture = merged.get("lecture")
    if not (isinstance(before, list) and isinstance(after, list) and isinstance(lecture, dict)):
        return merged
    gone = {str(number) for number in range(len(after) + 1, len(before) + 1)}
    if not gone:
        return merged
    words = {
        language: {**own, "scenes": {key: said for key, said in own["scenes"].items() if key not in gone}}
        if isinstance(own, dict) and isinstance(own.get("scenes"), dict)
        else own
        for language, own in lecture.items()
    }
    return {**merged, "lecture": words}


def _overrides_to_blame(tree: Mapping[str, Any], overrides: Mapping[str, Any], error: SpecError) -> bool:
    """Whether a mistake is one of the overrides: they touch its key, or without them there is none."""
    for path in overrides:
        if error.key and (path == error.key or error.key.startswith((f"{path}.", f"{path}["))):
            return True
    try:
        experiment_from_tree(tree)
    except SpecError:
        return False
    return True


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Plain values of TOML text, every number finite and every text printable.

    Raises:
        SpecError: with line and column if it is not TOML.
    """
    if not text.strip():
        raise SpecError("is empty; an experiment needs at least [data] and [model].", source=source)
    try:
        tree = copied(tomllib.loads(f"{text}\n"), "")
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).rstrip(")").rpartition(" (at ")
        if where == "end of document":
            where = f"the end (line {len(text.splitlines())})"
        raise SpecError(f"broken TOML at {where}: {what[:1].lower()}{what[1:]}.", source=source) from None
    except RecursionError:
        raise SpecError("broken TOML: nested too deeply.", source=source) from None
    except ValueError:  # Python's own limit, against numbers that take ages to read
        raise SpecError("broken TOML: a number has thousands of digits.", source=source) from None
    except SpecError as error:
        raise error.located(source) from None
    assert isinstance(tree, dict)
    return tree


def to_toml(experiment: Experiment) -> str:
    """The whole experiment with all defaults as TOML, which loads back equal."""
    tree = {name: value for name, value in to_tree(experiment).items() if value not in ([], {})}
    return tomli_w.dumps(tree, multiline_strings=True)


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """``KEY=VALUE`` arguments as overrides: a value that is not TOML is a string, the last of a key wins.

    Raises:
        SpecError: for an argument without a key or without ``=``.
    """
    overrides: dict[str, Any] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or not key.strip():
            raise SpecError(
                f"{shown(argument)} must be KEY=VALUE, such as optimizer.lr=0.01.", source=OVERRIDES_SOURCE
            )
        overrides[key.strip()] = _toml_value(value.strip())
    return overrides


def _toml_value(text: str) -> Any:
    try:
        document = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return document["value"] if len(document) == 1 else text
