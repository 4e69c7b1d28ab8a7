"""The program may be left at any moment, while the screen is still being put together too."""

from collections.abc import Iterable

import pytest
from textual.containers import Container
from textual.widget import AwaitMount, Widget

from tests.ui.fake_engine import FakeEngine
from tests.ui.screens.conftest import Open
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.proposal import Proposal
from tui_dl.ui.screens.change_plan import PlanScreen
from tui_dl.ui.screens.look_actions import LookActions


@pytest.mark.parametrize("owner", ["views", "strip"])
async def test_leaving_while_the_views_are_being_mounted(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = TuiDlApp(None, FakeEngine().opening(None))
    mount_all, add_strip = Container.mount_all, LookActions.add_strip

    def mount_and_leave(self: Container, widgets: Iterable[Widget]) -> AwaitMount:
        views = list(widgets)
        mounted = mount_all(self, views)
        # What a container is composed of comes this way as well.
        if len(views) > 1 and self.id == "views":
            app.exit()
        return mounted

    async def add_and_leave(self: LookActions) -> None:
        await add_strip(self)
        app.exit()

    if owner == "views":
        monkeypatch.setattr(Container, "mount_all", mount_and_leave)
    else:
        monkeypatch.setattr(LookActions, "add_strip", add_and_leave)
    # What goes wrong in the app is raised at the end of this.
    async with app.run_test(size=(120, 36)) as pilot:
        while not app._exit:
            await pilot.pause(0.01)
        await pilot.pause()


async def test_a_plan_that_comes_after_its_dialog_was_left(on_stage: Open) -> None:
    async with on_stage() as stage:
        plan = PlanScreen(stage.screen.model, stage.screen.steering, Proposal({"optimizer.lr": 0.1}))
        await stage.app.push_screen(plan)
        await stage.press("escape")
        await stage.until(lambda: not plan.is_attached)
        plan._show()
