"""Each regularizer by its form: added, every setting of it edited, and taken away."""

import pytest

from tui_dl.spec.change import apply_change
from tui_dl.spec.preset import load_preset
from tui_dl.ui.form.lines import form_lines
from tui_dl.ui.form.state import FormState
from tui_dl.ui.form.text_field import TextField
from tui_dl.ui.proposal import names_for, removal_of

DIGITS = load_preset("digits-mlp", {"regularizers": []})
NEEDS = {
    # A bound counts with its own method alone, and there is nothing to jitter in an image.
    ("gradient_clipping", "max_value"): {"method": "value"},
    ("augmentation", "jitter"): None,
}


def write(form: FormState, field: str, text: str) -> None:
    form.go_to([each.name for each in form.fields].index(field))
    form.write(TextField(text))


@pytest.mark.parametrize("name", names_for("regularizers"))
def test_it_is_added_edited_and_taken_away(name: str) -> None:
    form = FormState(DIGITS, "regularizers")
    form.choose(name)
    assert form.is_good, form.problems
    assert form.change == {f"regularizers.{name}": True}
    added = apply_change(DIGITS, form.change)
    assert [each.name for each in added.regularizers] == [name]
    assert len(form_lines(form, 72, 20)) == 20
    for field in form.fields:
        form = FormState(added, "regularizers")
        form.choose(name)
        assert form.change == {}
        needs = NEEDS.get((name, field.name), {})
        for other, text in (needs or {}).items():
            write(form, other, text)
        form.go_to([each.name for each in form.fields].index(field.name))
        if field.type.startswith("list of "):
            form.write(TextField("0"))
        else:
            form.cycle(1)
        path = f"regularizers.{name}.{field.name}"
        assert path in form.change, form.texts[field.name].text
        assert form.is_good == (needs is not None), form.problems
        if needs is None:
            assert field.name in form.problems
            continue
        edited = apply_change(added, form.change)
        assert edited.regularizers != added.regularizers
        assert apply_change(edited, removal_of(name)) == DIGITS


def test_two_that_contradict_each_other_are_told_in_the_form() -> None:
    mixed = apply_change(DIGITS, {"regularizers.mixup": True})
    form = FormState(mixed, "regularizers")
    form.choose("cutmix")
    assert not form.is_good
    assert "so does mixup" in " ".join(form.problems.values())
