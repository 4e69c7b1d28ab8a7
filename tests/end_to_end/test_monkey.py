"""The screen survives whatever is pressed, clicked and resized, and so do its engines.

`TUI_DL_MONKEY_SEEDS` and `TUI_DL_MONKEY_ACTIONS` make it longer: 20 and 5000 take some minutes.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.monkey import LEAVING_KEYS, TABLE_KEYS, Monkey
from tests.end_to_end.program import facts, folders
from tui_dl import launcher
from tui_dl.runs import is_alive
from tui_dl.spec.preset import list_presets, load_preset
from tui_dl.ui.keys.table import KEYS
from tui_dl.wire.commands import Evaluate

SEEDS = range(int(os.environ.get("TUI_DL_MONKEY_SEEDS", "3")))
ACTIONS = int(os.environ.get("TUI_DL_MONKEY_ACTIONS", "200"))


def test_the_monkey_knows_every_key_of_the_table() -> None:
    assert {key for entry in KEYS for key in entry.keys.split(",")} == {*TABLE_KEYS, *LEAVING_KEYS}


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[launcher.RunningEngine]]:
    """Every engine that is started: who detaches leaves a child process, for whose end somebody must wait."""
    started: list[launcher.RunningEngine] = []

    def kept(start: Callable[..., launcher.RunningEngine]) -> Callable[..., launcher.RunningEngine]:
        def start_and_keep(*arguments: Any, **options: Any) -> launcher.RunningEngine:
            started.append(start(*arguments, **options))
            return started[-1]

        return start_and_keep

    monkeypatch.setattr(launcher, "start_in", kept(launcher.start_in))
    monkeypatch.setattr(launcher, "resume", kept(launcher.resume))
    yield started
    for engine in started:
        assert engine.process is not None
        engine.process.kill()
        engine.process.wait()


@pytest.mark.timeout(120 + ACTIONS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_no_series_of_keys_clicks_and_sizes_breaks_it(
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engines: list[launcher.RunningEngine],
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    presets = [preset.name for preset in list_presets()]
    preset = presets[seed % len(presets)]
    pace = (40.0, 0.0)[seed % 2]
    experiment = load_preset(preset, {"training.pace": pace, "training.device": "cpu"})
    monkey = Monkey(seed, experiment, preset, tmp_path / "settings.toml")
    await monkey.play(ACTIONS)
    assert monkey.pressed.issuperset(TABLE_KEYS) or 3 * len(TABLE_KEYS) > ACTIONS
    assert engines
    await _assert_healthy_engines()


async def _assert_healthy_engines() -> None:
    for folder in folders():
        log = folder.log_path.read_text(encoding="utf-8", errors="replace")
        assert "Traceback" not in log, log
        assert facts(folder)["state"] != "failed", log
        if is_alive(folder.log_path):
            client = await launcher.attach(folder).connect(client="python")
            try:
                await client.request(Evaluate())
            finally:
                await client.close()
            await launcher.stop_engine(folder)
            assert facts(folder)["state"] == "finished"
