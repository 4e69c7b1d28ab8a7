import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.ui.fuzzy import best, match, queries_for


def _order(query: str, *texts: str) -> list[str]:
    found = {text: fit for text in texts if (fit := match(query, text)) is not None}
    return sorted(found, key=lambda text: -found[text].score)


def test_a_word_s_beginning_comes_before_its_middle_and_before_scattered_letters() -> None:
    texts = ("model: resnet", "log scale", "loss: smooth_l1", "catalog", "linear collapse")
    assert _order("lo", *texts)[:2] == ["log scale", "loss: smooth_l1"]
    assert _order("lo", *texts)[2] == "catalog"


def test_scattered_letters_find_and_are_marked() -> None:
    fit = match("rmp", "RMSprop")
    assert fit is not None
    assert fit.places == {0, 1, 3}
    assert match("rmp", "RMSprop", scattered=False) is None


def test_every_word_counts_in_any_order() -> None:
    assert match("adam optim", "optimizer: adamw") is not None
    assert match("adam loss", "optimizer: adamw") is None


def test_an_input_method_that_was_left_on_changes_nothing() -> None:
    assert queries_for("ㅁㅇ므") == ("ㅁㅇ므", "adam")
    assert best(queries_for("ㅁㅇ므"), "optimizer: adam") is not None


@given(st.text(max_size=30), st.text(max_size=10))
def test_a_text_always_fits_its_own_part(text: str, part: str) -> None:
    lowered = (text + part + text).lower()
    query = " ".join(part.lower().split())
    if query and query in lowered:
        fit = match(query, lowered)
        assert fit is not None
        assert max(fit.places, default=0) < len(lowered)


@pytest.mark.parametrize("query", ["", "   "])
def test_nothing_fits_everything(query: str) -> None:
    assert match(" ".join(query.split()), "anything") is not None
