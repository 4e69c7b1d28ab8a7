"""Instruments that look at every batch leave training bit-identical to one that nobody looks at."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.engine.probes.observing import hook_count, make_batch, trainer, trainer_of, weights
from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.histograms import HistogramsProbe
from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.probes.registry import make_probes
from tui_dl.engine.probes.task_views import TaskProbe

EXPERIMENTS = {
    "digits": ("digits-mlp", {}),
    "dropout": ("digits-mlp", {"regularizers": [{"name": "dropout", "p": 0.3}]}),
    "everything": (
        "digits-mlp",
        {
            "model.activation": "tanh",
            "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True},
            "schedule": "cosine",
            "regularizers": [
                {"name": "dropout", "p": 0.5},
                {"name": "l1", "strength": 1e-4},
                {"name": "weight_decay", "rate": 0.01},
                {"name": "gradient_clipping", "max_norm": 0.5},
            ],
        },
    ),
    "norms and slopes": (
        "digits-mlp",
        {"model.activation": "prelu", "regularizers": [{"name": "batch_norm"}, {"name": "dropout"}]},
    ),
    "convolutions": (
        "digits-mlp",
        {
            "model": {"name": "cnn", "channels": [3, 4], "hidden": [8], "activation": "prelu"},
            "regularizers": [{"name": "batch_norm", "layers": [0]}, {"name": "layer_norm", "layers": [1, 2]}],
        },
    ),
    "residual": ("digits-mlp", {"model": {"name": "resnet", "width": 3}, "regularizers": ["batch_norm"]}),
    "one sample": ("linear-collapse", {"training.batch_size": 1}),
    "one class": ("linear-collapse", {"data.arms": 1}),
    "regression": ("outliers", {}),
    "deep": ("vanishing-gradient", {}),
    "diverging": ("digits-mlp", {"optimizer": {"name": "sgd", "lr": 1e9}}),
}


@pytest.mark.parametrize(("preset", "changes"), EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_losses_and_weights_are_bit_identical(preset: str, changes: dict[str, object]) -> None:
    watched, alone = trainer(preset, changes), trainer(preset, changes)
    probes = make_probes()
    for _ in range(30):
        make_batch(watched, *probes)
        for probe in probes:
            probe.reading()
        alone.train_batch()
    first, second = watched.drain_scalars(), alone.drain_scalars()
    assert first.names == second.names
    assert first.values.tobytes() == second.values.tobytes()
    after, expected = weights(watched), weights(alone)
    # A count of batches is a number without axes.
    as_bits = {name: (after[name].view(-1), expected[name].view(-1)) for name in after}
    assert all(one.view(torch.int32).equal(other.view(torch.int32)) for one, other in as_bits.values())
    assert hook_count(watched.model) == 0


@pytest.mark.parametrize("name", ["digits", "dropout", "one class", "regression", "diverging"])
def test_whatever_is_chosen_in_a_view_leaves_no_trace(name: str) -> None:
    preset, changes = EXPERIMENTS[name]
    watched, alone = trainer(preset, changes), trainer(preset, changes)
    probe = TaskProbe()
    for step in range(20):
        probe.sample, probe.grid = (step or None), (10 * step, 7 * step)
        make_batch(watched, probe)
        assert probe.reading() is not None
        # What is seen at rest is seen between two batches.
        assert probe.at_rest(watched, None) is not None
        alone.train_batch()
    after, expected = weights(watched), weights(alone)
    assert all(torch.equal(after[name].view(torch.int32), expected[name].view(torch.int32)) for name in after)
    assert watched.drain_scalars().values.tobytes() == alone.drain_scalars().values.tobytes()


def test_somebodys_own_model_with_running_statistics_and_draws() -> None:
    model = nn.Sequential(
        nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(8, 2)
    )
    inputs = torch.randn(16, 3)
    state = torch.random.get_rng_state()
    trained: list[dict[str, Tensor]] = []
    for probes in (make_probes(), ()):
        torch.random.set_rng_state(state)
        seen = trainer_of(copy.deepcopy(model), inputs)
        for _ in range(10):
            make_batch(seen, *probes)
            for probe in probes:
                probe.reading()
        trained.append(weights(seen))
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


@pytest.mark.parametrize("probe", [LayersProbe(), HistogramsProbe()], ids=lambda probe: probe.name)
def test_a_report_is_read_from_the_device_once(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def counted(kind: str) -> None:
        original = getattr(Tensor, kind)

        def read(tensor: Tensor, *arguments: object) -> object:
            reads.append(kind)
            return original(tensor, *arguments)

        monkeypatch.setattr(Tensor, kind, read)

    seen = trainer()
    for kind in ("tolist", "item", "cpu", "numpy", "__float__", "__int__", "__bool__"):
        counted(kind)
    for phase in seen.phases():
        taken = list(reads)
        probe.observe(seen, phase)
        assert reads == taken
    reads.clear()
    assert probe.reading() is not None
    assert reads == ["tolist"]
