"""`tui-dl run --headless`: lines, endings and exit codes, as scripts rely on them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import (
    PROGRAM,
    ROOT,
    assert_nothing_missing,
    checkpoints,
    facts,
    folders,
    kill_engine,
    only_run,
    parsed,
    read_lines,
    run,
    start,
    tiny,
    wait_for_end,
)

DIGITS = ("run", "digits-mlp", "--headless", "--epochs", "10", "--jsonl", "-", "--device", "cpu")


def of_type(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def without_names(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what tells two runs apart: their names."""
    return [{key: value for key, value in line.items() if key != "run"} for line in lines]


def test_the_same_run_twice_gives_the_same_lines_and_another_setting_others() -> None:
    first, again = run(*DIGITS), run(*DIGITS)
    assert (first.returncode, first.stderr) == (0, "")
    lines = parsed(first.stdout)
    assert [line["step"] for line in of_type(lines, "step")] == list(range(1, 231))
    assert lines[0]["type"] == "started"
    assert lines[-1] == {"type": "finished", "reason": "epochs", "step": 230}
    assert {"run", "experiment", "device", "parameters", "versions"} <= lines[0].keys()
    step = of_type(lines, "step")[-1]
    assert {"segment", "epoch", "samples_seen", "loss", "lr", "grad_norm", "accuracy"} <= step.keys()
    assert (step["epoch"], step["samples_seen"], step["segment"]) == (9, 14370, 0)
    validation = [line for line in of_type(lines, "evaluation") if line["split"] == "validation"]
    assert validation[-1]["step"] == 230
    assert validation[-1]["accuracy"] > 0.95
    assert without_names(parsed(again.stdout)) == without_names(lines)
    other = parsed(run(*DIGITS, "--set", "optimizer.lr=0.01").stdout)
    assert [line["loss"] for line in of_type(other, "step")] != [
        line["loss"] for line in of_type(lines, "step")
    ]
    assert {line["lr"] for line in of_type(other, "step")} == {0.01}


def test_lines_to_a_file_leave_standard_output_to_the_result(tmp_path: Path) -> None:
    target = tmp_path / "lines.jsonl"
    done = run("run", tiny(tmp_path), "--headless", "--steps", "25", "--jsonl", str(target))
    assert done.returncode == 0
    assert done.stdout.startswith("finished (steps) at step 25  validation: loss ")
    lines = parsed(target.read_text())
    assert [line["step"] for line in of_type(lines, "step")] == list(range(1, 26))
    assert lines[-1] == {"type": "finished", "reason": "steps", "step": 25}
    # What was recorded and what was said are the same.
    exported = tmp_path / "exported.jsonl"
    assert run("report", only_run().id, "--jsonl", str(exported)).returncode == 0
    assert of_type(parsed(exported.read_text()), "step") == of_type(lines, "step")


def test_a_script_makes_its_change_at_its_step(tmp_path: Path) -> None:
    script = '[[script]]\nat_step = 7\nset = { "model.activation" = "tanh", "optimizer.lr" = 0.01 }\n'
    done = run("run", tiny(tmp_path, script), "--headless", "--steps", "10", "--jsonl", "-")
    lines = parsed(done.stdout)
    (change,) = of_type(lines, "change")
    assert change["step"] == 7
    assert {
        "kept",
        "reset",
        "rescaled",
        "converted",
        "probe_loss_before",
        "probe_loss_after",
    } <= change.keys()
    assert [line["lr"] for line in of_type(lines, "step")] == [0.001] * 7 + [0.01] * 3


def test_an_interrupt_finishes_the_batch_and_says_so(tmp_path: Path) -> None:
    with start("run", tiny(tmp_path), "--headless", "--jsonl", "-") as process:
        before = read_lines(process, "evaluation")
        process.send_signal(signal.SIGINT)
        rest, talk = process.communicate(timeout=60)
    lines = before + parsed(rest.decode())
    steps = [line["step"] for line in of_type(lines, "step")]
    assert steps == list(range(1, len(steps) + 1))
    assert lines[-1] == {"type": "finished", "reason": "interrupted", "step": steps[-1]}
    assert (process.returncode, talk) == (130, b"")
    folder = only_run()
    wait_for_end(folder)
    assert (facts(folder)["state"], facts(folder)["reason"]) == ("finished", "interrupted")
    assert assert_nothing_missing(folder) == steps[-1]
    assert checkpoints(folder)


def test_an_interrupt_while_torch_loads_ends_at_once(tmp_path: Path) -> None:
    with start("run", tiny(tmp_path), "--headless", "--jsonl", "-") as process:
        # Its folder comes before its engine, and long before torch.
        while not folders() and process.poll() is None:
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        said, talk = process.communicate(timeout=60)
    assert process.returncode == 130, talk
    assert b"Traceback" not in talk
    assert not said or parsed(said.decode())[-1]["reason"] == "interrupted"
    for folder in folders():
        wait_for_end(folder)


