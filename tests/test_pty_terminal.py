"""The terminal that end-to-end tests stand on answers and draws as a terminal does."""

import sys

import pytest

from tests.pty_terminal import PtyTerminal

ASK = """
import os, select, sys, termios, tty
tty.setraw(0)
def ask(question):
    os.write(1, question)
    answer = b""
    while select.select([0], [], [], 0.3)[0]:
        answer += os.read(0, 100)
    return answer.replace(b"\\x1b", b"^")
questions = b"\\x1b[1;1Hab\\x1b[6n", b"\\x1b[?2026$p", b"\\x1b[?2048$p", b"\\x1b[c"
answers = [ask(question) for question in questions]
os.write(1, b"\\x1b[2J\\x1b[1;1H" + b" ".join(answers) + b" done")
os.read(0, 1)
"""


def run(program: str, **options: int) -> PtyTerminal:
    return PtyTerminal([sys.executable, "-c", program], **options)


def test_a_program_gets_a_terminals_answers() -> None:
    with run(ASK) as terminal:
        terminal.wait_for("done")
        assert terminal.lines[0].split() == ["^[1;3R", "^[?2026;2$y", "^[?2048;0$y", "^[?62;22c", "done"]


def test_what_pyte_does_not_know_is_not_printed_even_when_it_comes_in_pieces() -> None:
    program = """
import sys, time
for piece in (
    "\\x1b[>", "25u\\x1b[?10", "49hone \\x1b[?2026", "h\\x1b[1mtwo\\x1b[0m\\x1b[<u\\x1b[3;1Hthree\\x1b[?2026l"
):
    sys.stdout.write(piece)
    sys.stdout.flush()
sys.stdin.read(1)
"""
    with run(program, columns=20, rows=5) as terminal:
        terminal.wait_for("three")
        assert terminal.text.rstrip() == "one two\n\nthree"
        assert terminal.style_of("two") != terminal.style_of("one")
        assert terminal.style_of("four") is None


def test_a_synchronised_update_is_shown_when_it_is_complete() -> None:
    program = """
import sys
sys.stdout.write("\\x1b[?2026hone")
sys.stdout.flush()
sys.stdin.readline()
sys.stdout.write(" two\\x1b[?2026l")
sys.stdout.flush()
sys.stdin.read(1)
"""
    with run(program, columns=20, rows=5) as terminal:
        while "one" not in terminal.text:
            pass
        with pytest.raises(TimeoutError):
            terminal.wait_for("one", 0.0)
        terminal.press("\r")
        terminal.wait_for("two")


def test_resizing_signals_the_program_and_keys_reach_it() -> None:
    program = """
import os, signal, sys
def tell(*_):
    print(*os.get_terminal_size(), flush=True)
signal.signal(signal.SIGWINCH, tell)
tell()
for line in sys.stdin:
    print("heard", line, flush=True)
"""
    with run(program, columns=90, rows=20) as terminal:
        terminal.wait_for("90 20")
        terminal.resize(100, 30)
        terminal.wait_for("100 30")
        pressed_at = terminal.press("hello\n")
        assert terminal.wait_for("heard hello") >= pressed_at


def test_the_end_is_seen_with_its_last_words_and_code() -> None:
    with run("print('last words'); raise SystemExit(7)") as terminal:
        assert terminal.wait_closed() == 7
        assert "last words" in terminal.text
        with pytest.raises(EOFError, match="last words"):
            terminal.wait_for("never shown")


def test_hanging_up_ends_a_program() -> None:
    # Where the tests themselves ignore hangups, as under nohup, what they start does so too.
    heeds = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"
    terminal = run(f"{heeds}; print('up', flush=True); import time; time.sleep(100)")
    terminal.wait_for("up")
    terminal.hang_up()
    assert terminal.wait_closed() < 0
