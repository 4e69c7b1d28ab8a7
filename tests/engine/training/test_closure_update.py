"""L-BFGS: many evaluations within one update, and everything else of a run as with any optimizer."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.engine.plain_loop import FULL_BATCH, assert_same, continuation, invariants, trainer, weights
from tui_dl.engine.state.checkpoints import captured, write_whole
from tui_dl.engine.training.batch_loop import PHASES
from tui_dl.engine.training.nonfinite import NonFinite
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, SpecError

if TYPE_CHECKING:
    from pathlib import Path

LBFGS = FULL_BATCH["lbfgs"]


def after(batches: int, **change: Any) -> Trainer:
    of = trainer(**({"optimizer": LBFGS} | change))
    for _ in range(batches):
        of.train_batch()
    return of


def test_penalties_are_in_every_evaluation() -> None:
    of = after(0, regularizers=[{"name": "l2", "strength": 0.05}])
    model = copy.deepcopy(of.model)
    plain = torch.optim.LBFGS(
        model.parameters(), lr=0.5, max_iter=4, history_size=5, line_search_fn="strong_wolfe"
    )
    matrices = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    for _ in range(6):
        inputs, targets = of.peek_batch()

        def evaluate(inputs: Any = inputs, targets: Any = targets) -> Any:
            loss = F.cross_entropy(model(inputs), targets)
            loss = loss + 0.05 / 2 * sum(matrix.square().sum() for matrix in matrices)
            plain.zero_grad()
            loss.backward()
            return loss.detach()

        # The penalty is summed in another order, so this is close rather than equal.
        assert of.train_batch().loss == pytest.approx(float(plain.step(evaluate)), rel=1e-4)
    for mine, theirs in zip(of.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-2, atol=1e-3)


def test_phases_runs_and_rehearsals_have_the_same_bits() -> None:
    run, stepped = after(4), after(4)
    rehearsed = run.rehearsal().train_batch().loss
    for _ in range(3):
        assert tuple(stepped.phases()) == PHASES
        ahead = run.rehearsal()
        result = run.train_batch()
        assert result.loss == ahead.train_batch().loss
        assert_same(weights(ahead.model), weights(run.model))
    assert rehearsed > run.train_batch().loss
    stepped.train_batch()
    assert_same(run.state_dict(), stepped.state_dict())


def test_what_a_step_reports_is_the_batch_before_its_update() -> None:
    of = after(3)
    inputs, targets = of.peek_batch()
    loss = F.cross_entropy(of.model(inputs), targets).item()
    # The samples come in another order.
    assert of.train_batch().loss == pytest.approx(loss)
    assert of.step == 4
    assert of.samples_seen == 4 * len(inputs)


def test_a_file_carries_all_that_it_keeps(tmp_path: Path) -> None:
    of, path = after(5), tmp_path / "state.pt"
    write_whole(captured(of.state_dict()), path)
    twin = trainer(optimizer=LBFGS)
    twin.load_state_dict(torch.load(path, weights_only=True))
    assert_same(twin.state_dict(), of.state_dict())
    assert continuation(twin, 5) == continuation(of, 5)
    assert_same(twin.state_dict(), of.state_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adam"},
        {"loss": "mse"},
        {"optimizer.history_size": 2},
        {"optimizer.max_iter": 2, "optimizer.lr": 0.1},
        {"optimizer.line_search_fn": "none", "optimizer.lr": 0.01},
    ],
)
def test_a_change_is_undone_bit_for_bit(change: dict[str, Any]) -> None:
    of, never = after(5), after(5)
    of.apply(change)
    invariants(of)
    continuation(of, 3)
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    assert continuation(of, 4) == continuation(never, 4)
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize(
    "change", [{"loss": "mse"}, {"model.activation": "tanh"}, {"regularizers.l2": {"strength": 0.01}}]
)
def test_another_loss_surface_ends_what_it_has_learnt_of_the_old(change: dict[str, Any]) -> None:
    of = after(5)
    receipt = of.apply(change)
    assert {"optimizer.old_dirs", "optimizer.prev_flat_grad"} <= set(receipt.reset)
    assert not of.optimizer.state
    of.undo()
    with pytest.raises(ChangeRefused, match='of the loss so far; use "fresh"'):
        of.apply(change, state="carry")
    of.apply({"regularizers.early_stopping": {"patience": 3}})
    assert of.optimizer.state


def test_a_shorter_history_keeps_the_newest_steps_and_a_longer_one_all() -> None:
    of = after(8)
    first = of.optimizer.param_groups[0]["params"][0]
    held = [each.clone() for each in of.optimizer.state[first]["old_dirs"]]
    assert len(held) == 5
    receipt = of.apply({"optimizer.history_size": 2})
    # It is cut, so it is not said to be kept.
    assert {"optimizer.old_dirs", "optimizer.old_stps", "optimizer.ro"} <= set(receipt.converted)
    assert "optimizer.H_diag" in receipt.kept
    assert_same(of.optimizer.state[first]["old_dirs"], held[-2:])
    assert "optimizer.old_dirs" in of.apply({"optimizer.history_size": 9}).kept
    continuation(of, 4)
    assert len(of.optimizer.state[first]["old_dirs"]) == 9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "lbfgs"}, r"batches of 16 of 104 samples .* set training.batch_size to at least 104"),
        ({"optimizer": "lbfgs", "training.batch_size": 103}, r"at least 104 \(the full batch\)"),
        (
            {"optimizer": "lbfgs", "training.batch_size": 104, "regularizers.dropout": {"p": 0.1}},
            "dropout draws anew at each; take it away",
        ),
        (
            {"optimizer": "lbfgs", "training.batch_size": 104, "regularizers.gradient_clipping": {}},
            "gradient_clipping changes the gradient",
        ),
        (
            {"optimizer": "lbfgs", "training.batch_size": 104, "regularizers.weight_decay": {"rate": 0.1}},
            r"regularizers.l2 does it in the loss",
        ),
    ],
)
def test_a_loss_that_moves_is_refused_with_what_would_work(change: dict[str, Any], message: str) -> None:
    of = trainer()
    with pytest.raises(ChangeRefused, match=message):
        of.plan(change)
    with pytest.raises(SpecError, match=message):
        trainer(**{path.replace(".", "__"): value for path, value in change.items()})
    steady = after(1)
    with pytest.raises(ChangeRefused, match="at least 104"):
        steady.apply({"training.batch_size": 50})
    steady.apply({"training.batch_size": 50, "optimizer": "adam"})


@pytest.mark.parametrize("stops", [True, False])
def test_a_trial_that_is_not_finite_leaves_weights_and_state_as_they_were(stops: bool) -> None:
    """The first evaluation of an update is fine; a step far too long makes a later one infinite."""
    of = after(
        2, optimizer={**FULL_BATCH["lbfgs fixed"], "max_iter": 3}, loss="mse", model__activation="identity"
    )
    of.apply({"optimizer.lr": 1e11})
    of.stop_on_nonfinite = stops
    before = of.state_dict()
    if not stops:
        for _ in range(3):
            of.train_batch()
        assert of.step == 5
        return
    for _ in range(2):
        with pytest.raises(NonFinite):
            of.train_batch()
        assert_same(of.state_dict(), before)
    of.apply({"optimizer": "adam"})
    assert of.train_batch().step == 3


def test_somebodys_own_run_may_use_torchs() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    plain = copy.deepcopy(model)
    batch = (torch.randn(20, 3), torch.randn(20, 1))
    build = {"max_iter": 5, "line_search_fn": "strong_wolfe"}
    of = Trainer.from_parts(
        model=model,
        loss=F.mse_loss,
        optimizer=torch.optim.LBFGS(model.parameters(), **build),
        batches=[batch],
    )
    torchs = torch.optim.LBFGS(plain.parameters(), **build)

    def evaluate() -> Any:
        torchs.zero_grad()
        loss = F.mse_loss(plain(batch[0]), batch[1])
        loss.backward()
        return loss.detach()

    for step in itertools.count():
        assert of.train_batch().loss == float(torchs.step(evaluate))
        if step == 4:
            break
        of.rehearsal().train_batch()
    assert_same(weights(model), weights(plain))
    assert of.apply({"optimizer.lr": 0.5}).kept
    of.apply({"optimizer": "adam"})
    of.train_batch()
    of.undo()
    of.train_batch()
    several = Trainer.from_parts(
        model=model, loss=F.mse_loss, optimizer=torch.optim.SGD(model.parameters(), 0.1), batches=[batch] * 3
    )
    with pytest.raises(ChangeRefused, match="your 3 batches are others each time"):
        several.apply({"optimizer": "lbfgs"})


@pytest.mark.parametrize("batches", [0, 3])
@pytest.mark.parametrize("optimizer", ["lbfgs", "lbfgs fixed"])
def test_at_rate_zero_nothing_moves_and_the_search_goes_on_afterwards(batches: int, optimizer: str) -> None:
    of = after(batches, optimizer=FULL_BATCH[optimizer])
    of.apply({"optimizer.lr": 0.0})
    before = copy.deepcopy(weights(of.model))
    search = of.optimizer.param_groups[0]["line_search_fn"]
    loss = of.train_batch().loss
    # The samples come in another order.
    assert of.train_batch().loss == pytest.approx(loss)
    assert_same(weights(of.model), before)
    assert of.optimizer.param_groups[0]["line_search_fn"] == search
    of.apply({"optimizer.lr": FULL_BATCH[optimizer]["lr"]})
    assert continuation(of, 4)[-1] < loss


def test_a_warm_up_may_begin_at_zero() -> None:
    of = after(0, schedule={"name": "warmup", "steps": 4, "start_factor": 0.0})
    first, *_, last = continuation(of, 6)
    assert last < first
