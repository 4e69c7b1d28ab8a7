import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from textual.screen import Screen

from tests.ui.fake_engine import FakeEngine, described
from tests.ui.screens.conftest import Open, Stage
from tui_dl.errors import ChangeRefused
from tui_dl.spec.preset import load_preset
from tui_dl.ui.screens.change_form import ChangeForm
from tui_dl.wire.commands import ApplyChange
from tui_dl.wire.messages import ChangeApplied
from tui_dl.wire.plans import Plan, RateOption, Receipt

EDITS = (("optimizer", "adam", "sgd"),)
PLAN = Plan(
    {"optimizer": {"name": "sgd"}},
    EDITS,
    kept=("weights", "position"),
    reset=("optimizer.exp_avg", "optimizer.exp_avg_sq"),
    state="fresh",
    warnings=("Adam's moments are lost",),
    rate_options=(
        RateOption("default", 0.1, 40.0),
        RateOption("same number", 0.001, 0.4),
        RateOption("matched", 0.0025, 1.0),
    ),
)  # fmt: skip
RECEIPT = Receipt(
    50, 0, PLAN.change, EDITS, PLAN.kept, PLAN.reset,
    state="fresh", probe_loss_before=0.51, probe_loss_after=0.51, relative_update=1.02,
)  # fmt: skip


def _ready(engine: FakeEngine) -> None:
    engine.plan_answer = PLAN
    engine.answers[ApplyChange] = [ChangeApplied(RECEIPT)]


async def _to_plan(stage: Stage) -> None:
    _ready(stage.engine)
    await stage.press("o")
    await stage.until("Change: Optimizer")
    await stage.press("up")
    await stage.until("Stochastic")
    await stage.press("enter")
    await stage.until("Adam's moments are lost")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (60, 20), (160, 48)])
