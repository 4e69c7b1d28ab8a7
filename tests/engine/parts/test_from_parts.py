"""Anyone's module, loss, optimizer and batches, as a beginner would write them."""

import copy
import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.parts.own_parts import Net, loader, net, pairs, parts, small
from tests.engine.plain_loop import assert_same, continuation, invariants, trainer, weights
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, UsageError


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
