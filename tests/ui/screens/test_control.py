import pytest
from msgspec.structs import replace

from tests.ui.fake_engine import described
from tests.ui.screens.conftest import Open, Stage
from tests.ui.screens.test_change import RECEIPT
from tui_dl.errors import ChangeRefused
from tui_dl.spec.catalogue import siblings
from tui_dl.spec.losses import CrossEntropy
from tui_dl.spec.preset import load_preset
from tui_dl.ui.panels.control import ControlPanel
from tui_dl.ui.screens.change_form import ChangeForm
from tui_dl.ui.screens.source import SourceScreen
from tui_dl.wire.commands import ApplyChange, SetPace
from tui_dl.wire.messages import ChangeApplied


def panel_of(stage: Stage) -> ControlPanel:
    return stage.screen.query_one(ControlPanel)


async def go_to(stage: Stage, label: str) -> None:
    """Go to the control panel, and down to a row."""
    await stage.press("c")
    await stage.until(lambda: panel_of(stage).has_focus)
    await stage.press("home")
    while (row := panel_of(stage).chosen) is None or row.label != label:
        await stage.press("down")


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 36), (160, 48)])
async def test_every_row_is_reached_and_kept_in_sight(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        await stage.press("c")
        await stage.until(lambda: panel_of(stage).has_focus)
        labels = []
        for _ in range(60):
            row = panel_of(stage).chosen
            assert row is not None
            labels.append(row.label)
            shown = [line for line in stage.text.splitlines() if "▌" in line]
            assert any((row.label.upper() if row.head else row.label[:10]) in line for line in shown)
            await stage.press("down")
            if panel_of(stage).chosen == row:
                break
        assert {"data", "hidden", "loss", "lr", "beta1", "schedule", "regularizers", "batch_size"} <= set(
            labels
        )
        assert "Enter form  Esc back" in stage.text.splitlines()[-1]
        await stage.press("escape")
        await stage.until(lambda: not panel_of(stage).has_focus)
        assert "space pause" in stage.text.splitlines()[-1]


@pytest.mark.parametrize(
    ("label", "key", "change"),
    [
        ("lr", "right", {"optimizer.lr": 0.0011}),
        ("lr", "left_square_bracket", {"optimizer.lr": 0.00090909}),
        ("beta1", "right", {"optimizer.beta1": 0.92}),
        ("amsgrad", "right", {"optimizer.amsgrad": True}),
        ("batch_size", "left", {"training.batch_size": 32}),
        ("loss", "right_square_bracket", {"optimizer.lr": 0.0011}),
    ],
)
async def test_a_row_is_moved_by_its_step(
    on_stage: Open, label: str, key: str, change: dict[str, object]
) -> None:
    async with on_stage() as stage:
        await go_to(stage, label)
        await stage.press(key)
        await stage.until(lambda: stage.engine.given(ApplyChange))
        assert stage.engine.given(ApplyChange)[0].change == change


async def test_the_pace_is_moved_without_a_change(on_stage: Open) -> None:
    async with on_stage() as stage:
        await go_to(stage, "pace")
        await stage.press("left")
        await stage.until(lambda: stage.engine.given(SetPace))
        assert not stage.engine.given(ApplyChange)


async def test_a_refusal_is_said_beside_the_row_and_goes_when_one_moves_on(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.refusal = ChangeRefused("not while it rains")
        await go_to(stage, "lr")
        await stage.press("right")
        await stage.until("✗ not while it rains")
        await stage.press("down")
        await stage.until(lambda: "not while it rains" not in stage.text)


async def test_who_only_watches_is_told(on_stage: Open) -> None:
    async with on_stage(controls=False) as stage:
        await go_to(stage, "lr")
        await stage.press("right")
        await stage.until("does not steer")
        assert not stage.engine.given(ApplyChange)


async def test_a_fresh_start_is_not_nudged(on_stage: Open) -> None:
    async with on_stage() as stage:
        await go_to(stage, "hidden")
        await stage.press("right")
        await stage.until("starts over: Enter opens")
        await stage.press("enter")
        await stage.until("Change: Model")
        form = stage.app.screen
        assert isinstance(form, ChangeForm)
        assert form.state.field is not None
        assert form.state.field.name == "hidden"


async def test_a_regularizers_setting_opens_its_form(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.post(described(load_preset("digits-mlp", {"regularizers": ["l2", "dropout"]})))
        await stage.until("dropout")
        await go_to(stage, "dropout")
        await stage.press("right")
        await stage.until(lambda: stage.engine.given(ApplyChange))
        assert stage.engine.given(ApplyChange)[0].change == {"regularizers.dropout.p": 0.55}
        await stage.press("enter")
        await stage.until("Change: Regularizers")
        assert "▸● dropout" in stage.text or "▸●" in stage.text


async def test_the_last_change_stands_in_the_panel_and_opens(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.post(ChangeApplied(replace(RECEIPT, step=77)))
        await go_to(stage, "last change")
        await stage.press("enter")
        await stage.until("at step 77")


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (160, 48)])
async def test_the_source_of_the_chosen_row_is_shown(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        await go_to(stage, "optimizer")
        await stage.press("S")
        await stage.until("class Adam(Optimizer)")
        await stage.press("f")
        await stage.until("▸    def step")
        await stage.press("slash", *"exp_avg", "enter")
        await stage.until("/ exp_avg")
        await stage.press("escape", "tab")
        await stage.until("class ConstantLR")
        await stage.press("2")
        await stage.until("schedule_factor.py:")
        assert "return 1.0" in stage.text
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_the_model_is_shown_where_nothing_is_chosen(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("S")
        await stage.until("class Linear(Module)")
        await stage.press("f")
        await stage.until("▸    def forward")


async def test_the_form_shows_the_source_and_is_there_again(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("l")
        await stage.until("Change: Loss")
        await stage.press(*["down"] * list(siblings(CrossEntropy)).index("mse"))
        await stage.until("Mean squared error")
        await stage.press("f2")
        await stage.until(lambda: isinstance(stage.app.screen, SourceScreen))
        await stage.until("def mse_loss")
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, ChangeForm))
        await stage.until("Mean squared error")


async def test_what_has_no_library_shows_how_it_is_made_here(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("r")
        await stage.until("Change: Regularizers")
        await stage.press("f2")
        await stage.until("def _(regularizer: spec.L1")
        await stage.press("1")
        await stage.until("it is not taken from a library")
