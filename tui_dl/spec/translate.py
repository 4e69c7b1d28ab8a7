"""An experiment's words in somebody's language: which one is wanted, and what to say in it."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import msgspec

from tui_dl.errors import UsageError
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Translation
from tui_dl.spec.wording import shown

AUTO: Final = "auto"
ENGLISH: Final = "en"
_CODE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NOTHING: Final = Translation()


@final
@dataclass(frozen=True, slots=True)
class Words:
    """What an experiment says to people; English wherever its language has nothing."""

    title: str
    summary: str
    notes: str
    scenes: tuple[str, ...]
    """A note for each scene."""


def language_code(text: str) -> str:
    """A code as presets write it: ko, pt-BR; `auto` stays. Raises UsageError for what is no code."""
    code = text.strip().replace("_", "-")
    if code.lower() == AUTO:
        return AUTO
    if not _CODE.fullmatch(code):
        raise UsageError(f"--lang {shown(text)}: a language is a code such as ko, en or pt-BR.")
    return code


def language_of(choice: str, environment: Mapping[str, str] = os.environ) -> str:
    """The language meant by a setting: a code is itself, `auto` is the locale's, `en` where none is known.

    A locale that can't write Unicode gets English: its terminal would show question marks.
    """
    if choice and choice.lower() != AUTO:
        return choice
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    name, _, encoding = locale.partition("@")[0].partition(".")
    code = name.replace("_", "-")
    if not _CODE.fullmatch(code) or code.upper() == "POSIX":
        return ENGLISH
    return code if not encoding or "utf" in encoding.lower() else ENGLISH


def chosen_language(available: Iterable[str], wanted: str) -> str | None:
    """The one of a preset's languages that is nearest to what is wanted; None for English.

    First the very one, then the language without its region, then the same language of any region.
    """
    by_code = {name.lower(): name for name in available}
    code = wanted.lower()
    primary = code.partition("-")[0]
    for name in (code, primary):
        if name in by_code:
            return by_code[name]
    return next((name for low, name in by_code.items() if low.partition("-")[0] == primary), None)


def words_of(experiment: Experiment, language: str = ENGLISH) -> Words:
    """What the experiment says in a language."""
    translations = experiment.lecture.translations
    found = chosen_language(translations, language)
    words = _NOTHING if found is None else translations[found]
    return Words(
        words.title or experiment.title,
        words.summary or experiment.summary,
        words.notes or experiment.lecture.notes,
        tuple(
            words.scenes.get(str(number)) or scene.note
            for number, scene in enumerate(experiment.scenes, start=1)
        ),
    )


def translated(experiment: Experiment, language: str) -> Experiment:
    """The same experiment with its words in a language; what is trained does not change."""
    words = words_of(experiment, language)
    replace = msgspec.structs.replace
    return replace(
        experiment,
        title=words.title,
        summary=words.summary,
        lecture=replace(experiment.lecture, notes=words.notes),
        scenes=tuple(
            replace(scene, note=note) for scene, note in zip(experiment.scenes, words.scenes, strict=True)
        ),
    )


def headline(tree: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Title and summary of an experiment that was read but not validated; empty where it has none."""
    lecture = tree.get("lecture")
    languages = lecture if isinstance(lecture, Mapping) else {}
    found = chosen_language((name for name in languages if name != "notes"), language)
    sources = [languages[found], tree] if found is not None else [tree]
    title, summary = (_first_text(sources, key) for key in ("title", "summary"))
    return title, summary


def _first_text(sources: Iterable[Any], key: str) -> str:
    for source in sources:
        text = source.get(key) if isinstance(source, Mapping) else None
        if isinstance(text, str) and text:
            return text
    return ""
