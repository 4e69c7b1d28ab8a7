"""The valley's lesson, counted on the paths themselves: who goes from wall to wall, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.change import for_variant
from tui_dl.spec.preset import load_preset
from tui_dl.wire.messages import PATH

UPDATES = 60
WALL = 0.1
"""So far from the floor, in the length of both numbers, counts as being on a wall: the start is at 1.3."""


@pytest.fixture(scope="module", params=[0, 3])
def swings(request: pytest.FixtureRequest) -> dict[str, int]:
    experiment = load_preset("valley", {"training.device": "cpu", "seed": request.param})
    return {each.name: crossings(Trainer(for_variant(experiment, each.name))) for each in experiment.variants}


def crossings(seen: Trainer) -> int:
    """How often a run goes from one wall to the other."""
    for _ in range(UPDATES):
        seen.train_batch()
    read = seen.drain_scalars()
    columns = dict(zip(read.names, read.values, strict=True))
    assert seen.splits is not None
    x = seen.splits.train.inputs.double().numpy()[:, 0]
    y = seen.splits.train.targets.double().numpy()[:, 0]
    # Of mean squared error the second derivatives are 2/N [Σx², Σx; Σx, N]; the steepest way is across.
    curvatures, ways = np.linalg.eigh(2 * np.array([[np.mean(x * x), x.mean()], [x.mean(), 1.0]]))
    assert curvatures[1] > 50 * curvatures[0], "narrow"
    place = np.stack([columns[PATH[2]], columns[PATH[3]]])
    across = ways[:, 1] @ (place - np.polyfit(x, y, 1)[:, None])
    sides = np.sign(across[np.abs(across) > WALL])
    return int((sides[1:] != sides[:-1]).sum())


def test_momentum_swings_from_wall_to_wall_and_nesterov_damps_it(swings: dict[str, int]) -> None:
    assert swings["no momentum"] == 0
    assert swings["momentum from the start"] >= 8
    assert swings["Nesterov"] <= 2
