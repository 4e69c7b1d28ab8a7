"""Anyone's module, loss, optimizer and batches, as a beginner would write them."""

import copy
import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from tests.engine.plain_loop import assert_same, continuation, invariants, trainer, weights
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, UsageError


class Net(nn.Module):
    """Two layers, 784-256-10."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, 0.1, training=self.training)
        return self.fc2(x)  # type: ignore[no-any-return]


def images(count: int = 100) -> TensorDataset:
    generator = torch.Generator().manual_seed(3)
    return TensorDataset(
        torch.rand(count, 1, 28, 28, generator=generator), torch.randint(0, 10, (count,), generator=generator)
    )


def loader(shuffle: bool = True) -> DataLoader[Any]:
    return DataLoader(images(), batch_size=16, shuffle=shuffle)


def parts(**given: Any) -> dict[str, Any]:
    torch.manual_seed(1)
    model = Net()
    usual = {
        "model": model,
        "loss": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9),
        "batches": loader(),
    }
    return usual | given


def net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 1))


def pairs(count: int = 5) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(8, 2, generator=generator) for _ in range(count)]
    return [(each, each.prod(1, keepdim=True)) for each in inputs]


def small(model: nn.Module | None = None, **given: Any) -> Trainer:
    model = model or net()
    optimizer = given.pop("optimizer", None) or torch.optim.Adam(model.parameters(), lr=0.01)
    usual = {"model": model, "loss": F.mse_loss, "optimizer": optimizer, "batches": pairs()}
    return Trainer.from_parts(**(usual | given))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True),
        lambda p: torch.optim.Adam(p),
        lambda p: torch.optim.AdamW(p, amsgrad=True, fused=True),
        lambda p: torch.optim.RMSprop(p, centered=True),
        lambda p: torch.optim.Adagrad(p),
        lambda p: torch.optim.NAdam(p),
    ],
)
def test_a_beginners_loop_gives_the_same_bits(make: Any) -> None:
    torch.manual_seed(1)
    mine = Net()
    theirs = copy.deepcopy(mine)
    optimizer = make(theirs.parameters())
    random = torch.get_rng_state()
    losses = []
    for _ in range(3):
        for inputs, targets in loader():
            loss = F.cross_entropy(theirs(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    torch.set_rng_state(random)
    of = Trainer.from_parts(
        model=mine, loss=nn.CrossEntropyLoss(), optimizer=make(mine.parameters()), batches=loader()
    )
    assert torch.equal(torch.get_rng_state(), random)
    results = [of.train_batch() for _ in range(21)]
    assert [result.loss for result in results] == losses
    assert_same(weights(mine), weights(theirs))
    assert torch.equal(torch.get_rng_state(), random)
    assert results[-1].metrics.keys() == {"accuracy", "cross_entropy"}
    assert (of.step, of.epoch, of.samples_seen, of.steps_per_epoch) == (21, 3, 300, 7)
    assert of.experiment is None


def test_peeking_and_phases_change_no_bit() -> None:
    expected = continuation(Trainer.from_parts(**parts()), 16)
    of = Trainer.from_parts(**parts())
    losses = []
    for step in range(16):
        inputs, targets = of.peek_batch()
        for _ in zip(range(step % 7), of.phases(), strict=False):
            of.state_dict()
        assert of.peek_batch()[0] is inputs
        assert of.peek_batch()[1] is targets
        losses.append(of.train_batch().loss)
    assert losses == expected


def test_numbers_and_optimizers_can_be_changed_and_undone() -> None:
    of, never = Trainer.from_parts(**parts()), Trainer.from_parts(**parts())
    continuation(of, 9)
    continuation(never, 9)
    plan = of.plan({"optimizer.lr": 0.01, "optimizer.momentum": 0.5})
    receipt = of.apply({"optimizer.lr": 0.01, "optimizer.momentum": 0.5})
    assert plan.kept == receipt.kept == ("weights", "position", "optimizer.momentum_buffer")
    group = of.optimizer.param_groups[0]
    assert (group["lr"], group["momentum"]) == (0.01, 0.5)
    continuation(of, 4)
    receipt = of.apply({"optimizer": {"name": "adam", "lr": 0.002}}, warmup_steps=2)
    assert "optimizer.exp_avg" in receipt.reset
    assert isinstance(of.optimizer, torch.optim.Adam)
    assert receipt.relative_update is not None
    invariants(of)
    continuation(of, 9)
    of.undo()
    of.undo()
    invariants(of)
    assert (of.step, of.epoch, of.lr) == (9, 1, 0.05)
    assert continuation(of, 12) == continuation(never, 12)
    assert_same(of.state_dict(), never.state_dict())


def test_regularizers_and_a_schedule_work_on_any_module() -> None:
    of = small()
    of.apply(
        {
            "regularizers.l2.strength": 0.1,
            "regularizers.gradient_clipping.max_norm": 0.01,
            "schedule": {"name": "step", "step_size": 3},
        }
    )
    results = [of.train_batch() for _ in range(7)]
    assert [result.lr for result in results] == pytest.approx([0.01] * 3 + [0.001] * 3 + [0.0001])
    scalars = of.drain_scalars()
    assert (scalars.values[scalars.names.index("penalty")] > 0).all()
    assert of.gradients.flat.norm() <= 0.0101


@pytest.mark.parametrize(
    "change",
    [
        {"model.activation": "tanh"},
        {"loss": "mse"},
        {"data": "moons"},
        {"training.batch_size": 3},
        {"regularizers.dropout.p": 0.1},
        {"seed": 1},
        {"regularizers": ["dropout"]},
        {"regularizers": {"dropout": {"p": 0.1}}},
        {"training": {"batch_size": 3}},
        {"lecture.notes": "x"},
    ],
)
def test_what_is_the_users_own_is_refused_with_the_reason(change: dict[str, Any]) -> None:
    of = small()
    with pytest.raises(ChangeRefused, match=r"what can be changed here is optimizer"):
        of.apply(change)


def test_an_unknown_optimizer_keeps_its_numbers_but_can_be_swapped() -> None:
    model = net()
    groups = [
        {"params": model[0].parameters(), "lr": 0.1},
        {"params": [*model[1].parameters(), *model[3].parameters()]},
    ]
    of = small(model, optimizer=torch.optim.SGD(groups, lr=0.01))
    continuation(of, 3)
    with pytest.raises(ChangeRefused, match="not in the catalogue"):
        of.apply({"optimizer.momentum": 0.9})
    with pytest.raises(ChangeRefused, match="not in the catalogue"):
        of.apply({"optimizer": "adam"}, state="carry")
    of.apply({}, warmup_steps=1)
    of.train_batch()
    assert [group["lr"] for group in of.optimizer.param_groups] == [0.05, 0.005]
    of.train_batch()
    assert [group["lr"] for group in of.optimizer.param_groups] == [0.1, 0.01]
    of.apply({"optimizer": "adam"}, state="calibrate")
    invariants(of)
    continuation(of, 3)
    of.undo()
    assert len(of.optimizer.param_groups) == 2
    continuation(of, 3)


def test_a_schedule_of_the_users_own_is_left_alone() -> None:
    of = small()
    scheduler = torch.optim.lr_scheduler.ExponentialLR(of.optimizer, 0.5)
    rates = []
    for _ in range(3):
        rates.append(of.train_batch().lr)
        scheduler.step()
    assert rates == [0.01, 0.005, 0.0025]


def test_parameters_that_a_batch_does_not_reach_are_skipped_as_in_a_plain_loop() -> None:
    class Either(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(2, 1), nn.Linear(2, 1)

        def forward(self, x: Tensor) -> Tensor:
            side = self.left if x.sum() > 0 else self.right
            return side(x)  # type: ignore[no-any-return]

    torch.manual_seed(0)
    mine = Either()
    theirs = copy.deepcopy(mine)
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=0.1, weight_decay=0.5)
    of = small(mine, optimizer=torch.optim.AdamW(mine.parameters(), lr=0.1, weight_decay=0.5))
    for _ in range(4):
        for inputs, targets in pairs():
            loss = F.mse_loss(theirs(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            assert of.train_batch().loss == loss.item()
    assert_same(weights(mine), weights(theirs))


def test_frozen_parameters_and_modes_stay() -> None:
    model = net()
    model[0].weight.requires_grad_(False)
    model[1].eval()
    frozen, running = model[0].weight.clone(), model[1].running_mean.clone()  # type: ignore[operator, union-attr]
    of = small(model, optimizer=torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1))
    continuation(of, 4)
    of.apply({"optimizer": "adam"})
    of.evaluate("train")
    continuation(of, 4)
    assert torch.equal(model[0].weight, frozen)
    assert torch.equal(model[1].running_mean, running)  # type: ignore[arg-type]
    assert (model.training, model[1].training) == (True, False)
    invariants(of)


def test_running_statistics_are_undone_and_left_by_plans() -> None:
    of, never = small(), small()
    continuation(of, 3)
    continuation(never, 3)
    for phase in of.phases():
        if phase == "forward":
            break
    of.train_batch()
    never.train_batch()
    of.plan({"optimizer": "sgd"})
    of.apply({"optimizer": "rmsprop"}, state="calibrate")
    continuation(of, 3)
    for phase in of.phases():
        if phase == "loss":
            break
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    assert continuation(of) == continuation(never)


def test_a_state_goes_on_in_another_trainer() -> None:
    of = Trainer.from_parts(**parts())
    continuation(of, 9)
    of.apply({"optimizer": {"name": "adam", "lr": 0.003}, "regularizers.l2.strength": 0.01}, warmup_steps=5)
    continuation(of, 2)
    of.peek_batch()
    file = io.BytesIO()
    torch.save(of.state_dict(), file)
    file.seek(0)
    twin = Trainer.from_parts(**parts())
    twin.load_state_dict(torch.load(file, weights_only=True))
    assert isinstance(twin.optimizer, torch.optim.Adam)
    assert continuation(twin, 12) == continuation(of, 12)
    with pytest.raises(UsageError, match="state of somebody's own parts"):
        trainer().load_state_dict(of.state_dict())


def test_restart_goes_back_to_where_it_began() -> None:
    of = Trainer.from_parts(**parts())
    first = continuation(of, 10)
    of.restart()
    assert of.step == 0
    assert continuation(of, 10) == first
    of.undo()
    assert of.step == 10
    with pytest.raises(ChangeRefused, match="your own"):
        of.restart(seed=2)


def test_evaluation_over_given_batches() -> None:
    of = small(validation=pairs(2))
    of.train_batch()
    before = of.state_dict()
    values = of.evaluate("validation")
    assert_same(of.state_dict(), before)
    assert values.keys() == {"loss", "mse", "mae"}
    assert values["loss"] == pytest.approx(values["mse"])
    assert of.evaluate("train")["loss"] > 0
    with pytest.raises(UsageError, match="validation="):
        small().evaluate()
    with pytest.raises(UsageError, match="no batch"):
        small(validation=[]).evaluate()


def test_a_generator_is_trained_on_once_and_then_says_so() -> None:
    def generate() -> Iterator[tuple[Tensor, Tensor]]:
        yield from pairs(3)

    of = small(batches=generate())
    of.apply({"optimizer.lr": 0.1})
    of.train_batch()
    of.undo()
    of.train_batch()
    with pytest.raises(ChangeRefused, match="generator"):
        of.apply({"optimizer": "adagrad"}, state="calibrate")
    with pytest.raises(ChangeRefused, match="generator"):
        of.restart()
    with pytest.raises(UsageError, match="generator"):
        of.evaluate("train")
    of.train_batch()
    with pytest.raises(UsageError, match=r"used up.*DataLoader"):
        of.train_batch()
    assert of.step == 2
    of.apply({"optimizer.lr": 0.2})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batches": []}, "no batch"),
        ({"batches": [1, 2]}, "pair"),
        ({"batches": [(1, 2, 3)]}, "pair.*tuple of 3"),
        ({"loss": lambda outputs, targets: outputs - targets}, "one number.*shape"),
        ({"loss": lambda outputs, targets: 3.0}, "one number.*float"),
    ],
)
def test_what_cannot_be_trained_on_says_why(given: dict[str, Any], words: str) -> None:
    of = small(**given)
    for _ in range(2):
        with pytest.raises(UsageError, match=words):
            of.train_batch()
    assert of.step == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": 3}, "Module"),
        ({"loss": "mse"}, "callable"),
        ({"optimizer": "adam"}, "Optimizer"),
        ({"batches": 3}, "iterable"),
        ({"validation": 3}, "validation"),
        ({"optimizer": torch.optim.SGD([nn.Parameter(torch.ones(1))])}, "none of the model's"),
    ],
)
def test_parts_that_do_not_fit_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Trainer.from_parts(**(parts() | given))


def test_an_error_in_the_users_module_leaves_the_batch_to_come_again() -> None:
    of, never = small(), small()
    continuation(of, 2)
    continuation(never, 2)
    keep = of.model[3]  # type: ignore[index]
    of.model[3] = nn.Linear(3, 3)  # type: ignore[index, operator]
    with pytest.raises(RuntimeError, match="shapes"):
        of.train_batch()
    of.model[3] = keep  # type: ignore[index, operator]
    assert not of.is_half_done
    assert continuation(of) == continuation(never)


def test_tasks_are_recognised_by_the_first_batch() -> None:
    of = small(
        net(),
        loss=lambda outputs, targets: (outputs[:, 0] - targets).square().mean(),
        batches=[(torch.ones(4, 2), torch.ones(4))] * 3,
    )
    assert of.task is None
    result = of.train_batch()
    assert of.task is not None
    assert of.task.name == "other"
    assert result.metrics == {}
    assert of.evaluate("train").keys() == {"loss"}


def test_structured_inputs_pass_through() -> None:
    class Adds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, given: dict[str, Tensor]) -> Tensor:
            return (given["a"] + given["b"]) * self.scale

    model = Adds()
    batches = [({"a": torch.ones(3), "b": torch.ones(3)}, torch.ones(3))]
    of = Trainer.from_parts(
        model=model, loss=F.l1_loss, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), batches=batches
    )
    losses = continuation(of, 4)
    assert losses[-1] < losses[0]
    of.apply({"optimizer": "adam"})
    continuation(of, 2)
    of.undo()
    of.state_dict()
