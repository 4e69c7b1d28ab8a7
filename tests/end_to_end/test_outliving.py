"""A run outlives its screen and its engine: killed, hung up, attached, stopped, resumed; nothing is lost."""

import os
import re
import signal
import sys
from pathlib import Path
from textwrap import dedent

from tests.end_to_end.program import (
    PATIENCE_S,
    PROGRAM,
    assert_nothing_missing,
    beyond,
    boxed,
    checkpoints,
    facts,
    folders,
    kill_engine,
    leave,
    losses,
    only_run,
    run,
    shows,
    step_on,
    terminal,
    tiny,
    wait_for_end,
)
from tests.pty_terminal import PtyTerminal
from tui_dl.runs import is_alive


def test_killing_the_screen_loses_no_step_and_attaching_shows_them_all(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(30), PATIENCE_S)
        seen = step_on(screen)
        screen.kill()
    folder = only_run()
    assert is_alive(folder.log_path)
    with terminal("attach") as screen:
        screen.wait_for(beyond(seen + 20), PATIENCE_S)
        screen.wait_for(shows("Tiny", "moons", "validation"))
        assert leave(screen, "s") == 0
    wait_for_end(folder)
    assert_nothing_missing(folder, at_least=seen + 20)


def test_killing_the_screen_loses_no_column_of_the_histograms_over_time(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), columns=160, rows=48) as screen:
        screen.wait_for(beyond(5), PATIENCE_S)
        screen.press("3h")
        screen.wait_for(lambda it: (readings_on(it) or 0) >= 12, PATIENCE_S)
        screen.press(" ")
        screen.wait_for("PAUSED", PATIENCE_S)
        screen.kill()
    with terminal("attach", columns=160, rows=48) as screen:
        # At rest there is nothing new to measure: what is seen over time was measured before.
        screen.wait_for("PAUSED", PATIENCE_S)
        screen.press("3h")
        screen.wait_for(lambda it: (readings_on(it) or 0) >= 12, PATIENCE_S)
        screen.press("2\r")
        screen.wait_for("norms of layers.0", PATIENCE_S)
        assert "no reading yet" not in screen.text
        assert leave(screen, "s") == 0
    wait_for_end(only_run())


def test_a_lens_that_was_never_open_has_a_past(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path), columns=160, rows=48) as screen:
        screen.wait_for(beyond(30), PATIENCE_S)
        screen.press(" ")
        screen.wait_for("PAUSED", PATIENCE_S)
        screen.kill()
    with terminal("attach", columns=160, rows=48) as screen:
        screen.wait_for("PAUSED", PATIENCE_S)
        screen.press("3h")
        # One at rest, now, and at least the one of the first batch that was made with the screen there.
        screen.wait_for(lambda it: (readings_on(it) or 0) >= 2, PATIENCE_S)
        assert leave(screen, "s") == 0
    wait_for_end(only_run())


def readings_on(screen: PtyTerminal) -> int | None:
    """How many readings the histograms over time say that they show; None where they say nothing."""
    found = re.search(r"(\d+) readings, brighter", screen.text)
    return int(found.group(1)) if found else None


def test_closing_the_terminal_leaves_it_training(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(10), PATIENCE_S)
        seen = step_on(screen)
        screen.hang_up()
        screen.wait_closed(PATIENCE_S)
    folder = only_run()
    assert is_alive(folder.log_path)
    with terminal("attach", folder.id) as screen:
        screen.wait_for(beyond(seen + 20), PATIENCE_S)
        assert leave(screen, "d") == 0
    assert run("stop", folder.id).returncode == 0
    assert_nothing_missing(folder, at_least=seen + 20)


def test_a_screen_that_was_told_to_ignore_hangups_ends_with_its_terminal(tmp_path: Path) -> None:
    """As under `nohup`: it would read the end of its input for ever, as fast as it can."""
    command = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *PROGRAM, "run", tiny(tmp_path)]
    with PtyTerminal(command) as screen:
        screen.wait_for(beyond(10), PATIENCE_S)
        screen.hang_up()
        assert screen.wait_closed(PATIENCE_S) == -signal.SIGHUP
    folder = only_run()
    assert is_alive(folder.log_path), "the training goes on"
    assert run("stop", folder.id).returncode == 0


def test_a_screen_that_is_told_of_no_hangup_ends_with_its_terminal(tmp_path: Path) -> None:
    """As in a session of its own, which the terminal's signals do not reach."""
    code = """
    import os, signal, sys
    if os.fork() == 0:
        os.setsid()
        os.execvp(sys.argv[1], sys.argv[1:])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(100 + os.WTERMSIG(os.wait()[1]))
    """
    with PtyTerminal([sys.executable, "-c", dedent(code), *PROGRAM, "run", tiny(tmp_path)]) as screen:
        screen.wait_for(beyond(10), PATIENCE_S)
        screen.hang_up()
        assert screen.wait_closed(PATIENCE_S) == 100 + signal.SIGHUP
    assert run("stop", only_run().id).returncode == 0


def test_a_stopped_run_goes_on_under_the_same_history(tmp_path: Path) -> None:
    experiment = tiny(tmp_path)
    with terminal("run", experiment) as screen:
        screen.wait_for(beyond(15), PATIENCE_S)
        assert leave(screen, "s") == 0
    folder = only_run()
    wait_for_end(folder)
    stopped_at = assert_nothing_missing(folder)
    refused = run("attach", folder.id)
    assert refused.returncode == 2
    with terminal("resume", folder.id) as screen:
        screen.wait_for(beyond(stopped_at + 15), PATIENCE_S)
        assert leave(screen, "s") == 0
    wait_for_end(folder)
    assert folders() == [folder]
    reached = assert_nothing_missing(folder, at_least=stopped_at + 15)
    assert losses(folder) == undisturbed(experiment, reached)


