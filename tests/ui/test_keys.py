import unicodedata

from tui_dl.ui.hangul import JAMO, with_jamo
from tui_dl.ui.keys.table import KEYS, available, bindings, by_action
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.run import RunScreen


def test_the_keyboard_has_33_jamo_each_once() -> None:
    assert len(JAMO) == 33
    assert len(set(JAMO.values())) == 33
    assert all(unicodedata.name(jamo).startswith("HANGUL LETTER") for jamo in JAMO.values())


def test_every_letter_works_under_a_hangul_input_method() -> None:
    assert with_jamo("q,ctrl+q") == "q,ctrl+q,ㅂ"
    bound = {binding.key: binding.action for binding in bindings()}
    assert bound["ㅂ"] == bound["q"] == "leave"
    assert bound["ㄲ"] == bound["R"] == "restart"
    assert bound["ㄱ"] == bound["r"]


def test_ids_are_unique_and_every_action_exists() -> None:
    assert len({entry.id for entry in KEYS}) == len(KEYS)
    for entry in KEYS:
        name = entry.action.partition("(")[0]
        assert hasattr(RunScreen, f"action_{name}"), entry.action
        assert entry in by_action(name)


def test_one_key_never_means_two_things() -> None:
    actions: dict[str, str] = {}
    for entry in KEYS:
        for key in entry.keys.split(","):
            assert actions.setdefault(key, entry.action) == entry.action


def test_before_the_engine_speaks_only_looking_and_leaving_is_offered() -> None:
    offered = {entry.id for entry in available(RunModel())}
    assert {"help", "leave", "overview", "log"} <= offered
    assert not offered & {"run", "pause", "step", "undo", "rate_up", "restart"}
