"""Variants with real engines: bit-identical to training alone, and gone without a trace when let go of."""

import asyncio
import os
from pathlib import Path

import pytest

from tui_dl.cli.openings import LauncherOpenings
from tui_dl.engine.training.trainer import Trainer
from tui_dl.runs import RunFolder, is_alive, list_runs, new_run, summarise
from tui_dl.runs.variants import VARIANTS_FOLDER, new_variant, sweep_variants
from tui_dl.spec.change import for_variant
from tui_dl.spec.preset import load_preset
from tui_dl.ui.variants import Variant


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUI_DL_HOME", str(tmp_path))
    return tmp_path


async def test_a_variant_trains_what_its_preset_says_and_leaves_nothing_behind() -> None:
    experiment = load_preset("linear-collapse", {"training.device": "cpu", "training.threads": 1})
    spec = experiment.variants[0]
    own = for_variant(experiment, spec.name)
    main = new_run(experiment, "linear-collapse")
    opening = LauncherOpenings().variant(main.path, own, spec.name)
    said: list[str] = []
    changed = asyncio.Event()
    variant = Variant(spec.name, opening, seed=own.seed, changed=changed.set, said=said.append)
    variant.start()
    variant.follow(40)
    while variant.step < 40 or variant.model.latest("train.loss") is None:
        await changed.wait()
        changed.clear()
        assert not said
    history = variant.model.history
    while history.last_step("train.loss") < 40:
        await changed.wait()
        changed.clear()
    alone = Trainer(own)
    for _ in range(40):
        alone.train_batch()
    rows = alone.drain_scalars()
    expected = rows.values[rows.names.index("loss")][-1]
    assert variant.model.latest("train.loss") == expected
    assert opening.folder is not None
    assert [run.id for run in list_runs()] == [main.id], "it is in no list of runs"
    folder = RunFolder(opening.folder)
    assert is_alive(folder.log_path)
    assert os.getpriority(os.PRIO_PROCESS, summarise(folder).pid) >= 10, "the run itself goes first"
    await variant.stop()
    while (main.path / VARIANTS_FOLDER).exists():
        await asyncio.sleep(0.01)
    assert [run.id for run in list_runs()] == [main.id]


def test_what_a_killed_engine_left_is_swept() -> None:
    experiment = load_preset("digits-mlp")
    main = new_run(experiment, "digits-mlp")
    left = [new_variant(main, experiment, "twice the rate") for _ in range(2)]
    assert left[0].path != left[1].path
    assert all(folder.experiment() == experiment for folder in left)
    sweep_variants(main)
    assert not (main.path / VARIANTS_FOLDER).exists()
    assert main.database_path.exists()
    sweep_variants(main)
