import math
from pathlib import Path

import pytest
from msgspec import structs

from tests.ui.fake_engine import FakeEngine, described, status
from tests.ui.screens.conftest import Open
from tui_dl.errors import EngineFailed
from tui_dl.spec.metrics import METRICS
from tui_dl.spec.preset import load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Farewell
from tui_dl.ui.hangul import JAMO
from tui_dl.ui.proposal import Proposal
from tui_dl.ui.screens.change_plan import PlanScreen
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.ui.screens.receipts import ReceiptsScreen
from tui_dl.wire.commands import Evaluate, ExtendRun, Restart, Step, Stop, Undo
from tui_dl.wire.messages import (
    ChangeApplied,
    EvaluationRecorded,
    NonFiniteFound,
    RunFailed,
    RunFinished,
)
from tui_dl.wire.plans import Receipt

SEED = load_preset("digits-mlp").seed
SIZES = [(80, 24), (44, 12), (160, 48)]


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_leaving_asks_and_detaching_leaves_the_engine_alone(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height) as stage:
        await stage.press("q")
        await stage.until("Detach")
        await stage.press("d")
        await stage.until(lambda: not stage.app.is_running or stage.app.return_value is not None)
        assert not stage.engine.given(Stop)
        farewell = stage.app.return_value
        assert isinstance(farewell, Farewell)
        assert "tui-dl attach" in farewell.text
        assert farewell.exit_code == 0


