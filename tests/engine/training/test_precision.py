"""Reduced precision against a loop by hand; float16's scaler is part of the state and hides nothing."""

import copy
from typing import Any

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, invariants, trainer, weights
from tui_dl.engine.swap import precision as precision_module
from tui_dl.engine.swap.update_size import next_gradients
from tui_dl.engine.training.nonfinite import NonFinite
from tui_dl.engine.training.precision import Precision
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused

TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def in_precision(name: str, **change: Any) -> Trainer:
    return trainer(**{"training__precision": name, **change})


def overflow(of: Trainer) -> None:
    """Let the next scaled gradients overflow: the scale is raised as long training raises it."""
    of._parts.precision.load({**of._parts.precision.state(), "scale": 2.0**126})


def by_hand(of: Trainer, name: str, loss_name: str, optimizer: dict[str, Any], steps: int) -> Any:
    """As torch's documentation has it: forward and loss under autocast, scaler around backward and step."""
    model = copy.deepcopy(of.model)
    made = torch.optim.Adam(model.parameters(), lr=optimizer["lr"], fused=True)
    scaler = torch.amp.GradScaler("cpu", enabled=name == "float16")
    function = {"cross_entropy": torch.nn.functional.cross_entropy}[loss_name]
    losses = []
    for _ in range(steps):
        inputs, targets = of.peek_batch()
        made.zero_grad()
        with torch.autocast("cpu", dtype=TYPES[name]):
            loss = function(model(inputs), targets)
        scaler.scale(loss).backward()
        scaler.unscale_(made)
        norm = torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in model.parameters()]))  # type: ignore[union-attr]
        scaler.step(made)
        scaler.update()
        result = of.train_batch()
        losses.append((loss.item(), norm.item(), result.loss, result.grad_norm))
    return model, losses


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_it_equals_a_loop_by_hand_to_the_last_bit(name: str) -> None:
    of = in_precision(name, optimizer=OPTIMIZERS["adam"])
    model, losses = by_hand(of, name, "cross_entropy", OPTIMIZERS["adam"], 12)
    for loss, norm, mine, my_norm in losses:
        assert (loss, norm) == (mine, my_norm)
    assert_same(weights(model), weights(of.model))
    assert all(value.dtype == torch.float32 for value in of.model.state_dict().values())
    assert of.batch.outputs.dtype == torch.float32
    invariants(of)


def test_precisions_differ_and_float32_has_no_scaler() -> None:
    losses = {name: tuple(continuation(in_precision(name), 6)) for name in ("float32", *TYPES)}
    assert len(set(losses.values())) == 3
    assert not Precision("float32", torch.device("cpu")).state()
    assert in_precision("float32").drain_scalars().names == ()


def test_a_skipped_update_leaves_the_weights_and_is_reported() -> None:
    of = in_precision("float16", regularizers__weight_decay=True)
    continuation(of, 3)
    overflow(of)
    before = of.state_dict()
    of.train_batch()
    after = of.state_dict()
    assert_same(after["model"], before["model"])
    assert_same(after["optimizer"]["state"], before["optimizer"]["state"])
    # The batch was used all the same: it is a step.
    assert (after["step"], after["samples_seen"]) == (4, before["samples_seen"] + 16)
    assert after["loss_scaler"]["scale"] == 2.0**125
    scalars = of.drain_scalars()
    assert scalars.values[scalars.names.index("skipped")].tolist() == [0, 0, 0, 1]
    assert scalars.values[scalars.names.index("loss_scale")].tolist() == [65536.0] * 3 + [2.0**126]
    grad_norm = scalars.values[scalars.names.index("grad_norm")]
    assert not torch.isfinite(torch.tensor(grad_norm[-1]))
    assert grad_norm[:3].max() < 100


def test_the_scaler_is_undone_saved_and_resumed() -> None:
    of, never = (in_precision("float16") for _ in range(2))
    for each in (of, never):
        continuation(each, 2)
        overflow(each)
        each.train_batch()
    state = of.state_dict()
    of.apply({"optimizer.lr": 0.05})
    overflow(of)
    continuation(of, 3)
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    elsewhere = trainer()
    elsewhere.load_state_dict(state)
    assert elsewhere.experiment is not None
    assert elsewhere.experiment.training.precision == "float16"
    assert continuation(elsewhere, 4) == continuation(never, 4)
    assert_same(elsewhere.state_dict(), never.state_dict())


