"""A run that breaks at step 100, on real terminals: each view can be read throughout, and undo mends it."""

from pathlib import Path

import pytest

from tests.end_to_end.program import PATIENCE_S, beyond, facts, leave, only_run, shows, step_on, terminal
from tests.pty_terminal import PtyTerminal

BREAKS = """
title = "Breaks at step 100"
[data]
name = "digits"
[model]
name = "mlp"
hidden = [64, 64]
[optimizer]
name = "sgd"
lr = 0.1
[training]
batch_size = 64
epochs = 100000
device = "cpu"
[[script]]
at_step = 100
set = { "optimizer.lr" = 1e12 }
"""
# What a view shows whatever the numbers are.
VIEWS = {
    "1": ("loss", "train"),
    "2": ("‖grad‖", "layers.0", "layers.2", "measured at step"),
    "3": ("weights of layers.0", "gradients of layers.0", "█", "measured at step"),
    "4": ("optimizer", "sgd", "effective step", "layers.0"),
    "5": ("true→predicted", "confusion"),
    "6": ("lr 0.1 → 1e12", "running"),
}


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 48)])
def test_each_view_can_be_read_before_and_after_a_value_that_is_not_finite(
    columns: int, rows: int, tmp_path: Path
) -> None:
    path = tmp_path / "breaks.toml"
    path.write_text(BREAKS)
    with terminal("run", str(path), "--paused", columns=columns, rows=rows) as screen:
        screen.wait_for("PAUSED", PATIENCE_S)
        screen.press("s")
        screen.wait_for(beyond(0))
        for key in "1234":
            see(screen, key)

        screen.press("1 ")
        screen.wait_for(shows("Not a finite number", "Undo optimizer.lr 0.1 → 1e12"), PATIENCE_S)
        screen.press("k")
        screen.wait_for(lambda it: "Not a finite number" not in it.text)
        broken_at = step_on(screen)
        assert broken_at >= 101
        for key in VIEWS:
            see(screen, key, *({"2": ("inf",), "6": ("non-finite gradient",)}.get(key, ())))

        screen.press("u")
        screen.wait_for(lambda it: step_on(it) == 100 and "non-finite" not in it.lines[0])
        for key in VIEWS:
            see(screen, key, *({"6": ("took back",)}.get(key, ())))
        screen.press("1 ")
        screen.wait_for(beyond(broken_at + 100), PATIENCE_S)
        assert "RUNNING" in screen.text
        for key in VIEWS:
            see(screen, key)
        assert leave(screen, "s") == 0
        assert "Traceback" not in screen.text
    log = only_run().log_path.read_text()
    assert "Traceback" not in log
    assert facts(only_run())["state"] == "finished"


def see(screen: PtyTerminal, key: str, *more: str) -> None:
    """Look at a view: all of its words are there, and every box is closed below its upper corner."""
    screen.press(key)
    screen.wait_for(lambda it: shows(*VIEWS[key], *more)(it) and are_closed(it.lines))


def are_closed(lines: list[str]) -> bool:
    """Whether each corner at a box's upper right has one at its lower right below."""
    return all(
        any(below[column] == "╯" for below in lines[row + 1 :])
        for row, line in enumerate(lines)
        for column, character in enumerate(line)
        if character == "╮"
    )
