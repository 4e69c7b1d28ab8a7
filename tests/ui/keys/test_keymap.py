from hypothesis import given
from hypothesis import strategies as st

from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, keymap_for
from tui_dl.ui.keys.names import key_named, keys_of, known_names, nearest_key, shown_key
from tui_dl.ui.keys.table import KEYS

IDS = [entry.id for entry in KEYS]


def _keys(wanted: dict[str, str], entry_id: str) -> str:
    return keymap_for(wanted).entry(entry_id).keys


def test_without_wishes_the_table_holds() -> None:
    assert keymap_for({}) is DEFAULT_KEYMAP
    assert DEFAULT_KEYMAP.entries == KEYS


def test_another_key_is_dispatched_and_shown_with_its_jamo() -> None:
    keymap = keymap_for({"step": "ctrl+g,Q"})
    assert keymap.problems == ()
    assert keymap.shown("step") == "ctrl+g"
    bound = {binding.key: binding.action for binding in keymap.bindings()}
    assert bound["ctrl+g"] == bound["Q"] == bound["ㅃ"] == "step"
    assert "s" not in bound
    assert keymap.is_key_of("step", "ㅃ")


def test_keys_may_be_written_as_people_do() -> None:
    assert _keys({"step": "PgDn2"}, "step") == "s"
    assert _keys({"step": "del"}, "step") == "delete"
    assert _keys({"step": "Shift+Ctrl+F5"}, "step") == "ctrl+shift+f5"
    assert _keys({"step": "`"}, "step") == "grave_accent"
    assert keymap_for({"step": "`"}).shown("step") == "`"


def test_what_cannot_be_is_said_with_the_nearest_and_the_default_stays() -> None:
    keymap = keymap_for({"stepp": "`", "evaluate": "pagedwon", "undo": "p"})
    assert keymap.entries == KEYS
    assert set(keymap.problems) == {
        "keys: there is no action stepp; did you mean step?",
        "keys.evaluate: there is no key pagedwon; did you mean pagedown?",
        "keys.evaluate: no key is left; it stays v",
        "keys.undo: p is the key of phase already; it stays u",
    }


def test_two_actions_may_trade_keys() -> None:
    keymap = keymap_for({"step": "p", "phase": "s"})
    assert keymap.problems == ()
    assert (keymap.shown("step"), keymap.shown("phase")) == ("p", "s")


def test_run_and_pause_move_together_and_fail_together() -> None:
    assert _keys({"pause": "f7"}, "run") == "f7"
    keymap = keymap_for({"pause": "q"})
    assert keymap.entries == KEYS
    assert len(keymap.problems) == 1


def test_nobody_locks_the_way_out() -> None:
    assert set(_keys({"leave": "f10"}, "leave").split(",")) == {"f10", "ctrl+q", "ctrl+c"}
    assert keymap_for({"step": "ctrl+q"}).entries == KEYS


@given(
    st.dictionaries(
        st.sampled_from([*IDS, "nothing"]), st.text(max_size=12) | st.sampled_from(sorted(known_names()))
    )
)
def test_whatever_is_wished_every_action_keeps_a_key_and_no_key_two_meanings(wanted: dict[str, str]) -> None:
    keymap = keymap_for(wanted)
    assert [entry.id for entry in keymap.entries] == IDS
    owners: dict[str, str] = {}
    for entry in keymap.entries:
        assert entry.keys
        assert entry.shown
        if not entry.views:
            for key in entry.keys.split(","):
                assert owners.setdefault(key, entry.action) == entry.action


def test_every_key_of_the_table_is_a_known_one_and_named_back() -> None:
    for entry in KEYS:
        for key in entry.keys.split(","):
            assert key_named(key) == key, key
            assert key_named(shown_key(key)) == key or "+" in key or len(shown_key(key)) == 1 or key in (
                "up", "down", "left", "right", "pagedown", "pageup", "escape", "enter", "delete", "backspace",
                "home", "end", "insert",
            )  # fmt: skip


def test_names_of_keys() -> None:
    assert key_named("") is None
    assert key_named("ctrl+") is None
    assert key_named("kontrol+a") is None
    assert nearest_key("ctrl+pagedwn") == "ctrl+pagedown"
    assert nearest_key("zzzzzz") is None
    assert keys_of(",") == [","]
    assert keys_of(" a , b,") == ["a", "b"]
