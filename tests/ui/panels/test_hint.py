from dataclasses import replace
from typing import Any

import pytest

from tests.ui.fake_engine import described, status
from tui_dl.ui.ink import cells
from tui_dl.ui.keys.keymap import keymap_for
from tui_dl.ui.panels.hint import hint_line
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import RunFinished


def model_in(state: str, step: int = 0, **fields: Any) -> RunModel:
    model = RunModel()
    model.set_link("live", "")
    model.controls = True
    model.apply(described())
    model.apply(status(state, step))
    return replace(model, **fields)


def running() -> RunModel:
    """A run that makes batches, steered by this screen."""
    return model_in("running", 40)


def _text(model: RunModel, **more: Any) -> str:
    return "".join(part if isinstance(part, str) else str(part[0]) for part in hint_line(model, **more))


def test_a_run_that_waits_at_its_start_says_what_starts_it() -> None:
    assert "space runs" in _text(model_in("paused"))
    assert "f7 runs" in _text(model_in("paused"), keymap=keymap_for({"run": "f7"}))


@pytest.mark.parametrize("model", [model_in("running"), model_in("paused", 40), RunModel()])
def test_where_it_is_plain_there_is_none(model: RunModel) -> None:
    assert _text(model) == ""


def test_who_only_watches_is_told_how_to_steer() -> None:
    assert "T takes control" in _text(model_in("running", controls=False))


def test_the_end_offers_to_go_on() -> None:
    model = model_in("finished", 920)
    model.apply(RunFinished("epochs", 920))
    assert "space offers to go on" in _text(model)
    model.set_link("closed", "")
    assert "P chooses another run" in _text(model)


@pytest.mark.parametrize("width", [10, 20, 44, 60, 200])
def test_it_fits(width: int) -> None:
    assert cells(hint_line(model_in("paused"), width=width)) <= width
