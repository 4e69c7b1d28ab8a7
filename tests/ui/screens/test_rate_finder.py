"""The rate finder's dialog: its progress, the curve, the rates advised, the plan; and with a real search."""

import math

import pytest

from tests.engine.session_bench import Driver
from tests.ui.fake_engine import FakeEngine
from tests.ui.screens.conftest import Open, Stage
from tui_dl.errors import TuiDlError
from tui_dl.spec.preset import load_preset
from tui_dl.spec.rate_search import RateAdvice, RateCurve, RateSearch
from tui_dl.ui.screens.rate_finder import RateFinder
from tui_dl.wire.commands import ApplyChange, CancelRateSearch, FindRate
from tui_dl.wire.messages import RateEnd, RateFound, RatesTried
from tui_dl.wire.plans import Plan

SEARCH = RateSearch()
PLAN = Plan({"optimizer.lr": 0.012}, (("optimizer.lr", "0.001", "0.012"),), kept=("weights", "position"))


def curve(points: int = 100) -> RateCurve:
    rates = [SEARCH.rate(index) for index in range(points)]
    losses = [2.3 / (1 + math.exp(3 * (math.log10(rate) + 2))) + rate for rate in rates]
    return RateCurve(tuple(rates), tuple(losses), tuple(losses))


def found(ended: RateEnd = "diverged", advice: RateAdvice | None = None) -> RateFound:
    return RateFound(50, SEARCH, curve(), advice or RateAdvice(0.01234, 0.0042), ended)


def answering(engine: FakeEngine, *messages: RatesTried | RateFound) -> None:
    engine.answers[FindRate] = list(messages)
    engine.plan_answer = PLAN


async def opened(stage: Stage) -> RateFinder:
    await stage.press("L")
    await stage.until(lambda: isinstance(stage.app.screen, RateFinder))
    assert isinstance(stage.app.screen, RateFinder)
    return stage.app.screen


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (160, 48), (60, 20), (44, 12)])
async def test_it_shows_the_curve_and_what_it_suggests_at_every_size(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height) as stage:
        answering(stage.engine, found())
        await opened(stage)
        await stage.until("0.012")
        await stage.until("where the loss falls")
        assert stage.engine.given(FindRate) == [FindRate({"batches": 100})]
        assert "0.0042" in stage.text
        if width >= 80:
            for text in ("loss over the rate", "12.3 × the present", "4 times its lowest", "Nothing of"):
                assert text in stage.text, text
            # The axis is logarithmic.
            assert "1e-5" in stage.text
            assert " 0.1 " in stage.text
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert not stage.engine.given(ApplyChange)
        assert not stage.engine.given(CancelRateSearch)


async def test_enter_plans_the_rate_and_the_plan_makes_it(on_stage: Open) -> None:
    async with on_stage() as stage:
        answering(stage.engine, found())
        await opened(stage)
        await stage.until("where the loss falls fastest")
        await stage.press("enter")
        await stage.until("Enter makes the change")
        assert stage.engine.planned == [({"optimizer.lr": 0.012}, None, 0)]
        # Back from the plan the curve is still there, and the other rate can be taken.
        await stage.press("escape")
        await stage.until("where the loss falls fastest")
        assert len(stage.engine.given(FindRate)) == 1
        await stage.press("2", "enter")
        await stage.until("Enter makes the change")
        assert stage.engine.planned[-1][0] == {"optimizer.lr": 0.0042}
        await stage.press("enter")
        await stage.until(lambda: stage.engine.given(ApplyChange))
        assert stage.engine.given(ApplyChange) == [ApplyChange({"optimizer.lr": 0.0042})]


async def test_while_it_goes_on_it_says_how_far_it_is(on_stage: Open) -> None:
    async with on_stage() as stage:
        answering(stage.engine, RatesTried(50, SEARCH, curve(37)))
        await opened(stage)
        await stage.until("Batch 37 of 100")
        assert "loss over the rate" in stage.text
        stage.engine.post(found("tried"))
        await stage.until("All 100 batches were tried.")
        await stage.press("b")
        await stage.until(lambda: len(stage.engine.given(FindRate)) == 2)
        assert stage.engine.given(FindRate)[1].settings == {"batches": 200}


async def test_one_that_is_left_is_ended(on_stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage() as stage:
        given = stage.engine.request
        never = stage.pilot.pause

        async def waiting(command: object) -> object:
            answered = await given(command)  # type: ignore[arg-type]
            while isinstance(command, FindRate):
                await never(0.01)
            return answered

        monkeypatch.setattr(stage.engine, "request", waiting)
        await opened(stage)
        await stage.until("trying the first rates")
        await stage.press("escape")
        await stage.until(lambda: stage.engine.given(CancelRateSearch))
        assert stage.app.screen is stage.screen


async def test_where_nothing_is_suggested_enter_does_nothing(on_stage: Open) -> None:
    async with on_stage() as stage:
        answering(stage.engine, found("nonfinite", RateAdvice(reason="the loss does not fall")))
        await opened(stage)
        await stage.until("No suggestion: the loss does not fall")
        await stage.press("enter", "1", "down")
        assert "not finite" in stage.text
        assert not stage.engine.planned


async def test_a_refusal_is_said(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.refusal = TuiDlError("another one controls the run")
        await opened(stage)
        await stage.until("another one controls the run")


async def test_the_schedules_share_is_told(on_stage: Open) -> None:
    experiment = load_preset("digits-mlp", {"schedule": {"name": "step", "step_size": 20, "gamma": 0.5}})
    async with on_stage(experiment=experiment) as stage:
        answering(stage.engine, found())
        await opened(stage)
        await stage.until("step makes 0.25 times")


async def test_a_real_search_is_shown_and_its_rate_taken(on_stage: Open) -> None:
    experiment = load_preset("digits-mlp", {"optimizer.lr": 1e-5})
    driver = Driver(experiment)
    driver.tell(FindRate({"batches": 100}))
    [result] = [message for _, message in driver.sink.replies if isinstance(message, RateFound)]
    async with on_stage(experiment=experiment) as stage:
        answering(stage.engine, result)
        await opened(stage)
        await stage.until("where the loss falls fastest")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.planned)
        change = dict(stage.engine.planned[0][0])
    assert driver.tell(ApplyChange(change)) is not None
    assert driver.session.experiment.optimizer.lr == pytest.approx(result.advice.suggested, rel=0.05)


async def test_what_is_shown_can_be_taken_at_once(on_stage: Open) -> None:
    experiment = load_preset("digits-mlp", {"optimizer.lr": 1e-5})
    driver = Driver(experiment)
    driver.tell(FindRate({"batches": 100}))
    [result] = [message for _, message in driver.sink.replies if isinstance(message, RateFound)]
    async with on_stage(experiment=experiment) as stage:
        answering(stage.engine)
        finder = await opened(stage)
        # The words may be drawn by a layout, before the dialog looks for news by itself.
        stage.screen.model.rates = result
        finder._show()
        assert finder.found is result
        finder.action_take()
        await stage.until(lambda: stage.engine.planned)
