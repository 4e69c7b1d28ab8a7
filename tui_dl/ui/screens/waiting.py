"""A dialog that stands while something long goes on: how long it has been, and the way out meanwhile."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tui_dl.ui.ink import Line
from tui_dl.ui.numerals import duration
from tui_dl.ui.screens.dialog import Choice, Dialog

if TYPE_CHECKING:
    import asyncio

DONE: Final = "done"
_LOOK_EVERY_S: Final = 0.25


class WaitDialog(Dialog):
    """Ends with `done` by itself when the work has, or with the choice that was taken before.

    Args:
        title: of the box.
        describe: what goes on now, in words; asked again and again.
        choices: the ways out; Escape takes the last one.
        work: what is waited for. It is not cancelled.
    """

    def __init__(
        self,
        title: str,
        describe: Callable[[], str],
        choices: Sequence[Choice],
        work: "asyncio.Future[None]",
    ) -> None:
        self._describe = describe
        self._work = work
        self._begun_s = time.monotonic()
        super().__init__(title, self._words(), choices)

    def on_mount(self) -> None:
        self.set_interval(_LOOK_EVERY_S, self._look, name="waiting")

    def _look(self) -> None:
        if self._work.done():
            self.dismiss(DONE)
            return
        words = self._words()
        if words != self._body:
            self._body = words
            self._show()

    def _words(self) -> list[str | Line]:
        waited_s = time.monotonic() - self._begun_s
        return [f"{self._describe()} ({duration(waited_s)})"]
