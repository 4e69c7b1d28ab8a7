"""The frame clock in a real app, and over a real pseudo-terminal."""

import os
import re
import sys
import textwrap
from pathlib import Path

import pexpect
import pytest
from textual import events, messages
from textual.app import ComposeResult
from textual.widgets import Static

from tui_dl.ui.frame_clock import Answer
from tui_dl.ui.link_profile import LOCAL, SSH
from tui_dl.ui.terminal_link import FrameClockApp, first_question, is_painted

PROGRAM = textwrap.dedent(
    """
    from textual.widgets import Static
    from tui_dl.ui.terminal_link import FrameClockApp

    class Ticking(FrameClockApp[None]):
        count = 0
        def compose(self):
            yield Static("first", id="text")
        def on_mount(self):
            self.frame_clock.register("text", self.paint)
            self.set_interval(0.01, self.frame_clock.request)
        def paint(self):
            self.count += 1
            # Every cell of it differs from the frame before: only such cells are sent.
            self.query_one("#text", Static).update(f"{'ab'[self.count % 2] * 6}{self.count}.")
        def on_key(self, event):
            self.exit()

    Ticking().run()
    """
)


BUSY = textwrap.dedent(
    """
    import time
    from textual.widgets import Static
    from tui_dl.ui.terminal_link import FrameClockApp

    class Busy(FrameClockApp[str]):
        painted = ""
        def compose(self):
            yield Static("first", id="text")
        def on_mount(self):
            self.frame_clock.register("slow", self.wait_for_a_key)
            self.frame_clock.register("quick", self.paint)
            self.set_timer(0.2, self.frame_clock.request)
        def wait_for_a_key(self):
            # The event loop is held meanwhile: it can hear of nothing.
            print("\x1b]2;busy\x07", end="", file=__import__("sys").__stderr__, flush=True)
            until = time.monotonic() + 10
            while not self.input_waits and time.monotonic() < until:
                pass
            self.painted += "slow "
        def paint(self):
            self.painted += "quick "
        def on_key(self, event):
            self.exit(f"painted {self.painted}before, waits {self.input_waits}.")

    print(Busy().run())
    """
)


FRAME = r"[ab]{6}(\d+)"


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
        # At its start Textual sends the screen several times, before a question and behind it, with whatever
        # frame is the newest: a repaint is no further frame. After some that were answered this is over.
        number = 0
        while number < 3:
            number = _frame(child, number + 1)
            child.expect(asked)
            if number < 3:
                child.send(answer)
        with pytest.raises(pexpect.TIMEOUT):
            child.expect(FRAME, timeout=1.0)
        child.send(answer)
        assert _frame(child, number + 1) == number + 1
        child.expect(asked)
        child.send(answer)
        child.send("q")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)


def _frame(child: "pexpect.spawn[str]", at_least: int) -> int:
    """Read up to a frame of this number or a later one; returns its number."""
    number = -1
    while number < at_least:
        child.expect(FRAME)
        assert child.match is not None
        number = int(child.match.group(1))
    return number


def test_a_key_breaks_a_frame_off_that_is_being_painted(tmp_path: Path) -> None:
    """It is the terminal's thread that hears of it: the event loop is busy painting."""
    program = tmp_path / "busy.py"
    program.write_text(BUSY)
    child = pexpect.spawn(sys.executable, [str(program)], env={**os.environ, "TERM": "xterm-256color"})
    try:
        child.expect_exact("\x1b]2;busy\x07", timeout=20)
        child.send("k")
        child.expect_exact("painted slow before, waits False.", timeout=20)
        child.expect(pexpect.EOF, timeout=20)
    finally:
        child.close(force=True)


async def test_a_spared_link_stretches_the_time_between_frames() -> None:
    app = Small()
    async with app.run_test():
        app.spare_link(SSH)
        assert app.frame_clock.stretch == SSH.stretch
        app.spare_link(LOCAL)
        assert app.frame_clock.stretch == 1.0


def test_over_ssh_a_mouse_that_only_moves_is_not_reported(tmp_path: Path) -> None:
    program = tmp_path / "spared.py"
    program.write_text(
        PROGRAM.replace("def on_mount(self):", "def on_mount(self):\n        self.spare_link(SSH)").replace(
            "from textual.widgets", "from tui_dl.ui.link_profile import SSH\nfrom textual.widgets"
        )
    )
    child = pexpect.spawn(sys.executable, [str(program)], env={**os.environ, "TERM": "xterm-256color"})
    child.expect_exact("\x1b[?1003l\x1b[?1002h", timeout=20)
    child.expect(FRAME.encode(), timeout=20)
    child.send("q")
    child.expect(pexpect.EOF, timeout=20)


async def test_what_is_to_be_painted_does_not_wait_for_a_sixtieth_of_a_second() -> None:
    app = Small()
    async with app.run_test():
        assert app.screen._update_timer._interval == 1 / 240
