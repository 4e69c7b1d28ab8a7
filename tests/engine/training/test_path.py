"""The path of a model with two trained numbers: every update of it, against a plain PyTorch loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.plain_loop import experiment, trainer
from tests.engine.probes.observing import trainer as preset_trainer
from tests.engine.probes.observing import trainer_of
from tui_dl.engine.serving.record import Record
from tui_dl.engine.training.plane import plane_of
from tui_dl.engine.training.trainer import Trainer
from tui_dl.report.export import write_csv
from tui_dl.runs import RunWriter
from tui_dl.runs.folder import RunFolder
from tui_dl.spec.preset import from_toml
from tui_dl.wire.messages import PATH, StepsRecorded

if TYPE_CHECKING:
    from pathlib import Path

    from tui_dl.spec.experiment import Experiment

LINE = from_toml(
    """
    [data]
    name = "line"
    samples = 60
    centre = 2.0
    [model]
    name = "linear"
    [training]
    batch_size = 16
    device = "cpu"
    """,
    "test",
)
OPTIMIZERS: dict[str, tuple[dict[str, Any], Any]] = {
    "sgd": ({"name": "sgd", "lr": 0.05}, lambda p: torch.optim.SGD(p, lr=0.05, fused=True)),
    "momentum": (
        {"name": "sgd", "lr": 0.02, "momentum": 0.9},
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, fused=True),
    ),
    "nesterov": (
        {"name": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True},
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True, fused=True),
    ),
    "adam": ({"name": "adam", "lr": 0.1}, lambda p: torch.optim.Adam(p, lr=0.1, fused=True)),
}


def columns(of: Trainer) -> dict[str, np.ndarray]:
    read = of.drain_scalars()
    return dict(zip(read.names, read.values, strict=True))


def line(**change: Any) -> Experiment:
    return experiment({name.replace("__", "."): value for name, value in change.items()}, LINE)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_update_is_that_of_a_plain_loop(name: str) -> None:
    declared, plain = OPTIMIZERS[name]
    seen = Trainer(line(optimizer=declared))
    model = nn.Linear(1, 1)
    model.load_state_dict(dict(zip(("weight", "bias"), seen.model.state_dict().values(), strict=True)))
    optimizer = plain(model.parameters())
    before, after, losses = [], [], []
    for _ in range(40):
        inputs, targets = seen.peek_batch()
        before.append([model.weight.item(), model.bias.item()])
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        after.append([model.weight.item(), model.bias.item()])
        losses.append(loss.item())
        seen.train_batch()
    found = columns(seen)
    assert np.stack([found[each] for each in PATH[:2]], axis=1).tolist() == before
    assert np.stack([found[each] for each in PATH[2:]], axis=1).tolist() == after
    assert found["loss"].tolist() == losses


def test_it_is_the_same_however_the_run_is_driven() -> None:
    alone, stepped = Trainer(line()), Trainer(line())
    for step in range(20):
        alone.train_batch()
        if step % 3:
            next(stepped.phases())
        list(stepped.phases())
    first, second = columns(alone), columns(stepped)
    assert all(first[name].tobytes() == second[name].tobytes() for name in PATH)


def test_an_update_of_several_batches_is_one() -> None:
    seen = Trainer(line(training__accumulate=3))
    for _ in range(4):
        start = [each.item() for each in seen.model.parameters()]
        seen.train_batch()
        found = columns(seen)
        assert [float(found[name][0]) for name in PATH[:2]] == start
        assert [float(found[name][0]) for name in PATH[2:]] == [x.item() for x in seen.model.parameters()]


def test_after_an_undo_it_goes_on_from_where_that_led() -> None:
    seen = Trainer(line())
    seen.train_batch()
    seen.apply({"optimizer.lr": 0.5})
    seen.train_batch()
    seen.undo()
    seen.train_batch()
    blocks = [columns(seen) for _ in range(3)]
    places = [[(float(each[x][0]), float(each[y][0])) for x, y in (PATH[:2], PATH[2:])] for each in blocks]
    assert places[1][0] == places[2][0] == places[0][1]
    assert places[1][1] != places[2][1]


def test_other_models_have_none() -> None:
    for seen in (trainer(), preset_trainer("line-by-formula", {"loss": "gaussian_nll"})):
        seen.train_batch()
        assert not set(PATH) & set(columns(seen))


def test_both_numbers_may_be_in_one_parameter_of_any_module() -> None:
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Tanh()).double()
    frozen = nn.Sequential(nn.Linear(3, 2).requires_grad_(requires_grad=False).double(), model)
    seen = trainer_of(frozen, torch.randn(8, 3, dtype=torch.float64))
    seen.train_batch()
    weight = model[0].weight
    assert isinstance(weight, torch.Tensor)
    found = columns(seen)
    assert [float(found[name][0]) for name in PATH[2:]] == weight.flatten().tolist()
    plane = plane_of(frozen)
    assert plane is not None
    assert plane.names == ("weight[0]", "weight[1]")
    assert plane.at(torch.tensor([5.0, 7.0]))["1.0.weight"].tolist() == [[5.0, 7.0]]


def test_names_are_as_short_as_they_can_be_told_apart() -> None:
    slope = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Tanh(), nn.Linear(1, 1, bias=False))
    two, one = plane_of(slope), plane_of(nn.Linear(1, 1))
    assert two is not None
    assert one is not None
    assert (two.names, one.names) == (("0.weight", "2.weight"), ("weight", "bias"))
    assert plane_of(nn.Linear(1, 1, bias=False)) is None
    assert plane_of(nn.Linear(2, 1)) is None


def test_it_is_kept_with_the_run_and_is_in_no_table(tmp_path: Path) -> None:
    seen = Trainer(line())
    for _ in range(5):
        seen.train_batch()
    read = seen.drain_scalars()
    steps = StepsRecorded(0, 1, read.names, read.values.astype("<f8").tobytes())
    folder = RunFolder(tmp_path)
    record = Record(RunWriter(folder.database_path))
    record.take(steps)
    record.close()
    again = Record(RunWriter(folder.database_path))
    again.load()
    store, row = again._store, read.names.index(PATH[2])
    assert store.points(store.live(), PATH[2])[1].tolist() == read.values[row].tolist()
    again.close()
    write_csv(folder, str(tmp_path / "table.csv"))
    header = (tmp_path / "table.csv").read_text().splitlines()[0].split(",")
    assert "loss" in header
    assert not any(name.startswith("path.") for name in header)
