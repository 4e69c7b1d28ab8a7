"""Every optimizer of torch that the catalogue has is recognised in somebody's own run, settings and all."""

import pytest
import torch
from torch import nn

from tests.components.catalogue import name
from tests.components.optimizers_by_hand import ALL
from tui_dl.components.optimizers import build_optimizer
from tui_dl.engine.parts.foreign_optimizer import described_optimizer
from tui_dl.spec import optimizers as spec


def parameters() -> list[nn.Parameter]:
    return list(nn.Linear(3, 2).parameters())


@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_what_was_built_is_described_as_it_was_declared(optimizer: spec.Optimizer) -> None:
    assert described_optimizer(build_optimizer(optimizer, parameters())) == optimizer


@pytest.mark.parametrize(
    "built",
    [
        torch.optim.Adam(parameters(), maximize=True),
        torch.optim.SGD(parameters(), 0.1, momentum=0.9, dampening=1.5),
        torch.optim.NAdam([{"params": [each]} for each in parameters()]),
        torch.optim.RAdam(parameters(), decoupled_weight_decay=True, weight_decay=0.1),
        torch.optim.LBFGS(parameters(), max_eval=7),
        torch.optim.Muon(parameters()[:1]),
        torch.optim.Adamax(parameters(), lr=torch.tensor(0.1)),
        type("Own", (torch.optim.Adadelta,), {})(parameters()),
    ],
    ids=lambda built: type(built).__name__,
)
def test_what_the_catalogue_has_no_words_for_is_not_described(built: torch.optim.Optimizer) -> None:
    assert described_optimizer(built) is None


def test_torchs_own_lbfgs_and_adafactor_are_described_by_their_defaults() -> None:
    plain = torch.optim.LBFGS(parameters())
    assert described_optimizer(plain) == spec.Lbfgs(line_search_fn="none")
    assert described_optimizer(torch.optim.Adafactor(parameters())) == spec.Adafactor()