def test_a_killed_engine_is_told_on_the_screen_and_resumed_as_if_nothing_had_been(tmp_path: Path) -> None:
    experiment = tiny(tmp_path)
    with terminal("run", experiment) as screen:
        screen.wait_for(beyond(25), PATIENCE_S)
        folder = only_run()
        assert checkpoints(folder)
        kill_engine(folder)
        screen.wait_for(says_why_it_died, PATIENCE_S)
        seen = step_on(screen)
        screen.press("l")
        screen.wait_for(lambda it: "Resume from" not in it.text)
        screen.press("q")
        # There is nobody left to detach from.
        assert screen.wait_closed(PATIENCE_S) == 1
        assert f"tui-dl report {folder.id}" in screen.text
    assert '"state": "dead"' in run("list", "runs", "--json").stdout
    assert_nothing_missing(folder)
    with terminal("resume", folder.id) as screen:
        screen.wait_for(beyond(seen + 20), PATIENCE_S)
        assert leave(screen, "s") == 0
    wait_for_end(folder)
    reached = assert_nothing_missing(folder, at_least=seen + 20)
    assert losses(folder) == undisturbed(experiment, reached)


def says_why_it_died(screen: PtyTerminal) -> bool:
    """The reason, and where the log lies."""
    text = boxed(screen, "The engine failed")
    return "waskilledbySIGKILL" in text and f"see{only_run().log_path}" in text


def undisturbed(experiment: str, steps: int) -> dict[int, float | None]:
    """The losses of the same experiment in one go."""
    before = set(folders())
    done = run("run", experiment, "--headless", "--steps", str(steps))
    assert done.returncode == 0, done.stderr
    (other,) = set(folders()) - before
    return losses(other)


def test_resuming_on_the_screen_that_saw_it_die(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(15), PATIENCE_S)
        folder = only_run()
        kill_engine(folder)
        screen.wait_for(shows("The engine failed", "Resume from the last checkpoint"), PATIENCE_S)
        seen = step_on(screen)
        screen.press("r")
        screen.wait_for(lambda it: "RUNNING" in it.text and step_on(it) > seen + 10, PATIENCE_S)
        assert leave(screen, "s") == 0
    wait_for_end(folder)
    assert_nothing_missing(folder, at_least=seen + 10)


def test_killing_the_engine_while_it_loads(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for("loading torch", PATIENCE_S)
        kill_engine(only_run())
        screen.wait_for(says_why_it_died, PATIENCE_S)
        # There is no checkpoint yet, so nothing to resume from is offered.
        assert "Resume from" not in screen.text
        screen.press("q")
        assert screen.wait_closed(PATIENCE_S) == 1
    refused = run("resume", only_run().id)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_an_engine_that_is_asked_politely_writes_a_checkpoint(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(5), PATIENCE_S)
        folder = only_run()
        os.kill(facts(folder)["pid"], signal.SIGTERM)
        screen.wait_for("ENDED", PATIENCE_S)
        screen.press("q")
        assert screen.wait_closed(PATIENCE_S) == 0
    wait_for_end(folder)
    assert (facts(folder)["state"], facts(folder)["reason"]) == ("finished", "stopped")
    assert_nothing_missing(folder, at_least=6)


def test_two_watch_and_one_steers(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as first:
        first.wait_for(beyond(5), PATIENCE_S)
        with terminal("attach", "--read-only") as reader, terminal("attach") as second:
            for observer in (reader, second):
                observer.wait_for(shows("watching only", "RUNNING"), PATIENCE_S)
            reader.press(" s")
            second.press(" s")
            at = step_on(first)
            first.wait_for(beyond(at + 20))
            assert "RUNNING" in first.text
            first.press(" ")
            for screen in (first, reader, second):
                screen.wait_for("PAUSED", PATIENCE_S)
            at = step_on(first)
            first.press("s")
            for screen in (first, reader, second):
                screen.wait_for(lambda it, at=at: step_on(it) == at + 1, PATIENCE_S)
            # Whoever may steer can take over, and the first then only watches.
            second.press("T")
            first.wait_for("watching only", PATIENCE_S)
            second.press("s")
            for screen in (first, reader, second):
                screen.wait_for(lambda it, at=at: step_on(it) == at + 2, PATIENCE_S)
            # An observer leaves without a question, and without a trace.
            reader.press("q")
            assert reader.wait_closed(PATIENCE_S) == 0
            first.press("q")
            assert first.wait_closed(PATIENCE_S) == 0
            assert leave(second, "s") == 0
    wait_for_end(only_run())
    assert assert_nothing_missing(only_run()) == at + 2


def test_stopping_ends_a_run_that_a_screen_shows(tmp_path: Path) -> None:
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(5), PATIENCE_S)
        assert run("stop", only_run().id).returncode == 0
        assert not is_alive(only_run().log_path)
        screen.wait_for("ENDED", PATIENCE_S)
        screen.press("q")
        assert screen.wait_closed(PATIENCE_S) == 0
    assert facts(only_run())["reason"] == "stopped"
