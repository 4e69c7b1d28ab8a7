"""The frame clock in a real app, and over a real pseudo-terminal."""

import os
import re
import sys
import textwrap
from pathlib import Path

import pexpect
import pytest
from textual import events, messages
from textual.app import App, ComposeResult
from textual.widgets import Static

from tui_dl.ui.frame_clock import Answer
from tui_dl.ui.terminal_link import FrameClockApp, capture_mouse, first_question, is_painted

PROGRAM = textwrap.dedent(
    """
    from textual.widgets import Static
    from tui_dl.ui.terminal_link import FrameClockApp

    class Ticking(FrameClockApp[None]):
        count = 0
        def compose(self):
            yield Static("frame 0", id="text")
        def on_mount(self):
            self.frame_clock.register("text", self.paint)
            self.set_interval(0.01, self.frame_clock.request)
        def paint(self):
            self.count += 1
            self.query_one("#text", Static).update(f"frame {self.count}")
        def on_key(self, event):
            self.exit()

    Ticking().run()
    """
)


class Small(FrameClockApp[None]):
    def compose(self) -> ComposeResult:
        yield Static("seen", id="seen")
        yield Static("hidden", id="hidden")

    def on_mount(self) -> None:
        self.query_one("#hidden").display = False


async def test_the_clock_runs_with_the_app_and_hears_both_answers() -> None:
    app = Small()
    async with app.run_test() as pilot:
        assert app.frame_clock.is_running
        app.post_message(messages.TerminalSupportsSynchronizedOutput())
        await pilot.pause()
        assert app.frame_clock.answer is Answer.SYNCHRONIZED_OUTPUT
        app.post_message(events.CursorPosition(1, 1))
        await pilot.pause()
        assert is_painted(app.query_one("#seen"))
        assert not is_painted(app.query_one("#hidden"))
    assert not app.frame_clock.is_running


async def test_lending_the_terminal_away_stops_the_clock() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.app_suspend_signal.publish(app)
        assert not app.frame_clock.is_running
        app.app_resume_signal.publish(app)
        await pilot.pause()
        assert app.frame_clock.is_running


async def test_a_request_is_painted_in_a_headless_app() -> None:
    app = Small()
    async with app.run_test() as pilot:
        painted: list[int] = []
        app.frame_clock.register("seen", lambda: painted.append(1))
        app.frame_clock.request()
        app.frame_clock.paint_now()
        await pilot.pause()
        assert painted == [1]


@pytest.mark.parametrize(
    ("environment", "question"),
    [
        ({}, Answer.SYNCHRONIZED_OUTPUT),
        ({"TMUX": "/tmp/tmux"}, Answer.CURSOR_POSITION),
        ({"TERM_PROGRAM": "Apple_Terminal"}, Answer.CURSOR_POSITION),
    ],
)
def test_the_first_question_suits_the_terminal(environment: dict[str, str], question: Answer) -> None:
    assert first_question(environment) is question


@pytest.mark.parametrize("question", list(Answer))
def test_a_real_terminal_that_does_not_answer_gets_no_further_frame(tmp_path: Path, question: Answer) -> None:
    """Answers one frame at a time by hand: the next comes with the answer and not before."""
    program = tmp_path / "ticking.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("TMUX", None)
    environment.pop("TERM_PROGRAM", None)
    if question is Answer.CURSOR_POSITION:
        environment["TMUX"] = "/tmp/not-a-socket"
    answer = {Answer.SYNCHRONIZED_OUTPUT: "\x1b[?2026;2$y", Answer.CURSOR_POSITION: "\x1b[1;1R"}[question]
    asked = re.escape(question.value)
    child = pexpect.spawn(
        sys.executable, [str(program)], env=environment, dimensions=(24, 80), encoding="utf-8", timeout=20
    )
    try:
        child.expect(asked)
        child.send(answer)
        # A frame's question follows the frame; whatever Textual asks by itself comes before the first frame.
        child.expect(r"frame [1-9]\d*")
        child.expect(asked)
        with pytest.raises(pexpect.TIMEOUT):
            child.expect(r"frame \d+", timeout=1.0)
        child.send(answer)
        child.expect(r"frame \d+")
        child.expect(asked)
        child.send(answer)
        child.send("q")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)


class _MouseDriver:
    """What `capture_mouse` knows of a driver of a real terminal."""

    is_headless = False

    def __init__(self) -> None:
        self._mouse = True
        self.written: list[str] = []

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.written.append("on")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.written.append("off")


def test_the_mouse_is_let_go_and_taken_back_while_the_screen_is_up() -> None:
    app: App[None] = App()
    driver = _MouseDriver()
    app._driver = driver  # type: ignore[assignment] - as much of one as is needed
    capture_mouse(app, is_on=False)
    # The end of the program would switch it off again, were it still on.
    assert (driver.written, driver._mouse) == (["off"], False)
    capture_mouse(app, is_on=True)
    assert (driver.written, driver._mouse) == (["off", "on"], True)
