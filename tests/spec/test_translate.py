import re

import pytest

from tui_dl.errors import UsageError
from tui_dl.spec.preset import from_toml, list_presets, load_preset, to_toml
from tui_dl.spec.translate import chosen_language, language_code, language_of, translated, words_of

PRESETS = [preset.name for preset in list_presets()]
HALF = """
title = "English"
summary = "A summary"
[data]
name = "digits"
[model]
name = "mlp"
[lecture]
notes = "Notes"
[lecture.ko]
title = "한국어"
[lecture.ko.scenes]
2 = "둘째"
[[scene]]
at_step = 1
note = "one"
[[scene]]
at_step = 2
note = "two"
"""


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_speaks_korean_throughout(name: str) -> None:
    english, korean = load_preset(name), words_of(load_preset(name), "ko")
    for text in (korean.title, korean.summary, korean.notes, *korean.scenes):
        assert re.search("[가-힣]", text), text
    assert len(korean.scenes) == len(english.scenes)
    # The same paragraphs, the same list, the same names of metrics and keys.
    for pattern in (r"(?m)^## ", r"(?m)^- ", r"`[^`]+`", r"\d+\.\d+"):
        assert sorted(re.findall(pattern, korean.notes)) == sorted(
            re.findall(pattern, english.lecture.notes)
        ), pattern


def test_what_a_language_lacks_is_english() -> None:
    words = words_of(from_toml(HALF, "HALF"), "ko")
    assert (words.title, words.summary, words.notes) == ("한국어", "A summary", "Notes")
    assert words.scenes == ("one", "둘째")
    assert words_of(from_toml(HALF, "HALF"), "fr").title == "English"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("ko", "ko"), ("KO-kr", "ko"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("en", None), ("de", None)],
)
def test_the_nearest_language_is_taken(wanted: str, found: str | None) -> None:
    assert chosen_language(["ko", "pt-BR"], wanted) == found


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko-KR"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "de_DE.utf8@euro"}, "de-DE"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "ko_KR.EUC-KR"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LC_ALL": "", "LANG": "ko"}, "ko"),
        ({}, "en"),
    ],
)
def test_the_locale_tells_the_language(environment: dict[str, str], language: str) -> None:
    assert language_of("auto", environment) == language
    assert language_of("", environment) == language
    assert language_of("fr", environment) == "fr"


@pytest.mark.parametrize("text", ["", "k", "한국어", "ko kr", "--json", "ko-", "x" * 99])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as ko"):
        language_code(text)


def test_a_code_may_be_written_as_locales_are() -> None:
    assert language_code(" pt_BR ") == "pt-BR"


@pytest.mark.parametrize("name", PRESETS)
def test_a_translated_experiment_trains_the_same_and_loads_back(name: str) -> None:
    experiment = load_preset(name)
    korean = translated(experiment, "ko")
    assert from_toml(to_toml(korean), "korean") == korean
    assert korean.title != experiment.title
    assert (korean.data, korean.scripts, korean.training) == (
        experiment.data,
        experiment.scripts,
        experiment.training,
    )
    assert translated(experiment, "en") == experiment


def test_a_list_is_in_the_language_that_is_asked_for() -> None:
    english, korean = list_presets(), list_presets("ko")
    assert [preset.name for preset in korean] == [preset.name for preset in english]
    assert all(re.search("[가-힣]", preset.title + preset.summary) for preset in korean)
    assert not any(re.search("[가-힣]", preset.title + preset.summary) for preset in english)


def test_an_override_that_takes_scenes_away_takes_their_translations_along() -> None:
    none = load_preset("optimizer-swap", {"scene": []})
    whole = load_preset("optimizer-swap")

    assert none.scenes == ()
    assert none.lecture.translations["ko"].scenes == {}
    assert none.lecture.translations["ko"].notes == whole.lecture.translations["ko"].notes
    assert whole.lecture.translations["ko"].scenes
