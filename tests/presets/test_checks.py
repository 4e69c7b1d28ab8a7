"""Every preset keeps its promise, and its check notices when the intervention is taken out of the script."""

import unicodedata

import pytest

from tests.claims import presets_with_a_claim
from tests.presets.in_process import Check
from tui_dl.spec.preset import load_preset
from tui_dl.spec.translate import words_of

PRESETS = presets_with_a_claim()
LONGEST_TITLE = 80


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_its_promise_and_only_with_its_intervention(name: str) -> None:
    check = Check(name).make()
    assert [verdict for verdict in check.kept if not verdict.passed] == []
    assert [verdict for verdict in check.robbed if not verdict.passed] != []


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_whole_lesson(name: str) -> None:
    experiment = load_preset(name)
    assert experiment.scenes
    assert experiment.scripts
    assert any(not variant.script and not variant.set for variant in experiment.variants)
    last = max(expectation.at_step or 0 for expectation in experiment.expectations)
    assert all(change.at_step <= last or last == 0 for change in experiment.scripts)
    for language in ("en", "ko"):
        title = words_of(experiment, language).title
        assert columns(title) <= LONGEST_TITLE, title


def columns(text: str) -> int:
    """Cells on a terminal: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
