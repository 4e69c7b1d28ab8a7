"""`--check` in the processes that it starts; tests/presets/ checks all presets, in one process."""

import os
import signal
import tomllib
from pathlib import Path

import pytest
import tomli_w

from tests.end_to_end.program import folders, parsed, run, start, wait_for_end
from tests.presets.in_process import Check
from tui_dl.spec.preset import list_presets

PRESETS = sorted(preset.name for preset in list_presets())
CHECKED = ("early-stopping", "mnist-mlp", "vanishing-gradient")
"""An end that comes by itself, data without a network, and a change at its step."""
CHECK_PATIENCE_S = 240.0
OFFLINE = {"mnist-mlp": ("--set", "data.name=digits")}
"""What makes a preset of downloaded data run without a network, as it says itself."""


def test_there_are_the_presets_that_are_promised() -> None:
    assert {
        "digits-mlp",
        "linear-collapse",
        "mnist-mlp",
        "optimizer-swap",
        "outliers",
        "vanishing-gradient",
    } <= set(PRESETS)


@pytest.mark.parametrize("name", CHECKED)
def test_a_preset_keeps_its_promise(name: str) -> None:
    more = OFFLINE.get(name, ())
    done = run("run", name, "--check", "--device", "cpu", *more, timeout_s=CHECK_PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = done.stdout.splitlines()
    assert verdicts
    assert all(line.startswith("pass  ") for line in verdicts)
    assert done.stderr == ""


def test_values_are_those_of_one_process() -> None:
    done = run("run", "early-stopping", "--check", "--device", "cpu", "--jsonl", "-")
    found = [line for line in parsed(done.stdout) if line["type"] == "expectation"]
    check = Check("early-stopping").make()
    assert [(line["at_step"], line["value"]) for line in found] == [
        (verdict.at_step, verdict.value) for verdict in check.kept
    ]


@pytest.mark.parametrize("name", CHECKED)
def test_a_preset_fails_without_its_intervention(name: str, tmp_path: Path) -> None:
    (preset,) = (preset for preset in list_presets() if preset.name == name)
    content = tomllib.loads(Path(preset.path).read_text())
    if name in OFFLINE:
        # An exercise has no intervention but the training itself.
        content["optimizer"]["lr"] = 1e-12
    else:
        assert content.pop("script")
    robbed = tmp_path / f"{name}.toml"
    robbed.write_text(tomli_w.dumps(content))
    more = OFFLINE.get(name, ())
    done = run("run", str(robbed), "--check", "--device", "cpu", *more, timeout_s=CHECK_PATIENCE_S)
    assert done.returncode == 4, done.stdout + done.stderr
    assert any(line.startswith("FAIL  ") for line in done.stdout.splitlines())


QUICK = """
[data]
name = "moons"
samples = 100
[model]
name = "mlp"
hidden = [4]
[optimizer]
name = "sgd"
lr = 0.1
[training]
epochs = 10
device = "cpu"
[[variant]]
name = "wild"
script = false
set = { "optimizer.lr" = 1e9 }
[[expect]]
at_step = 5
metric = "train.loss"
below = 1e6
"""


def test_verdicts_as_lines(tmp_path: Path) -> None:
    preset = tmp_path / "quick.toml"
    preset.write_text(QUICK + '[[expect]]\nat_end = true\nmetric = "lr"\nabove = 0.5\n')
    done = run("run", str(preset), "--check", "--jsonl", "-")
    assert done.returncode == 4
    lines = parsed(done.stdout)
    verdicts = [line for line in lines if line["type"] == "expectation"]
    assert [(line["metric"], line["variant"], line["passed"]) for line in verdicts] == [
        ("train.loss", None, True),
        ("lr", None, False),
    ]
    assert verdicts[1]["value"] == pytest.approx(0.1)
    assert "FAIL" in done.stderr


def test_an_expectation_that_is_never_reached_has_failed(tmp_path: Path) -> None:
    preset = tmp_path / "quick.toml"
    expect = '[[expect]]\nat_step = 15\nmetric = "train.loss"\nvariant = "wild"\nabove = 0\n'
    preset.write_text(QUICK + expect)
    done = run("run", str(preset), "--check")
    assert done.returncode == 4, done.stderr
    assert "FAIL" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_check_on_a_device_that_is_not_there(tmp_path: Path) -> None:
    preset = tmp_path / "quick.toml"
    preset.write_text(QUICK)
    done = run("run", str(preset), "--check", "--device", "cuda", CUDA_VISIBLE_DEVICES="")
    assert (done.returncode, done.stdout) == (3, "")
    assert "cuda is not available" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_check_ends_its_engines() -> None:
    with start("run", "digits-mlp", "--check", "--device", "cpu") as process:
        while len(folders()) < 2 and process.poll() is None:
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        said, talk = process.communicate(timeout=60)
    assert (process.returncode, said, talk) == (130, b"", b"")
    for folder in folders():
        wait_for_end(folder)
