"""JSON lines on a file: a run starts once, and a reader that has gone is no mistake."""

import json
from pathlib import Path

import pytest

from tests.engine.session_bench import Driver, experiment
from tui_dl.errors import UsageError
from tui_dl.headless.json_writer import JsonWriter
from tui_dl.wire.commands import ApplyChange, Run, Step


def test_a_run_that_is_described_anew_starts_once(tmp_path: Path) -> None:
    driver = Driver(experiment())
    driver.do(Step(3))
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.do(Run())
    writer = JsonWriter(str(tmp_path / "lines"))
    for message in driver.sink.messages:
        writer(message)
    writer.close()
    types = [json.loads(line)["type"] for line in (tmp_path / "lines").read_text().splitlines()]
    assert types.count("started") == 1
    assert types.count("change") == 1
    assert types.count("step") == 20
    assert types[0] == "started"
    assert types[-1] == "finished"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        JsonWriter(str(tmp_path / "nowhere" / "lines"))