@pytest.mark.parametrize("key", ["a", "l", "o", "r", "d", "b"])
async def test_every_form_opens_at_every_size(on_stage: Open, key: str, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        await stage.press(key)
        await stage.until("Change: ")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert not stage.engine.given(ApplyChange)


async def test_plan_then_act_then_receipt(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _to_plan(stage)
        assert stage.engine.planned == [({"optimizer": {"name": "sgd"}}, None, 0)]
        for text in (
            "kept",
            "weights · place in the epoch",
            "reset",
            "m, mean of gradients",
            "what adam has learnt about each weight",
            "matched",
            "0.0025",
            "×40.0",
        ):
            assert text in stage.text, text
        assert not stage.engine.given(ApplyChange)
        await stage.press("enter")
        await stage.until("at step 50")
        assert stage.engine.given(ApplyChange) == [ApplyChange({"optimizer": {"name": "sgd"}})]
        assert "0.5100" in stage.text
        assert "×1.02" in stage.text
        await stage.press("x")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_rate_is_chosen_by_its_number_and_the_plan_asked_anew(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _to_plan(stage)
        await stage.press("3")
        await stage.until(lambda: len(stage.engine.planned) == 2)
        assert stage.engine.planned[-1][0] == {"optimizer": {"name": "sgd", "lr": 0.0025}}
        await stage.press("enter")
        await stage.until(lambda: stage.engine.given(ApplyChange))
        assert stage.engine.given(ApplyChange)[0].change == {"optimizer": {"name": "sgd", "lr": 0.0025}}


async def test_state_and_warm_up_are_chosen_before_the_act(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _to_plan(stage)
        await stage.press("w")
        await stage.until(lambda: stage.engine.planned[-1][2] == 10)
        await stage.press("s")
        await stage.until(lambda: stage.engine.planned[-1][1] == "carry")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.given(ApplyChange))
        command = stage.engine.given(ApplyChange)[0]
        assert (command.state, command.warmup_steps) == ("carry", 10)


async def test_a_refused_plan_says_why_and_leads_back_to_the_form(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.refusal = ChangeRefused("cross entropy needs classes; this task has values")
        await stage.press("a", "down", "enter")
        await stage.until("cross entropy needs classes")
        await stage.press("enter")
        assert not stage.engine.given(ApplyChange)
        await stage.press("escape")
        await stage.until("Change: Activation")


async def test_what_was_typed_is_judged_beside_the_field(on_stage: Open) -> None:
    async with on_stage() as stage:
        _ready(stage.engine)
        await stage.press("o", "tab")
        await stage.until(lambda: written(stage) == "lr")
        await stage.press(*"oops")
        await stage.until("must be a number")
        await stage.press("enter")
        assert stage.engine.planned == []
        for _ in "oops":
            await stage.pilot.press("backspace")
        await stage.press(*"0.5", "enter")
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"optimizer.lr": 0.5}


def written(stage: Stage) -> str:
    """The setting that is being written."""
    form = stage.app.screen
    assert isinstance(form, ChangeForm)
    return form.state.field.name if form.state.field is not None else ""


async def test_nothing_different_leads_nowhere(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("l")
        await stage.until("This is what runs now")
        await stage.press("enter")
        assert stage.engine.planned == []
        assert "Change: Loss" in stage.text


async def test_words_can_be_cycled_through(on_stage: Open) -> None:
    async with on_stage() as stage:
        _ready(stage.engine)
        await stage.press("o", *["tab"] * 5)
        await stage.until(lambda: written(stage) == "amsgrad")
        await stage.press("right")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"optimizer.amsgrad": True}


async def test_a_regularizer_is_added_and_removed(on_stage: Open) -> None:
    async with on_stage(experiment=load_preset("digits-mlp")) as stage:
        _ready(stage.engine)
        await stage.press("r", "down")
        await stage.until("Σ w²")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"regularizers.l2": True}
        await stage.until("Enter makes the change")
        await stage.press("escape")
        await stage.until("Change: Regularizers")
        await stage.press("escape")
        stage.engine.post(described(load_preset("digits-mlp", {"regularizers.l2": {"strength": 0.5}})))
        await stage.until("l2")
        await stage.press("r")
        await stage.until("● l2")
        await stage.press("delete")
        await stage.until(lambda: len(stage.engine.planned) == 2)
        assert stage.engine.planned[1][0] == {"regularizers.l2": False}


async def test_what_was_written_is_still_there_after_the_plan(on_stage: Open) -> None:
    async with on_stage() as stage:
        _ready(stage.engine)
        await stage.press("o")
        await stage.until("Change: Optimizer")
        await stage.press("tab", *"0.25", "enter")
        await stage.until("Enter makes the change")
        await stage.press("escape")
        await stage.until("Change: Optimizer")
        assert written(stage) == "lr"
        await stage.until("0.25")
        await stage.press("enter")
        await stage.until(lambda: len(stage.engine.planned) == 2)
        assert stage.engine.planned[1][0] == {"optimizer.lr": 0.25}


@pytest.mark.parametrize("letters", ["rms", "ㄱㅡㄴ"])
async def test_a_component_is_found_by_typing(on_stage: Open, letters: str) -> None:
    async with on_stage() as stage:
        _ready(stage.engine)
        await stage.press("o")
        await stage.until("Change: Optimizer")
        await stage.press(*letters)
        await stage.until("/ rms")
        assert "adagrad" not in stage.text
        await stage.press("enter")
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"optimizer": {"name": "rmsprop"}}


async def test_nothing_found_is_said_and_escape_shows_all_again(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("o")
        await stage.until("Change: Optimizer")
        await stage.press(*"qqq")
        await stage.until("none found")
        await stage.press("escape")
        await stage.until("adagrad")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_every_mistake_is_marked_not_only_the_first(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("o")
        await stage.until("Change: Optimizer")
        await stage.press("tab", "minus", "1", "down", "x")
        await stage.until("not possible: lr, beta1")
        assert stage.text.count("✗") >= 3


@pytest.mark.parametrize(
    ("path", "presses", "what"),
    [("model", ["tab", *"32"], "hidden"), ("data", ["down"], "data"), ("model.init", ["end"], "init")],
)
async def test_a_fresh_start_is_said_and_asked(
    on_stage: Open, path: str, presses: list[str], what: str
) -> None:
    fresh = Plan({}, ((what, "a", "b"),), reset=("weights", "position"), state="fresh", restarts=True)
    async with on_stage() as stage:
        _ready(stage.engine)
        stage.engine.plan_answer = fresh
        stage.screen.action_change(path)
        await stage.until("Change: ")
        await stage.press(*presses)
        await stage.until("asks first: this starts over")
        await stage.press("enter")
        await stage.until("Start over?")
        await stage.press("enter")
        await stage.until("once more starts over")
        assert not stage.engine.given(ApplyChange)
        await stage.press("y")
        await stage.until(lambda: stage.engine.given(ApplyChange))


async def test_the_form_works_by_mouse_alone(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        _ready(stage.engine)
        await stage.press("o")
        await stage.until("Change: Optimizer")
        await click(stage, "adagrad")
        await stage.until("Divide by the root of the sum")
        await click(stage, "fused")
        await stage.until(lambda: written(stage) == "fused")
        await click(stage, "< yes", 0)
        await click(stage, "Enter", 1)
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"optimizer": {"name": "adagrad", "fused": False}}


async def click(stage: Stage, text: str, inside: int = 2) -> None:
    """Click on a text that is shown once in the box."""
    strips = stage.app.screen._compositor.render_strips()
    box = stage.app.screen.query_one(".box").content_region
    for y, strip in enumerate(strips):
        x = strip.text.find(text, box.x)
        if box.y <= y < box.bottom and 0 <= x < box.right:
            await stage.pilot.click(offset=(x + inside, y))
            await stage.pilot.pause()
            return
    raise AssertionError(text)


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (160, 48)])
async def test_the_receipt_is_shown_again(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        stage.engine.post(ChangeApplied(RECEIPT), ChangeApplied(replace(RECEIPT, step=77)))
        await stage.until(lambda: len(stage.screen.model.receipts) == 2)
        await stage.press("H")
        await stage.until("Change 2 of 2")
        assert "at step 77" in stage.text
        await stage.press("left")
        await stage.until("at step 50")
        assert "m, mean of gradients" in stage.text
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_before_any_change_the_receipts_say_how_to_make_one(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("H")
        await stage.until("Nothing was changed yet")


async def test_no_frame_shows_a_plan_without_its_words(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage() as stage:
        _ready(stage.engine)
        frames: list[str] = []
        display, may_answer = stage.app._display, asyncio.Event()

        def watch(screen: Screen[Any], update: Any) -> None:
            if update is not None:
                # As it is painted, without rendering anything anew.
                rows = update.chops if hasattr(update, "chops") else []
                frames.append("\n".join("".join(s.text for s in row.values() if s) for row in rows))
            display(screen, update)

        async def plan_later(*_: Any) -> Plan:
            await may_answer.wait()
            return PLAN

        monkeypatch.setattr(stage.engine, "plan", plan_later)
        monkeypatch.setattr(stage.app, "_display", watch)
        await stage.press("o")
        await stage.until("Change: Optimizer")
        await stage.press("up", "enter")
        await stage.until("Asking the engine")
        frames.clear()
        may_answer.set()
        await stage.until("Adam's moments are lost")
        whole = [frame for frame in frames if "Enter makes the change" in frame]
        assert whole
        assert all("what adam has learnt" in frame for frame in whole)
