import base64

import pytest

from tui_dl.ui.terminal_words import clipboard, notification

XTERM = {"TERM": "xterm-256color"}
TMUX = {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"}


def test_a_notification_is_one_command_that_text_cannot_leave() -> None:
    said = notification("done\x07\x1b[2Jevil\x9c\nnext", XTERM)
    assert said.startswith("\x1b]9;done")
    assert said.count("\x1b") == 1
    assert said.count("\x07") == 1
    assert said.endswith("\x07")
    assert "\n" not in said
    assert len(notification("x" * 10_000, XTERM)) < 300


def test_tmux_passes_it_on_with_escapes_doubled() -> None:
    assert notification("done", TMUX) == "\x1bPtmux;\x1b\x1b]9;done\x07\x1b\\"
    assert notification("done", {"TERM": "screen", "STY": "1.x"}) == "\x1bP\x1b]9;done\x07\x1b\\"


@pytest.mark.parametrize("term", ["", "dumb", "linux"])
def test_a_terminal_that_would_paint_it_gets_nothing(term: str) -> None:
    assert notification("done", {"TERM": term}) == ""
    assert clipboard("text", {"TERM": term}) == ""


def test_the_clipboard_gets_every_character() -> None:
    text = "손실 0.5\n" * 1000
    said = clipboard(text, XTERM)
    assert said.startswith("\x1b]52;c;")
    assert base64.b64decode(said[len("\x1b]52;c;") : -1]).decode() == text
    # tmux may take the plain one, or pass the wrapped one on, or neither: as it was set.
    in_tmux = clipboard(text, TMUX)
    assert in_tmux.startswith(said)
    assert in_tmux.endswith("\x1b\\")
