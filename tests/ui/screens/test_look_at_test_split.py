"""At the end of a run the screen offers a look at the test split, where there is one."""

from msgspec import structs

from tests.ui.fake_engine import described, status
from tests.ui.screens.conftest import Open
from tui_dl.spec.metrics import METRICS
from tui_dl.wire.commands import Evaluate
from tui_dl.wire.messages import EvaluationRecorded, RunFinished

TESTED = tuple(metric for metric in METRICS if metric.name == "test.accuracy")


async def test_without_one_nothing_is_offered(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(status("finished", 920), RunFinished("epochs", 920))
        await stage.until("All planned epochs are done")
        assert "test split" not in stage.text


async def test_it_is_evaluated_and_shown_on_request(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        known = described()
        stage.engine.post(structs.replace(known, metrics=(*known.metrics, *TESTED)))
        stage.engine.post(status("finished", 920), RunFinished("epochs", 920))
        await stage.until("Evaluate the test split")
        stage.engine.post(EvaluationRecorded(0, 920, 40, "test", {"loss": 0.123, "accuracy": 0.9876}))
        await stage.press("e")
        await stage.until(lambda: stage.engine.given(Evaluate) == [Evaluate("test")])
        await stage.until("98.8%")
