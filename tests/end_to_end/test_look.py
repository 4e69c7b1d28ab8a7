"""What goes to the terminal: no colour that it has not, no character wider than it draws."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.program import leave, run, terminal, tiny
from tests.pty_terminal import PtyTerminal
from tui_dl.runs import runs_home

_STYLES = re.compile(rb"\x1b\[([0-9;]*)m")
_COLOURS_16 = {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
BARE = {
    "COLORTERM": "",
    "NO_COLOR": "",
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "TMUX": "",
    "SSH_CONNECTION": "",
}


def codes(screen: PtyTerminal) -> list[int]:
    """Every number of every style that was sent; a colour of the 256 or an exact one with all its parts."""
    return [int(part or 0) for style in _STYLES.findall(screen.output) for part in style.split(b";")]


def shown(folder: Path, *options: str, keys: str = "", **environment: str) -> PtyTerminal:
    """The terminal after a short run of the real program."""
    traits = {"keeps_output": True}
    arguments = ("run", tiny(folder), *options)
    with terminal(*arguments, columns=80, rows=24, traits=traits, **{**BARE, **environment}) as screen:
        screen.wait_for("RUNNING")
        screen.wait_for("validation")
        for key in keys:
            screen.press(key)
        screen.press("?")
        screen.wait_for("Stop at the next batch")
        screen.press("\x1b")
        screen.wait_for(lambda it: "Stop at the next batch" not in it.text)
        assert leave(screen, "s") == 0
        return screen


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "COLORTERM": "truecolor"}, {"TERM": "vt100"}])
def test_without_colour_no_code_for_one_goes_out(tmp_path: Path, environment: dict[str, str]) -> None:
    screen = shown(tmp_path, keys="25", **environment)
    assert codes(screen)
    assert set(codes(screen)) <= {0, 1, 2, 3, 4, 7, 22, 23, 24, 27}


@pytest.mark.parametrize(
    "environment", [{"TERM": "xterm-16color"}, {"COLORTERM": "truecolor", "TUI_DL_THEME": "ansi-dark"}]
)
def test_sixteen_names_are_enough(tmp_path: Path, environment: dict[str, str]) -> None:
    sent = set(codes(shown(tmp_path, keys="2", **environment)))
    assert sent & _COLOURS_16
    assert sent <= _COLOURS_16 | {0, 1, 2, 3, 4, 7, 39, 49}


@pytest.mark.parametrize(("environment", "kind"), [({}, b"38;5;"), ({"COLORTERM": "truecolor"}, b"38;2;")])
def test_more_colours_where_there_are_more(tmp_path: Path, environment: dict[str, str], kind: bytes) -> None:
    screen = shown(tmp_path, **environment)
    other = {b"38;5;": b"38;2;", b"38;2;": b"38;5;"}[kind]
    assert kind in screen.output
    assert other not in screen.output


def test_a_terminal_of_wide_ambiguous_characters_is_asked_and_spared_them(tmp_path: Path) -> None:
    traits = {"ambiguous_is_wide": True}
    with terminal("run", tiny(tmp_path), columns=80, rows=24, traits=traits, **BARE) as screen:
        screen.wait_for("RUNNING")
        screen.wait_for(lambda it: any(0x2800 < ord(one) < 0x2900 for one in it.text))
        beyond = {one for one in screen.text if not one.isascii() and not 0x2800 <= ord(one) < 0x2900}
        assert not beyond
        assert leave(screen, "s") == 0


def test_an_answer_that_comes_late_is_heeded_too(tmp_path: Path) -> None:
    traits = {"ambiguous_is_wide": True, "holds_answers": True}
    environment = {**BARE, "SSH_CONNECTION": "1 2 3 4"}
    with terminal("run", tiny(tmp_path), columns=80, rows=24, traits=traits, **environment) as screen:
        screen.wait_for("╭─ loss")
        screen.release_answers()
        screen.wait_for("+- loss")
        assert leave(screen, "s") == 0


def test_what_is_typed_while_it_loads_is_not_lost(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), columns=80, rows=24, **BARE) as screen:
        screen.press("?")
        screen.wait_for("Stop at the next batch")


@pytest.mark.parametrize(
    ("ground", "colour"), [("ffff/ffff/fafa", b"38;5;25"), ("1c1c/1c1c/1c1c", b"38;5;75")]
)
def test_the_ground_of_the_terminal_chooses_the_theme(tmp_path: Path, ground: str, colour: bytes) -> None:
    traits = {"ground": ground, "keeps_output": True}
    with terminal("run", tiny(tmp_path), columns=120, rows=36, traits=traits, **BARE) as screen:
        screen.wait_for("RUNNING")
        assert leave(screen, "s") == 0
    assert colour in screen.output


def test_a_theme_that_was_chosen_is_there_again(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), columns=80, rows=24, **BARE) as screen:
        screen.wait_for("RUNNING")
        screen.press("t")
        screen.wait_for("theme light")
        screen.press("t")
        screen.wait_for("theme contrast-dark")
        assert leave(screen, "s") == 0
    assert 'theme = "contrast-dark"' in (runs_home().parent / "settings.toml").read_text()
    with terminal("run", tiny(tmp_path), columns=80, rows=24, **BARE) as screen:
        screen.wait_for("RUNNING")
        assert screen.style_of("step ")[1] == "000000"  # type: ignore[index] - it is there
        assert leave(screen, "s") == 0


def test_the_mouse_is_left_to_the_terminal_where_it_is_not_wanted(tmp_path: Path) -> None:
    home = runs_home().parent
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.toml").write_text("mouse = false\n")
    screen = shown(tmp_path)
    assert b"\x1b[?1003h" not in screen.output


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_draw_a_screen_is_told_so(tmp_path: Path, term: str) -> None:
    traits = {"keeps_output": True}
    with terminal("run", tiny(tmp_path), traits=traits, **{**BARE, "TERM": term}) as screen:
        assert screen.wait_closed() == 2
    assert b"--headless" in screen.output
    assert b"\x1b" not in screen.output


def test_options_of_the_screen_are_refused_without_one(tmp_path: Path) -> None:
    ended = run("run", tiny(tmp_path), "--headless", "--steps", "1", "--present")
    assert ended.returncode == 2
    assert "--present" in ended.stderr


def test_options_may_stand_before_or_after_the_command(tmp_path: Path) -> None:
    for arguments in (("--present", "run", tiny(tmp_path)), ("run", tiny(tmp_path), "--present")):
        with terminal(*arguments, columns=80, rows=24, **BARE) as screen:
            screen.wait_for("R U N N I N G")
            assert leave(screen, "s") == 0