async def test_stop_and_keep_gives_the_command_and_tells_how_to_resume(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("q")
        await stage.until("Stop and keep")
        await stage.press("s")
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.engine.given(Stop) == [Stop()]
        assert stage.app.return_value is not None
        assert "tui-dl resume" in stage.app.return_value.text


async def test_a_stop_while_the_engine_loads_is_given_when_it_answers() -> None:
    engine = FakeEngine()
    engine.may_connect.clear()
    app = TuiDlApp(None, engine.opening())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q", "s")
        await pilot.pause()
        assert app.return_value is None
        engine.may_connect.set()
        while app.return_value is None:
            await pilot.pause(0.01)
        assert engine.given(Stop) == [Stop()]


@pytest.mark.parametrize("key", ["c", "escape", JAMO["c"]])
async def test_cancel_goes_back_to_the_run(on_stage: Open, key: str) -> None:
    async with on_stage() as stage:
        await stage.press("q")
        await stage.until("Stop and keep")
        await stage.press(key)
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert stage.app.return_value is None


async def test_ctrl_q_in_a_dialog_is_its_way_out(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+q")
        await stage.until("Detach")
        await stage.press("ctrl+q")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_arrows_and_enter_choose(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("R")
        await stage.until("Same seed (")
        await stage.press("down", "enter")
        await stage.until(lambda: stage.engine.given(Restart))
        assert stage.engine.given(Restart) == [Restart(SEED + 1)]


async def test_the_same_seed_is_asked_for_without_a_number(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("R")
        await stage.until("Same seed (")
        await stage.press("s")
        await stage.until(lambda: stage.engine.given(Restart) == [Restart(None)])


@pytest.mark.parametrize(("keys", "batches"), [(["enter"], 100), (["2", "5", "enter"], 25)])
async def test_n_batches(on_stage: Open, keys: list[str], batches: int) -> None:
    async with on_stage() as stage:
        await stage.press("n")
        await stage.until("How many batches")
        await stage.press(*keys)
        await stage.until(lambda: stage.engine.given(Step) == [Step(batches)])


async def test_a_wrong_number_is_said_and_not_taken(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("n")
        await stage.until("How many batches")
        await stage.press("0", "enter")
        await stage.until("a whole number from 1")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert not stage.engine.given(Step)


async def test_the_end_offers_to_go_on(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(status("finished", 920), RunFinished("epochs", 920))
        await stage.until("All planned epochs are done")
        assert "Go on for 40 more epochs" in stage.text
        await stage.press("t")
        await stage.until(lambda: stage.engine.given(ExtendRun) == [ExtendRun(10)])


async def test_the_end_offers_a_look_at_the_test_split_where_there_is_one(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(status("finished", 920), RunFinished("epochs", 920))
        await stage.until("All planned epochs are done")
        assert "test split" not in stage.text
        await stage.press("k")
    async with on_stage(80, 24) as stage:
        known = described()
        tested = tuple(metric for metric in METRICS if metric.name == "test.accuracy")
        stage.engine.post(structs.replace(known, metrics=(*known.metrics, *tested)))
        stage.engine.post(status("finished", 920), RunFinished("epochs", 920))
        await stage.until("Evaluate the test split")
        stage.engine.post(EvaluationRecorded(0, 920, 40, "test", {"loss": 0.123, "accuracy": 0.9876}))
        await stage.press("e")
        await stage.until(lambda: stage.engine.given(Evaluate) == [Evaluate("test")])
        await stage.until("98.8%")


async def test_after_looking_space_offers_it_again(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.post(status("finished", 920), RunFinished("early_stopping", 920))
        await stage.until("Early stopping")
        await stage.press("k")
        await stage.until(lambda: stage.app.screen is stage.screen)
        await stage.press("space")
        await stage.until("Early stopping")


async def test_an_early_stop_that_put_the_best_weights_back_offers_to_undo_it(on_stage: Open) -> None:
    receipt = Receipt(920, 0, {}, edits=(("weights", "of step 920", "of step 84"),), source="early_stopping")
    async with on_stage(80, 24) as stage:
        stage.engine.post(ChangeApplied(receipt), status("finished", 920), RunFinished("early_stopping", 920))
        await stage.until("The weights of step 84, the best, are back")
        await stage.press("u")
        await stage.until(lambda: stage.engine.given(Undo))


async def test_a_value_that_is_not_finite_names_the_layer_and_what_to_do(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(
            status("paused", 50, undo_depth=1, undo_label="lr 0.1 → 50"),
            NonFiniteFound(50, "gradient", "layers.0"),
        )
        await stage.until("First bad layer: layers.0")
        assert "paused before the update" in stage.text
        await stage.press("u")
        await stage.until(lambda: stage.engine.given(Undo))


async def test_from_there_the_optimizer_can_be_changed(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.post(status("paused", 50), NonFiniteFound(50, "loss", "layers.2"))
        await stage.until("First bad layer: layers.2")
        await stage.press("o")
        await stage.until("Change: Optimizer")


async def test_a_failed_engine_shows_its_reason_and_its_log(on_stage: Open, tmp_path: Path) -> None:
    (tmp_path / "engine.log").write_text("loading\nCUDA error: device lost\n")
    async with on_stage(100, 30) as stage:
        stage.engine.post(described(path=str(tmp_path)), RunFailed("the GPU went away", 3))
        stage.engine.drop()
        await stage.until("The engine failed")
        assert "the GPU went away" in stage.text
        assert "CUDA error: device lost" in stage.text
        await stage.until("FAILED")
        await stage.press("q")
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.app.return_value is not None
        assert stage.app.return_value.exit_code == 3


async def test_an_engine_that_was_killed_is_told_apart_and_can_be_looked_at(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.connect_errors = [EngineFailed("the engine was killed by SIGKILL")]
        stage.engine.drop(OSError("reset"))
        await stage.until("killed by SIGKILL")
        await stage.press("l")
        await stage.until(lambda: stage.app.screen is stage.screen)
        await stage.until("FAILED")
        assert "train 0." in stage.text


async def test_announcements_wait_for_an_open_dialog(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("R")
        await stage.until("Same seed")
        stage.engine.post(NonFiniteFound(50, "gradient", "layers.1"))
        await stage.until(lambda: stage.screen.model.nonfinite)
        assert "Same seed" in stage.text
        await stage.press("escape")
        await stage.until("First bad layer: layers.1")


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_help_lists_every_key_and_scrolls(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        await stage.press("question_mark")
        await stage.until("Keys")
        seen = stage.text
        for _ in range(5):
            await stage.pilot.press("down")
        assert height > 40 or stage.text != seen
        await stage.press("end")
        # What cannot be done now comes last.
        await stage.until("take control")
        assert height > 40 or "take control" not in seen
        await stage.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, Dialog))


async def test_notes_are_shown_as_formatted_text(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.press("i")
        await stage.until("Notes")
        assert "**" not in stage.text
        assert "##" not in stage.text
        await stage.press("i")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_losses_that_are_not_finite_do_not_break_the_end(on_stage: Open) -> None:
    async with on_stage() as stage:
        from tests.ui.fake_engine import steps

        stage.engine.post(steps(51, [math.nan]), status("finished", 51), RunFinished("nonfinite", 51))
        await stage.until("nan")


async def test_a_key_that_comes_before_the_lines_are_there_is_no_crash(on_stage: Open) -> None:
    async with on_stage() as stage:
        model, steering = stage.screen.model, stage.screen.steering
        for dialog in (
            Dialog("title", [], []),
            PlanScreen(model, steering, Proposal({"optimizer.lr": 0.1})),
            ReceiptsScreen(model),
        ):
            dialog.action_scroll(1)