def test_an_interrupt_never_strikes_inside_native_code() -> None:
    """Python raises KeyboardInterrupt wherever it is: within msgspec that was a crash."""
    code = """
import signal, sys, tui_dl.cli, tui_dl.cli.looking
def interrupted(_):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        return 1
tui_dl.cli.looking.list_things = interrupted
sys.exit(tui_dl.cli.main(["list", "presets"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_reader_that_goes_away_ends_the_engine(tmp_path: Path) -> None:
    with start("run", tiny(tmp_path), "--headless", "--jsonl", "-") as process:
        assert process.stdout is not None
        head = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.wait(60)
    assert [line["type"] for line in head] == ["started", "step", "step"]
    folder = only_run()
    wait_for_end(folder)
    assert facts(folder)["state"] == "finished"
    assert_nothing_missing(folder, at_least=2)


def test_a_killed_command_takes_its_engine_along_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    with start("run", tiny(tmp_path), "--headless", "--jsonl", "-") as process:
        seen = of_type(read_lines(process, "evaluation"), "step")[-1]["step"]
        process.kill()
    folder = only_run()
    wait_for_end(folder)
    assert facts(folder)["state"] == "finished"
    assert assert_nothing_missing(folder, at_least=seen)
    assert checkpoints(folder)


def test_an_engine_that_is_killed_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    with start("run", tiny(tmp_path), "--headless", "--jsonl", "-") as process:
        read_lines(process, "step")
        kill_engine(only_run())
        rest, talk = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "was killed by SIGKILL" in talk.decode()
    assert str(only_run().log_path) in talk.decode()
    assert "Traceback" not in talk.decode()
    assert parsed(rest.decode())


@pytest.mark.parametrize("length", [(), ("--steps", "1000")], ids=["whole", "steps"])
def test_a_value_that_is_not_finite_stops_with_five(length: tuple[str, ...], tmp_path: Path) -> None:
    mistake = tiny(tmp_path, '[optimizer]\nname = "sgd"\nlr = 1e9\n')
    done = run("run", mistake, "--headless", "--jsonl", "-", *length)
    assert done.returncode == 5
    lines = parsed(done.stdout)
    assert lines[-1]["type"] == "finished"
    assert lines[-1]["reason"] == "nonfinite"
    assert checkpoints(only_run())


def test_going_on_over_values_that_are_not_finite_prints_null(tmp_path: Path) -> None:
    mistake = tiny(tmp_path, '[optimizer]\nname = "sgd"\nlr = 1e9\n', nonfinite="continue")
    done = run("run", mistake, "--headless", "--steps", "40", "--jsonl", "-")
    assert done.returncode == 0
    steps = of_type(parsed(done.stdout), "step")
    assert [line["step"] for line in steps] == list(range(1, 41))
    bad = [line for line in steps if "nonfinite" in line]
    assert bad
    assert all(line[name] is None for line in bad for name in line["nonfinite"])
    assert "loss" in bad[-1]["nonfinite"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "digits-mpl", "--headless"), 2, ["digits-mpl", "digits-mlp"]),
        (
            ("run", "digits-mlp", "--headless", "--set", "optimizer.lrr=1"),
            2,
            ["--set", "optimizer.lrr", "lr"],
        ),
        (("run", "digits-mlp", "--headless", "--set", "optimizer.lr=nan"), 2, ["optimizer.lr", "nan"]),
        (("run", "digits-mlp", "--headless", "--device", "cuda"), 3, ["cuda"]),
        (("run", "digits-mlp"), 2, ["--headless"]),
        (("attach",), 2, ["terminal"]),
        ((), 2, ["--headless"]),
        (("stop", "nothing"), 2, ["nothing"]),
        (("report", "nothing"), 2, ["nothing"]),
        (("frobnicate",), 2, ["frobnicate"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_message_and_its_code(
    arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    done = run(*arguments, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_progress_on_a_terminals_standard_error(tmp_path: Path) -> None:
    from tests.pty_terminal import PtyTerminal

    with PtyTerminal(
        [*PROGRAM, "run", tiny(tmp_path), "--headless", "--steps", "50"], columns=120, rows=10, cwd=ROOT
    ) as screen:
        assert screen.wait_closed(60) == 0
        assert "50/50" in screen.text
        assert "finished (steps) at step 50" in screen.text


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_streams_may_be_closed(closed: str, tmp_path: Path) -> None:
    done = redirected(closed, "run", tiny(tmp_path), "--headless", "--steps", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("finished (steps) at step 3")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [("--jsonl", "-"), ()], ids=["lines", "summary"])
def test_a_full_disk_under_standard_output_is_told(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = redirected(">/dev/full", "run", tiny(tmp_path), "--headless", "--steps", "3", *arguments)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def redirected(where: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as a shell does with a redirection."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {where}', "sh", *PROGRAM, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
