"""A loss that reads outputs otherwise refits the head: what goes on of it, and how new rows begin."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.engine.plain_loop import (
    OPTIMIZERS,
    PlainLoop,
    assert_same,
    continuation,
    invariants,
    weights,
)
from tests.engine.swap.heads import LINE, data, gaussian, head, trained
from tui_dl.engine.swap.head_state import rows_can_be_kept
from tui_dl.engine.training.trainer import Trainer


def probe_gradients(of: Trainer, loss: Any) -> list[Tensor]:
    model = copy.deepcopy(of.model).eval()
    inputs, targets = (each[:256] for each in data(of))
    return list(torch.autograd.grad(loss(model(inputs), targets), list(model.parameters())))


@pytest.mark.parametrize("name", ["adam", "adam amsgrad", "rmsprop", "adagrad", "sgd", "sgd momentum"])
def test_a_head_widens_about_the_mean_that_was_learnt(name: str) -> None:
    of = trained("mse", optimizer=OPTIMIZERS[name], **LINE)
    inputs, targets = data(of)
    was, model = weights(of.model), copy.deepcopy(of.model)
    states = [copy.deepcopy(dict(of.optimizer.state.get(p, {}))) for p in of.model.parameters()]
    old = probe_gradients(of, F.mse_loss)
    predicted = model(inputs).detach()
    receipt = of.apply({"loss": "gaussian_nll"})
    now = weights(of.model)
    assert "head" in receipt.converted
    for key, value in was.items():
        assert torch.equal(now[key][: len(value)], value), "every number that there was is there"
    assert torch.equal(now["layers.1.weight"][1:], torch.zeros(1, 6))
    outputs = of.model(inputs).detach()
    torch.testing.assert_close(outputs[:, :1], predicted)
    sigma = (targets - predicted)[:256].square().mean().sqrt()
    torch.testing.assert_close((F.softplus(outputs[:, 1:]) + 1e-6).sqrt(), sigma.expand(len(inputs), 1))

    new = probe_gradients(of, gaussian)
    shared = [each[: len(other)] for each, other in zip(new, old, strict=True)]
    rho = (sum(g.square().sum() for g in shared) / sum(g.square().sum() for g in old)).sqrt()
    powers = {"exp_avg": 1, "exp_avg_sq": 2, "max_exp_avg_sq": 2, "square_avg": 2, "sum": 2}
    for parameter, state, gradient in zip(of.model.parameters(), states, new, strict=True):
        present = of.optimizer.state.get(parameter, {})
        assert present.keys() == state.keys()
        for slot, value in state.items():
            if slot == "step":
                assert float(present[slot]) == float(value)
                continue
            if value is None:
                continue
            power = powers.get(slot, 0)
            rows = len(value)
            torch.testing.assert_close(present[slot][:rows], value * rho**power, rtol=1e-4, atol=1e-12)
            _assert_seeded(slot, present[slot][rows:], gradient[rows:], float(state.get("step", 0)))
    named = {
        f"head.optimizer.{slot}" for slot in states[-1] if slot != "step" and states[-1][slot] is not None
    }
    assert named == {each for each in receipt.converted if each.startswith("head.")}


def _assert_seeded(slot: str, rows: Tensor, gradient: Tensor, step: float) -> None:
    """New rows: squares of the probe's gradient as if it had always been so, and no first moment."""
    if not rows.numel():
        return
    decay = {"exp_avg_sq": 0.999, "max_exp_avg_sq": 0.999, "square_avg": 0.99}.get(slot)
    if decay is None:
        expected = torch.full_like(
            rows, OPTIMIZERS["adagrad"]["initial_accumulator_value"] if slot == "sum" else 0
        )
    else:
        expected = gradient.square() * (1 - decay**step)
    torch.testing.assert_close(rows, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("name", ["adam", "sgd momentum", "adagrad"])
def test_a_head_narrows_to_its_mean(name: str) -> None:
    of = trained("gaussian_nll", optimizer=OPTIMIZERS[name], **LINE)
    was, predicted = weights(of.model), of.model(data(of)[0]).detach()[:, :1]
    states = copy.deepcopy(dict(of.optimizer.state[head(of).weight]))
    receipt = of.apply({"loss": "huber"})
    for key, value in weights(of.model).items():
        assert torch.equal(value, was[key][: len(value)])
    torch.testing.assert_close(of.model(data(of)[0]).detach(), predicted)
    slot = {"adam": "exp_avg", "sgd momentum": "momentum_buffer", "adagrad": "sum"}[name]
    present, before = of.optimizer.state[head(of).weight][slot], states[slot][:1]
    assert present.shape == (1, 6)
    cosine = F.cosine_similarity(present.flatten(), before.flatten(), 0)
    assert cosine.item() == pytest.approx(1, abs=1e-6), "rows kept, perhaps rescaled"
    assert f"head.optimizer.{slot}" in receipt.converted
    assert not any(key.startswith("loss.") for key in of.evaluate()), "its likelihood is told no longer"
    assert of.plan({"loss": "gaussian_nll"}).converted


def test_a_first_step_after_widening_is_no_longer_than_adams_usual() -> None:
    of = trained("mse", 60, optimizer="adam", **LINE)
    receipt = of.apply({"loss": "gaussian_nll"})
    before = head(of).weight.detach().clone()
    of.train_batch()
    moved = (head(of).weight.detach() - before).abs().max().item()
    assert moved <= 1.2 * of.lr
    assert receipt.relative_update is not None
    assert 0.5 < receipt.relative_update < 2


@pytest.mark.parametrize("new", ["poisson_nll", "mse"])
def test_a_head_of_other_meaning_goes_on_near_what_it_predicted(new: str) -> None:
    old = "mse" if new == "poisson_nll" else "poisson_nll"
    of = trained(old, 150, optimizer={"name": "adam", "lr": 0.01}, **LINE)
    assert of.task is not None
    before = of.task.predictions(of.model(data(of)[0])).detach()
    receipt = of.apply({"loss": new})
    after = of.task.predictions(of.model(data(of)[0])).detach()
    spread = (before - before.mean()).abs()
    assert ((after - before).abs() <= 0.05 + spread**2).all(), "equal to first order about the mean"
    assert {"head.optimizer.exp_avg", "head.optimizer.exp_avg_sq"} <= set(receipt.reset)
    assert not of.optimizer.state.get(head(of).weight)
    continuation(of, 10)
    invariants(of)


@pytest.mark.parametrize("state", ["fresh", "calibrate"])
def test_state_that_begins_anew_does_so_for_the_head_as_well(state: Any) -> None:
    of = trained("mse", optimizer="adam", **LINE)
    receipt = of.apply({"loss": "gaussian_nll"}, state=state)
    assert [each for each in (*receipt.converted, *receipt.reset) if each.startswith("head")] == ["head"]
    held = of.optimizer.state.get(head(of).weight, {})
    assert (held["exp_avg"].shape == (2, 6)) if state == "calibrate" else not held
    continuation(of, 5)


def test_a_state_with_another_head_is_loaded_into_a_network_of_that_head() -> None:
    of = trained("mse", **LINE)
    of.apply({"loss": "gaussian_nll"})
    continuation(of, 3)
    saved = of.state_dict()
    other = trained("huber", 2, **LINE)
    other.load_state_dict(saved)
    assert head(other).out_features == 2
    assert continuation(other) == continuation(of)
    assert_same(other.state_dict(), of.state_dict())
    assert other.evaluate() == of.evaluate()


def test_state_of_rows_is_told_from_state_of_other_shapes() -> None:
    weight = torch.zeros(3, 2)
    assert rows_can_be_kept({"step": torch.tensor(4.0), "m": torch.zeros(3, 2), "none": None}, weight)
    assert not rows_can_be_kept({"row": torch.zeros(3, 1)}, weight)
    assert not rows_can_be_kept({"old_dirs": [torch.zeros(6)]}, weight)


def test_state_that_has_no_rows_begins_anew_for_the_head_alone() -> None:
    of = trained("mse", optimizer="adam", **LINE)
    of.optimizer.state[head(of).weight]["exp_avg"] = torch.zeros(1, 1)
    first = next(of.model.parameters())
    moment = of.optimizer.state[first]["exp_avg_sq"].clone()
    plan = of.plan({"loss": {"name": "mse", "reduction": "sum_over_outputs"}})
    assert not any(each.startswith("head") for each in (*plan.converted, *plan.reset)), "the same head"
    receipt = of.apply({"loss": "gaussian_nll"})
    assert {"head.optimizer.exp_avg", "head.optimizer.exp_avg_sq"} <= set(receipt.reset)
    assert not of.optimizer.state.get(head(of).weight)
    ratio = of.optimizer.state[first]["exp_avg_sq"] / moment
    assert ratio.isfinite().any()
    torch.testing.assert_close(ratio[moment > 0], ratio[moment > 0].mean().expand_as(ratio[moment > 0]))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    "pair", [("mse", "poisson_nll"), ("mse", "gaussian_nll"), ("gaussian_nll", "poisson_nll")]
)
def test_every_optimizer_goes_on_with_another_head(name: str, pair: tuple[str, str]) -> None:
    old, new = pair
    of, never = (trained(old, optimizer=OPTIMIZERS[name], **LINE) for _ in range(2))
    last = of.gradients.views[0].clone()
    of.apply({"loss": new})
    assert torch.equal(of.gradients.views[0], last)
    loop = PlainLoop(of, OPTIMIZERS[name])
    for mine, theirs in zip(loop.model.parameters(), of.model.parameters(), strict=True):
        if of.optimizer.state.get(theirs):
            loop.optimizer.state[mine] = copy.deepcopy(of.optimizer.state[theirs])
    for _ in range(4):
        loop.step_beside()
    loop.assert_equal()
    of.undo()
    assert continuation(of, 5) == continuation(never, 5)
