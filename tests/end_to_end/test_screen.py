"""The run screen of the real program on a terminal: start, steer, change, undo, leave."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.end_to_end.program import (
    PATIENCE_S,
    ROOT,
    assert_nothing_missing,
    beyond,
    checkpoints,
    facts,
    folders,
    leave,
    only_run,
    recorded,
    run,
    shows,
    step_on,
    terminal,
    tiny,
    wait_for_end,
)
from tests.pty_terminal import PtyTerminal
from tui_dl.runs import RunReader, is_alive

ENTER = "\r"
UP = "\x1b[A"
DOWN = "\x1b[B"
ESCAPE = "\x1b"


def activation_on(screen: PtyTerminal) -> str:
    """What the control panel says is the activation."""
    found = re.search(r"^ +activation +(\w+)", screen.text, re.MULTILINE)
    return found.group(1) if found else ""


def test_from_the_start_over_a_change_and_its_undo_to_the_end(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for("Tiny")
        screen.wait_for("RUNNING", PATIENCE_S)
        screen.wait_for(beyond(20))
        screen.press(" ")
        screen.wait_for("PAUSED")
        at = step_on(screen)
        screen.press("s")
        screen.wait_for(beyond(at))
        assert step_on(screen) == at + 1
        screen.press("p")
        screen.wait_for("fetch")
        screen.press("s")
        screen.wait_for(beyond(at + 1))

        # The form, the plan, the receipt.
        screen.press("a")
        screen.wait_for(shows("Activation", "● relu", "This is what runs now"))
        screen.press(DOWN)
        screen.wait_for("Enter shows what will be kept and reset")
        screen.press(ENTER)
        screen.wait_for(shows("model.activation", "relu → leaky_relu", "Enter makes the change"))
        # The same key again, faster than anybody presses it twice, would count as held down.
        screen.press(UP + ENTER)
        screen.wait_for(shows("Done", "same weights on the same batch", f"at step {at + 2}"))
        screen.press(ESCAPE)
        screen.wait_for(lambda it: "Done" not in it.text and activation_on(it) == "leaky_relu")
        screen.press("s")
        screen.wait_for(beyond(at + 2))
        screen.press("u")
        screen.wait_for(lambda it: step_on(it) == at + 2 and activation_on(it) == "relu")
        screen.press(" ")
        screen.wait_for(shows("RUNNING"))
        screen.wait_for(beyond(at + 20))
        assert leave(screen, "s") == 0
        assert "is stopped and kept" in screen.text

    folder = only_run()
    wait_for_end(folder)
    assert (facts(folder)["state"], facts(folder)["reason"]) == ("finished", "stopped")
    assert checkpoints(folder)
    rows = [*recorded(folder)]
    assert [step for segment, step in rows if segment == 0] == list(range(1, at + 4))
    after = [step for segment, step in rows if segment == 1]
    assert after == list(range(at + 3, after[-1] + 1))
    assert after[-1] >= at + 20
    with RunReader(folder.database_path) as reader:
        kinds = [event.kind for event in reader.events()]
    assert kinds.index("change") < kinds.index("undo")


def test_numbers_on_the_screen_are_those_of_the_record(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), "--paused", columns=80, rows=24) as screen:
        screen.wait_for("PAUSED", PATIENCE_S)
        assert step_on(screen) == 0
        screen.press("s")
        screen.wait_for(lambda it: step_on(it) == 1 and "loss –" not in it.lines[1])
        shown = screen.lines[1].split()
        assert leave(screen, "s") == 0
    loss = recorded(only_run())[0, 1]["loss"]
    assert loss is not None
    assert float(shown[shown.index("loss") + 1]) == pytest.approx(loss, rel=1e-3)


def test_leaving_by_key_lets_it_train_on_and_stop_ends_it(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(5), PATIENCE_S)
        screen.press("q")
        screen.wait_for("Detach")
        screen.press("c")
        screen.wait_for(lambda it: "Detach" not in it.text)
        assert leave(screen, "d") == 0
        assert "trains on" in screen.text
        assert f"tui-dl attach {only_run().id}" in screen.text
    folder = only_run()
    assert is_alive(folder.log_path)
    assert f'"id": "{folder.id}"' in run("list", "runs", "--json").stdout
    done = run("stop", folder.id)
    assert (done.returncode, done.stdout) == (0, "")
    # It returns when the engine has ended.
    assert not is_alive(folder.log_path)
    assert (facts(folder)["state"], facts(folder)["reason"]) == ("finished", "stopped")
    assert_nothing_missing(folder, at_least=6)
    assert checkpoints(folder)
    report = run("report", folder.id)
    assert report.returncode == 0
    assert "loss" in report.stdout
    assert run("rm", folder.id).returncode == 0
    assert not folder.path.exists()


def test_a_run_of_its_own_folder_can_not_be_deleted_while_it_trains(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), "--paused") as screen:
        screen.wait_for("PAUSED", PATIENCE_S)
        refused = run("rm", only_run().id)
        assert refused.returncode == 2
        assert "tui-dl stop" in refused.stderr
        assert leave(screen, "s") == 0


def test_a_planned_end_offers_to_go_on(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path, epochs=2, pace=0)) as screen:
        screen.wait_for(shows("Finished", "All planned epochs are done", "Go on for 2 more"), PATIENCE_S)
        screen.wait_for(lambda it: step_on(it) == 20)
        screen.press("g")
        screen.wait_for(lambda it: step_on(it) == 40 and "Go on for" in it.text)
        screen.press("k")
        screen.wait_for(lambda it: "Go on for" not in it.text)
        assert leave(screen, "s") == 0
    assert assert_nothing_missing(only_run()) == 40


def test_a_value_that_is_not_finite_pauses_before_the_update(tmp_path: Path) -> None:
    more = '[optimizer]\nname = "sgd"\nlr = 1e9\n'
    with terminal("run", tiny(tmp_path, more)) as screen:
        screen.wait_for(shows("Not a finite number", "First bad layer", "layers."), PATIENCE_S)
        screen.press("k")
        screen.wait_for(lambda it: "First bad layer" not in it.text and "PAUSED" in it.text)
        at = step_on(screen)
        assert leave(screen, "s") == 0
    assert assert_nothing_missing(only_run()) == at


def test_an_experiment_that_can_not_train_here_says_so_and_exits_with_three(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), "--device", "cuda", CUDA_VISIBLE_DEVICES="") as screen:
        screen.wait_for(shows("The engine failed", "cuda is not available"), PATIENCE_S)
        screen.press("q")
        assert screen.wait_closed(PATIENCE_S) == 3


def test_the_picker_starts_a_run_and_a_script_runs_on_it(tmp_path: Path) -> None:
    presets = len(list((ROOT / "presets").glob("*.toml")))
    with terminal() as screen:
        screen.wait_for(shows("digits-mlp", "batch-norm", f"Presets {presets}"))
        screen.press(ENTER)
        screen.wait_for(shows("Handwritten digits"), PATIENCE_S)
        screen.wait_for(beyond(3), PATIENCE_S)
        assert leave(screen, "s") == 0
    assert_nothing_missing(only_run(), at_least=4)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_screen_that_is_told_to_end_leaves_the_terminal_tidy_and_it_training(
    number: signal.Signals, tmp_path: Path
) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(5), PATIENCE_S)
        os.kill(screen.pid, number)
        assert screen.wait_closed(PATIENCE_S) == 128 + number
        assert f"{only_run().id} trains on" in screen.text
        assert b"\x1b[?1049l" in screen.output_tail
    assert is_alive(only_run().log_path)
    assert run("stop", only_run().id).returncode == 0
    assert_nothing_missing(only_run(), at_least=6)


def test_an_interrupt_before_the_screen_is_there(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        while not folders() and not screen.has_ended:
            os.sched_yield()
        os.kill(screen.pid, signal.SIGINT)
        assert screen.wait_closed(PATIENCE_S) == 130
        assert "Traceback" not in screen.text


def test_ctrl_c_while_torch_loads_asks_before_it_leaves(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for("Tiny")
        screen.press("\x03")
        screen.wait_for("Detach")
        screen.press("s")
        assert screen.wait_closed(PATIENCE_S) == 0
        assert "Traceback" not in screen.text
    wait_for_end(only_run())
    assert facts(only_run())["state"] == "finished"
