from tui_dl.ui.key_gate import KeyGate

RUN, FORM = "the run screen", "a form"


def _admitted(
    gate: KeyGate, text: str, gap_s: float, *, start_s: float = 0.0, takes_text: bool = False
) -> str:
    return "".join(
        key
        for place, key in enumerate(text)
        if gate.admits(key, start_s + place * gap_s, RUN, takes_text=takes_text)
    )


def test_typing_passes() -> None:
    assert _admitted(KeyGate(), "npsrcoalu", 0.06) == "npsrcoalu"


def test_the_rest_of_pasted_text_is_no_row_of_commands() -> None:
    gate = KeyGate()
    assert _admitted(gate, "optimizer = adam", 0.0002) == "opti"
    assert gate.is_paste
    assert _admitted(gate, "s", 0.1, start_s=1.0) == "s"
    assert not gate.is_paste


def test_text_is_welcome_where_it_is_written() -> None:
    assert _admitted(KeyGate(), "optimizer", 0.0001, takes_text=True) == "optimizer"


def test_one_key_held_on_a_stalled_line_is_no_paste() -> None:
    assert _admitted(KeyGate(), "]" * 40, 0.0001) == "]" * 40


def test_a_held_key_does_not_go_through_to_what_it_opened() -> None:
    gate = KeyGate()
    assert gate.admits("enter", 0.0, RUN)
    assert not gate.admits("enter", 0.03, FORM)
    assert not gate.admits("enter", 0.06, FORM)
    assert gate.admits("enter", 0.5, FORM)


def test_a_held_key_repeats_where_it_was_pressed() -> None:
    gate = KeyGate()
    assert all(gate.admits("down", 0.03 * n, FORM) for n in range(30))


def test_another_key_at_once_on_the_new_screen_is_meant() -> None:
    gate = KeyGate()
    assert gate.admits("q", 0.0, RUN)
    assert gate.admits("d", 0.03, FORM)
