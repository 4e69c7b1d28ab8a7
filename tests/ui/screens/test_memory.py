import gc

from textual._styles_cache import StylesCache

from tests.ui.screens.conftest import Open


def rendered_widgets() -> int:
    gc.collect()
    # Not `isinstance`: that asks objects for their class, and torch's module warns when it is asked.
    return sum(type(one) is StylesCache for one in gc.get_objects())


async def test_a_closed_screen_leaves_nothing_in_memory(on_stage: Open) -> None:
    async with on_stage() as stage:
        for _ in range(2):
            await stage.press("question_mark")
            await stage.until("Esc closes")
            await stage.press("escape")
        before = rendered_widgets()
        for _ in range(5):
            await stage.press("question_mark")
            await stage.until("Esc closes")
            await stage.press("escape")
        # The one closed last may still be known.
        assert rendered_widgets() <= before + 3
