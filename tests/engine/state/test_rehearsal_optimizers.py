"""Copies of every optimizer step as the original does, in our runs and in somebody's own."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.engine.plain_loop import FULL_BATCH, OPTIMIZERS, assert_same, trainer, weights
from tui_dl.engine.training.trainer import Trainer

ALL = OPTIMIZERS | FULL_BATCH


@pytest.mark.parametrize("name", ALL)
def test_a_rehearsal_makes_the_very_next_batch(name: str) -> None:
    of = trainer(optimizer=ALL[name])
    for _ in range(3):
        of.train_batch()
    before = of.state_dict()
    ahead = of.rehearsal()
    loss = ahead.train_batch().loss
    assert_same(of.state_dict(), before)
    assert of.train_batch().loss == loss
    assert_same(weights(ahead.model), weights(of.model))
    assert_same(ahead.optimizer.state_dict()["state"], of.optimizer.state_dict()["state"])


@pytest.mark.parametrize("name", ALL)
def test_somebodys_own_run_is_swapped_to_it_saved_and_undone(name: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    batch = (torch.randn(20, 3), torch.randn(20, 1))
    of = Trainer.from_parts(
        model=model, loss=F.mse_loss, optimizer=torch.optim.SGD(model.parameters(), 0.1), batches=[batch]
    )
    of.train_batch()
    before = of.state_dict()
    of.apply({"optimizer": ALL[name]}, warmup_steps=1)
    first = [of.train_batch().loss for _ in range(3)]
    saved = of.state_dict()
    following = [of.train_batch().loss for _ in range(2)]
    of.load_state_dict(saved)
    assert [of.train_batch().loss for _ in range(2)] == following
    of.load_state_dict(before)
    of.apply({"optimizer": ALL[name]}, warmup_steps=1)
    assert [of.train_batch().loss for _ in range(3)] == first
    of.undo()
    assert_same(of.state_dict(), before)
