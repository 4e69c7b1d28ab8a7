from typing import Any

from textual._compositor import ChopsUpdate
from textual.geometry import Region, Size
from textual.screen import Screen

from tests.ui.fake_engine import status
from tests.ui.screens.conftest import Open, Stage
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.screens.dialog import Choice, Dialog


def cells(screen: Screen[Any]) -> list[str]:
    return [strip.text for strip in screen._compositor.render_strips()]


def box_of(stage: Stage) -> Region:
    return stage.app.screen.query_one(".box").region


def outside(lines: list[str], box: Region) -> list[str]:
    return [
        line[: box.x] + line[box.right :] if box.y <= y < box.bottom else line for y, line in enumerate(lines)
    ]


async def test_what_lies_below_stays_as_it_is(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("q")
        await stage.until("Detach")
        assert isinstance(stage.app.screen, Overlay)
        box = box_of(stage)
        assert outside(cells(stage.app.screen), box) == outside(cells(stage.screen), box)
        assert any("▌" in line or "─" in line for line in outside(cells(stage.app.screen), box))


async def test_the_first_paint_is_the_box_alone_with_its_words(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        painted: list[tuple[Screen[Any], Any, list[str]]] = []
        display = stage.app._display

        def watch(screen: Screen[Any], update: Any) -> None:
            if update is not None:
                painted.append((screen, update, cells(stage.app.screen)))
            display(screen, update)

        stage.app._display = watch  # type: ignore[method-assign]
        await stage.press("question_mark")
        await stage.until("Esc closes")
        screen, update, shown = painted[0]
        assert isinstance(screen, Overlay)
        assert "Stop at the next batch boundary" in "\n".join(shown)
        box = box_of(stage)
        spans = set(update.spans)
        assert spans == {(y, box.x, box.right) for y in box.line_range}
        assert all(isinstance(one, Overlay) for one, _, _ in painted)


async def test_what_lies_below_goes_on(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("q")
        await stage.until("Detach")
        stage.engine.post(status("running", step=77_777))
        await stage.until("77,777")
        assert "77,777" in "\n".join(cells(stage.screen))
        box = box_of(stage)
        assert outside(cells(stage.app.screen), box) == outside(cells(stage.screen), box)


class Late(Dialog):
    """One that the screen below asks for a repaint just before the first layout."""

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        if not self._is_shown:
            self.refresh(Region(0, 0, 10, 1))
            # As Textual does by messages, which come in time or not.
            self._dirty_widgets.add(self)
        super()._refresh_layout(size, scroll)


async def test_what_changes_below_while_the_box_comes_is_painted_too(on_stage: Open) -> None:
    """As at the end of a run: its last numbers, and in the same moment the dialog that says so."""
    async with on_stage(160, 48) as stage:
        painted: set[int] = set()
        display = stage.app._display

        def watch(screen: Screen[Any], update: Any) -> None:
            if isinstance(update, ChopsUpdate):
                painted.update(y for y, _, _ in update.spans)
            display(screen, update)

        stage.app._display = watch  # type: ignore[method-assign]
        stage.app.push_screen(Late("Finished", ["All is done."], [Choice("k", "Keep looking", "")]))
        await stage.until("Keep looking")
        box = box_of(stage)
        # Other lines may come with a frame of data.
        assert painted >= {0, *box.line_range}


async def test_a_resized_terminal_is_laid_out_anew_below_and_above(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("q")
        await stage.until("Detach")
        await stage.pilot.resize_terminal(90, 30)
        await stage.pilot.pause()
        await stage.until(lambda: len(cells(stage.screen)) == 30 and box_of(stage).right < 90)
        lines = cells(stage.app.screen)
        assert [len(line) for line in lines] == [90] * 30
        box = box_of(stage)
        assert outside(lines, box) == outside(cells(stage.screen), box)


async def test_a_click_on_what_lies_below_does_nothing(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("q")
        await stage.until("Detach")
        before = stage.screen.view
        x = next(line.index("2 layers") for line in cells(stage.screen) if "2 layers" in line)
        y = next(place for place, line in enumerate(cells(stage.screen)) if "2 layers" in line)
        await stage.pilot.click(offset=(x + 3, y))
        await stage.pilot.pause()
        assert stage.screen.view == before


async def test_the_screen_below_is_whole_again_when_the_box_goes(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("question_mark")
        await stage.until("Esc closes")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert "Esc closes" not in stage.text


async def test_a_dialog_that_goes_has_only_what_it_hid_painted(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("question_mark")
        await stage.until("Esc closes")
        hidden = next(child.region for child in stage.app.screen.children if child.has_class("box"))
        painted: list[Region] = []
        compositor = stage.screen._compositor
        render_update = compositor.render_update

        def watched(*args: Any, **options: Any) -> Any:
            painted.extend(compositor._dirty_regions)
            return render_update(*args, **options)

        compositor.render_update = watched  # type: ignore[method-assign]
        await stage.press("escape")
        await stage.until(lambda: "Esc closes" not in stage.text)
        assert hidden in painted
        assert stage.screen.size.region not in painted
