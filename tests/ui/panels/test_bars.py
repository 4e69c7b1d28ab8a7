from dataclasses import replace

import pytest

from tests.ui.panels.test_hint import running
from tui_dl.ui.ink import cells
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, Keymap, keymap_for
from tui_dl.ui.panels.bars import KeyBar, ViewBar
from tui_dl.ui.run_model import RunModel


def _text(bar: KeyBar | ViewBar, width: int) -> str:
    (line,) = bar.build(width, 1)
    assert cells(line) <= width
    return "".join(part if isinstance(part, str) else str(part[0]) for part in line)


@pytest.mark.parametrize("width", [44, 60, 80, 160, 250])
def test_finding_help_and_leaving_are_always_in_the_footer(width: int) -> None:
    text = _text(KeyBar(running()), width)
    assert text.split()[:2] == ["space", "pause"]
    for key in (": find", "? help", "q leave"):
        assert key in text


def test_what_only_a_view_has_comes_first_there_and_is_absent_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = replace(DEFAULT_KEYMAP.entry("slower"), id="own", label="own thing", views=("layers",), footer=90)
    monkeypatch.setattr(KeyBar, "keymap", Keymap((*DEFAULT_KEYMAP.entries, own)))
    bar = KeyBar(running())
    assert "own thing" not in _text(bar, 200)
    bar.view = "layers"
    text = _text(bar, 200)
    assert text.index("step") < text.index("own thing") < text.index("change")


@pytest.mark.parametrize("width", [44, 60, 80])
def test_every_view_is_in_the_bar(width: int) -> None:
    text = _text(ViewBar(RunModel()), width).split()
    assert text[::2] == list("1234567")


def test_remapped_keys_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    keymap = keymap_for({"pause": "f7", "layers": "f6"})
    monkeypatch.setattr(KeyBar, "keymap", keymap)
    monkeypatch.setattr(ViewBar, "keymap", keymap)
    assert "f7 pause" in _text(KeyBar(running()), 80)
    assert "f6 layers" in _text(ViewBar(RunModel()), 80)
