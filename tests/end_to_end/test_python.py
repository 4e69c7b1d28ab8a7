"""The Python API as promised: the engine process, and a trainer beside a plain loop."""

import asyncio
import copy
import subprocess
import sys

import pytest

import tui_dl
from tests.end_to_end.program import ROOT, assert_nothing_missing, only_run, wait_for_end

OVERRIDES = {"training.device": "cpu", "training.pace": 0}


def test_importing_it_loads_neither_torch_nor_the_screen() -> None:
    code = (
        "import sys, tui_dl; tui_dl.load_preset('digits-mlp'); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'textual', 'sklearn')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


async def test_an_engine_process_is_steered_from_python() -> None:
    experiment = tui_dl.load_preset("digits-mlp", overrides={**OVERRIDES, "optimizer.lr": 0.002})
    async with tui_dl.launch(experiment) as engine:
        assert await engine.step(10) == 10
        await engine.run()
        at = await engine.pause()
        assert at >= 10
        receipt = await engine.apply({"optimizer": {"name": "sgd", "lr": 0.1}})
        assert receipt.step == at
        assert receipt.reset
        assert not receipt.rescaled
        plan = await engine.plan({"model.activation": "tanh"})
        receipt = await engine.apply({"model.activation": "tanh"})
        assert (receipt.kept, receipt.reset) == (plan.kept, plan.reset)
        with pytest.raises(tui_dl.ChangeRefused):
            await engine.apply({"model.activation": "tanhh"})
        assert await engine.step(5) == at + 5
    kinds = set()
    async for message in engine.messages():
        kinds.add(type(message).__name__)
    assert {"RunDescribed", "StepsRecorded", "ChangeApplied", "RunFinished"} <= kinds
    await asyncio.to_thread(wait_for_end, only_run())
    assert assert_nothing_missing(only_run()) == at + 5


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        ({"name": "adam", "lr": 0.001}, ("Adam", {"lr": 0.001})),
        ({"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True},
         ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True})),
    ],
    ids=["adam", "nesterov"],
)  # fmt: skip
@pytest.mark.parametrize("fused", [True, False], ids=["fused", "plain"])
def test_a_plain_loop_beside_it_stays_bit_identical(
    optimizer: dict[str, object], settings: tuple[str, dict[str, object]], fused: bool
) -> None:
    import torch
    from torch import nn

    trainer = tui_dl.Trainer(
        tui_dl.load_preset("digits-mlp", {**OVERRIDES, "optimizer": {**optimizer, "fused": fused}})
    )
    model = copy.deepcopy(trainer.model)
    options = {**settings[1], "fused": True} if fused else settings[1]
    plain = getattr(torch.optim, settings[0])(model.parameters(), **options)
    loss_function = nn.CrossEntropyLoss()
    for step in range(1, 61):
        inputs, targets = trainer.peek_batch()
        plain.zero_grad()
        loss = loss_function(model(inputs), targets)
        loss.backward()
        plain.step()
        made = trainer.train_batch()
        assert made.step == step
        assert made.loss == loss.item()
    for own, theirs in zip(trainer.model.parameters(), model.parameters(), strict=True):
        assert torch.equal(own, theirs)
    assert not any(module._forward_hooks for module in trainer.model.modules())


def test_phases_changes_and_states_of_a_trainer() -> None:
    trainer = tui_dl.Trainer(tui_dl.load_preset("digits-mlp", OVERRIDES))
    names = ["fetch", "forward", "loss", "zero_grad", "backward", "clip", "update"]
    assert [str(getattr(phase, "name", phase)) for phase in trainer.phases()] == names
    assert trainer.step == 1
    saved = trainer.state_dict()
    plan = trainer.plan({"loss": "mse"})
    receipt = trainer.apply({"loss": "mse"})
    assert (receipt.kept, receipt.reset, receipt.rescaled, receipt.converted) == (
        plan.kept,
        plan.reset,
        plan.rescaled,
        plan.converted,
    )
    changed = [trainer.train_batch().loss for _ in range(3)]
    trainer.undo()
    assert trainer.step == 1
    straight = [trainer.train_batch().loss for _ in range(3)]
    assert straight != changed
    trainer.load_state_dict(saved)
    assert [trainer.train_batch().loss for _ in range(3)] == straight
    assert trainer.evaluate("validation").keys() >= {"loss", "accuracy"}


def test_somebodys_own_parts() -> None:
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    inputs, targets = torch.randn(256, 784), torch.randint(0, 10, (256,))
    batches = [(inputs[start : start + 64], targets[start : start + 64]) for start in range(0, 256, 64)]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    trainer = tui_dl.Trainer.from_parts(
        model=model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, batches=batches
    )
    first = trainer.train_batch().loss
    for _ in range(40):
        trainer.train_batch()
    assert trainer.train_batch().loss < first
    assert trainer.model is model
    assert trainer.optimizer is optimizer