def test_it_grows_as_torch_has_it() -> None:
    of = in_precision("float16")
    scaler = of._parts.precision
    scaler.load({**scaler.state(), "_growth_tracker": 1998})
    continuation(of, 3)
    assert scaler.state()["scale"] == 131072.0
    assert scaler.state()["_growth_tracker"] == 1


@pytest.mark.parametrize(
    ("old", "new", "kept", "reset"),
    [
        ("float32", "bfloat16", False, False),
        ("float32", "float16", False, False),
        ("float16", "float32", False, True),
        ("float16", "bfloat16", False, True),
        ("bfloat16", "float16", False, False),
    ],
)
def test_it_is_changed_and_undone_mid_run(old: str, new: str, kept: bool, reset: bool) -> None:
    of, never = (in_precision(old) for _ in range(2))
    for each in (of, never):
        continuation(each, 5)
    change = {"training.precision": new}
    before = of.state_dict()
    plan = of.plan(change)
    assert_same(of.state_dict(), before)
    receipt = of.apply(change)
    assert (plan.kept, plan.reset) == (receipt.kept, receipt.reset)
    assert {"weights", "position", "optimizer.exp_avg"} <= set(receipt.kept)
    assert ("loss_scale" in receipt.kept, "loss_scale" in receipt.reset) == (kept, reset)
    assert receipt.probe_loss_before != receipt.probe_loss_after
    assert receipt.relative_update == pytest.approx(1.0, abs=0.1)
    twin = in_precision(new)
    twin.load_state_dict({**before, "experiment": of.state_dict()["experiment"], "loss_scaler": {}})
    assert continuation(of, 4) == continuation(twin, 4)
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    assert continuation(of, 4) == continuation(never, 4)


def test_other_changes_keep_the_scaler() -> None:
    of = in_precision("float16")
    continuation(of, 2)
    overflow(of)
    of.train_batch()
    receipt = of.apply({"optimizer": {"name": "sgd", "lr": 0.1}, "model.activation": "tanh"})
    assert "loss_scale" in receipt.kept
    assert of.state_dict()["loss_scaler"]["scale"] == 2.0**125
    continuation(of, 2)


def test_what_torch_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    of = trainer()

    def cannot(*_: object) -> None:
        raise RuntimeError("\"addmm_impl_cpu_\" not implemented for 'Half'\nmore")

    monkeypatch.setattr(precision_module, "gradients_at", cannot)
    before = of.state_dict()
    with pytest.raises(ChangeRefused, match="float16 does not work on cpu") as refused:
        of.apply({"training.precision": "float16"})
    assert "\n" not in str(refused.value)
    assert_same(of.state_dict(), before)


def test_a_loss_that_is_not_finite_still_stops() -> None:
    of = in_precision("float16")
    of.stop_on_nonfinite = True
    continuation(of, 2)
    overflow(of)
    # Only the scaled gradients are too large: that is what the scaler is for.
    assert of.train_batch().step == 3
    with torch.no_grad():
        next(iter(of.model.parameters())).mul_(1e30)
    before = of.state_dict()
    with pytest.raises(NonFinite):
        of.train_batch()
    assert_same(of.state_dict(), before)


def test_given_up_behind_the_backward_pass_the_batch_comes_again() -> None:
    of, never = (in_precision("float16") for _ in range(2))
    phases = of.phases()
    for _ in range(6):
        next(phases)
    of.load_state_dict(of.state_dict())
    assert continuation(of, 3) == continuation(never, 3)
    assert_same(of.state_dict(), never.state_dict())


def test_phases_and_accumulation_give_the_same_bits() -> None:
    of, stepped = (in_precision("float16", training__accumulate=3) for _ in range(2))
    for _ in range(4):
        of.train_batch()
        assert list(stepped.phases())[-1] == "update"
    assert_same(of.state_dict(), stepped.state_dict())


def test_what_a_change_measures_is_the_unscaled_gradient() -> None:
    of = in_precision("float16", optimizer={"name": "sgd", "lr": 0.1})
    measured = next_gradients(of._parts)
    assert measured is not None
    of.train_batch()
    for one, view in zip(measured, of.gradients.views, strict=True):
        torch.testing.assert_close(one, view, rtol=1e-6, atol=1e-9)
