import pytest

from tests.ui.fake_engine import FakeEngine, described
from tests.ui.screens.conftest import Open, Stage
from tui_dl.errors import ChangeRefused
from tui_dl.spec.preset import load_preset
from tui_dl.ui.screens.change_fields import FieldInput
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
    await stage.until("momentum")
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
            "weights, position",
            "reset",
            "optimizer.exp_avg",
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
        await stage.until(lambda: isinstance(stage.app.focused, FieldInput))
        await stage.press(*"oops")
        await stage.until("must be a number")
        await stage.press("enter")
        assert stage.engine.planned == []
        for _ in "oops":
            await stage.pilot.press("backspace")
        await stage.press(*"0.5", "enter")
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"optimizer.lr": 0.5}


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
        await stage.until(
            lambda: isinstance(stage.app.focused, FieldInput) and stage.app.focused.field.type == "bool"
        )
        await stage.press("ctrl+right")
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
