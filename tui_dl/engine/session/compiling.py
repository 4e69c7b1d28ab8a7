"""A step that is being compiled: seconds in which no batch is made, said before they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from tui_dl.engine.session.session import Session
    from tui_dl.engine.training.compiled.whole_step import CompileNews
    from tui_dl.wire.messages import RunState

WORDS: Final = "compiling the step"


@final
class Compiling:
    """Tells of it in the status, and in a notice where it has failed and steps stay eager."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before: tuple[RunState, str] = ("paused", "")
        session.trainer.watch_compiling(self.take)

    def take(self, news: CompileNews) -> None:
        """Say what has happened."""
        session = self._session
        if news.kind == "began":
            self._before = (session.state, session.detail)
            session.show("running", WORDS)
            return
        session.show(*self._before)
        if news.kind == "failed" and news.words:
            session.reports.notice(f"training.compile: {news.words}; the steps are made without it")
        elif news.words:
            session.reports.record("compiled", news.words)
