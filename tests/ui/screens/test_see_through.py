from tests.ui.screens.conftest import Open, Stage
from tui_dl.ui.screens.dialog import Choice, Dialog
from tui_dl.ui.screens.help import HelpScreen


def _links(stage: Stage) -> list[str]:
    strips = stage.app.screen._compositor.render_strips()
    return [
        str(segment.style.meta["@click"])
        for strip in strips
        for segment in strip
        if segment.style is not None and "@click" in segment.style.meta
    ]


async def test_what_is_below_is_seen_as_it_is_and_not_clicked(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        before = stage.text.splitlines()
        assert any("toggle_run" in link for link in _links(stage))
        stage.app.push_screen(Dialog("Title", ["Words."], [Choice("c", "Close", "")]))
        await stage.until("Words.")
        assert stage.text.splitlines()[0] == before[0]
        assert stage.text.splitlines()[-1] == before[-1]
        assert not any("toggle_run" in link for link in _links(stage))


async def test_it_is_seen_after_a_resize_and_through_two_dialogs(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        stage.app.push_screen(Dialog("First", ["Words."], [Choice("c", "Close", "")]))
        await stage.until("Words.")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: "overview" in stage.text and len(stage.text.splitlines()) == 24)
        stage.app.push_screen(Dialog("Second", ["Other."], [Choice("c", "Close", "")]))
        await stage.until("Other.")
        assert "RUNNING" in stage.text


async def test_help_shows_what_can_be_done_first_and_finds(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, HelpScreen))
        change = stage.text.index("Change")
        assert stage.text.index("undo", change) > stage.text.index("schedule", change)
        await stage.press("slash", *"learning")
        await stage.until(lambda: "Stop at the next batch" not in stage.text)
        assert "Lower the learning rate" in stage.text
        await stage.press("escape")
        await stage.until("Stop at the next batch")
        await stage.press("question_mark")
        await stage.until(lambda: stage.app.screen is stage.screen)
