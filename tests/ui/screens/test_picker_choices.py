from datetime import UTC, datetime

from tui_dl.runs.listing import RunSummary
from tui_dl.spec.preset import PresetSummary
from tui_dl.ui.ink import Line
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, keymap_for
from tui_dl.ui.screens.picker_choices import PickerChoices

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DIGITS = PresetSummary("digits-mlp", "Handwritten digits", "A small network.", "/presets/digits-mlp.toml")
MINE = PresetSummary("mine", "My own spiral", "Curves.", "/here/mine.toml")


def run(name: str, *, alive: bool = False) -> RunSummary:
    return RunSummary(name, "digits-mlp", "paused", 1, 20, "2026-01-01T00:00:00Z", 10, f"/runs/{name}", alive)


def choices() -> PickerChoices:
    made = PickerChoices()
    made.presets = {DIGITS.name: DIGITS}
    return made


def text_of(line: Line) -> str:
    return "".join(part if isinstance(part, str) else str(part[0]) for part in line)


def test_what_is_known_already_changes_nothing_but_another_order_does() -> None:
    made = choices()
    assert made.take_runs([run("a"), run("b")])
    assert not made.take_runs([run("a"), run("b")])
    assert made.take_runs([run("b"), run("a")])
    assert made.take_own([MINE])
    assert not made.take_own([MINE])


def test_a_search_narrows_presets_files_and_runs() -> None:
    made = choices()
    made.take_own([MINE])
    made.take_runs([run("a"), run("b")])
    assert [one.id for one in made.preset_rows("")] == ["digits-mlp", "#own", "/here/mine.toml"]
    assert [one.id for one in made.preset_rows("spiral")] == ["#own", "/here/mine.toml"]
    assert [one.id for one in made.preset_rows("handwritten")] == ["digits-mlp"]
    assert [one.id for one in made.run_rows("digits", NOW)] == ["a", "b"]
    assert made.run_rows("nothing like it", NOW) == []


def test_the_foot_names_what_can_be_done_and_this_users_keys() -> None:
    made = choices()
    made.take_runs([run("live", alive=True), run("ended")])
    assert "Enter start" in text_of(made.foot("presets", "digits-mlp", DEFAULT_KEYMAP))
    assert "Enter return" in text_of(made.foot("runs", "live", DEFAULT_KEYMAP))
    ended = text_of(made.foot("runs", "ended", keymap_for({"settings": "f7"})))
    assert "Enter go on" in ended
    assert "Del delete" in ended
    assert "f7 settings" in ended


def test_nothing_is_said_of_a_row_that_is_gone() -> None:
    made = choices()
    assert made.preview("runs", "gone", 60, "en", NOW) == []
    assert made.preview("presets", "gone", 60, "en", NOW) == []
    assert made.preset("gone") is None
