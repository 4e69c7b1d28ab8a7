import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.spec.change import apply_change
from tui_dl.spec.preset import load_preset
from tui_dl.ui.form.lines import form_lines, rows_wanted
from tui_dl.ui.form.state import LIST, FormState
from tui_dl.ui.form.text_field import TextField, shown
from tui_dl.ui.ink import Line, cells
from tui_dl.ui.proposal import TITLES

DIGITS = load_preset("digits-mlp", {"optimizer.lr": 0.002})
WARMED = apply_change(DIGITS, {"schedule": "warmup"})


def text_of(lines: list[Line]) -> str:
    return "\n".join(
        "".join(part if isinstance(part, str) else str(part[0]) for part in line) for line in lines
    )


def written(path: str, **texts: str) -> FormState:
    form = FormState(DIGITS, path)
    for name, text in texts.items():
        form.go_to([field.name for field in form.fields].index(name))
        form.write(TextField(text))
    return form


@pytest.mark.parametrize("path", TITLES)
@pytest.mark.parametrize(("width", "height"), [(72, 20), (53, 17), (88, 30), (38, 9), (20, 3), (1, 1)])
def test_every_form_fits_at_every_size(path: str, width: int, height: int) -> None:
    form = FormState(WARMED, path)
    assert rows_wanted(form, width) > 0
    for place in range(LIST if form.names else 0, len(form.fields)):
        form.go_to(place)
        assert len(form_lines(form, width, height)) <= height


@pytest.mark.parametrize("path", TITLES)
def test_an_untouched_form_changes_nothing_but_adds_a_regularizer(path: str) -> None:
    form = FormState(WARMED, path)
    assert form.is_good
    assert form.change == ({"regularizers.l1": True} if path == "regularizers" else {})


def test_what_differs_is_marked_by_more_than_colour() -> None:
    lines = text_of(form_lines(written("optimizer", beta1="0.8"), 88, 20))
    assert "•lr" in lines
    assert "default 0.001" in lines
    assert "*beta1" in lines
    assert "now 0.9" in lines


def test_each_mistake_stands_beside_its_field() -> None:
    form = written("optimizer", lr="oops", beta1="2")
    assert set(form.problems) == {"lr", "beta1"}
    lines = text_of(form_lines(form, 88, 20))
    assert lines.count("must be a number") >= 2
    form.write(TextField("0.5"))
    assert set(form.problems) == {"lr"}


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "-1", "1e400", "0,1", "0x10", "1 2", "٣"])
def test_no_text_breaks_a_number(text: str) -> None:
    form = written("optimizer", lr=text)
    assert form.is_good == (text == "٣"), form.problems


def test_a_choice_goes_through_its_words_and_a_number_through_its_steps() -> None:
    form = written("optimizer", amsgrad="no")
    form.cycle(1)
    assert form.change == {"optimizer.amsgrad": True}
    form.go_to(0)
    form.cycle(1)
    assert form.change["optimizer.lr"] == pytest.approx(0.0022)


def test_putting_back_goes_between_what_runs_and_the_default() -> None:
    form = written("optimizer", lr="5")
    form.put_back()
    assert form.texts["lr"].text == "0.002"
    form.put_back()
    assert form.texts["lr"].text == "0.001"


def test_a_shape_is_a_fresh_start_and_a_rate_is_none() -> None:
    assert written("model", hidden="32").is_fresh_start
    assert written("model", hidden="32", init="zeros").is_fresh_start
    assert not written("model", activation="tanh").is_fresh_start
    assert not written("optimizer", lr="0.5").is_fresh_start


def test_the_search_finds_by_name_then_by_what_is_said() -> None:
    form = FormState(DIGITS, "optimizer")
    form.search_for("ada")
    assert form.found[:3] == ("adam", "adamw", "adamax")
    assert {"nadam", "radam", "adagrad", "adadelta", "adafactor"} < set(form.found)
    assert form.name == "adam"
    form.search_for("hinton")
    assert form.name == "rmsprop"


@given(st.lists(st.sampled_from(["x", "left", "right", "home", "end", "backspace", "delete", "ctrl+u"])))
def test_a_caret_never_leaves_its_text(keys: list[str]) -> None:
    field = TextField("0.001", 5)
    for key in keys:
        if key == "x":
            field = field.typed(key)
        elif key in ("left", "right", "home", "end"):
            field = field.moved(key)
        else:
            field = field.erased(key)
        assert 0 <= field.caret <= len(field.text)
        before, at, after = shown(field, 4)
        assert len(before + at + after) <= 4
        assert len(at) == 1


def test_what_is_typed_first_replaces_all_and_an_arrow_keeps_it() -> None:
    assert TextField("0.001", 5).typed("5").text == "5"
    assert TextField("0.001", 5).moved("right").typed("5").text == "0.0015"


def test_what_was_written_survives_another_experiment() -> None:
    form = written("optimizer", lr="0.5")
    form.rebase(apply_change(DIGITS, {"optimizer.beta1": 0.5}))
    assert form.change == {"optimizer.lr": 0.5, "optimizer.beta1": 0.9}


def test_lines_are_not_wider_than_the_form() -> None:
    for line in form_lines(written("optimizer", lr="oops"), 72, 20):
        assert cells(line) <= 72
