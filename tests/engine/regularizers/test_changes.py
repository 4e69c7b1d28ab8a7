"""Regularizers that are added, edited and taken away while training: what goes on, and the way back."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, invariants, trainer, weights
from tests.engine.regularizers.by_hand import HandLoop
from tests.engine.regularizers.cases import CASES, IMAGES, Regularizers, added, removed
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

EDITED: dict[str, Regularizers] = {
    "elastic net": {"elastic_net": {"strength": 0.02, "l1_ratio": 0.8}},
    "proximal l1": {"l1": {"strength": 0.05, "method": "penalty"}},
    "label smoothing": {"label_smoothing": {"amount": 0.3}},
    "mixup": {"mixup": {"alpha": 2.0}},
    "jitter": {"augmentation": {"jitter": 0.4}},
    "input noise": {"input_noise": {"sigma": 0.1}},
    "weight noise": {"weight_noise": {"sigma": 0.2}},
    "clipping by value": {"gradient_clipping": {"method": "value", "max_value": 0.2}},
    "max norm": {"max_norm": {"limit": 1.5}},
}


def trained(steps: int = 10, **change: Any) -> Trainer:
    of = trainer(optimizer=OPTIMIZERS["adam"], **change)
    continuation(of, steps)
    return of


def states(of: Trainer) -> list[dict[str, Any]]:
    return [copy.deepcopy(dict(of.optimizer.state.get(each, {}))) for each in of.model.parameters()]


def goes_on_as(of: Trainer, regularizers: Regularizers, steps: int = 8) -> None:
    """What follows is a loop by hand that begins from the present weights and moments."""
    loop = HandLoop(of, "adam", regularizers)
    loop.take_over_state()
    for _ in range(steps):
        loop.step_beside()
    loop.assert_equal()


@pytest.mark.parametrize("name", EDITED)
def test_it_is_added_edited_and_taken_away(name: str) -> None:
    of = trained()
    for change, present in (
        (added(CASES[name]), CASES[name]),
        (added(EDITED[name]), EDITED[name]),
        (removed(CASES[name]), {}),
    ):
        before, moments = weights(of.model), states(of)
        plan, receipt = of.plan(change), of.apply(change)
        assert plan.edits == receipt.edits != ()
        assert plan.kept == receipt.kept
        assert {"weights", "position", "optimizer.exp_avg", "optimizer.step"} <= set(receipt.kept)
        assert receipt.reset == receipt.rescaled == receipt.converted == ()
        assert_same(weights(of.model), before)
        assert_same(states(of), moments)
        invariants(of)
        goes_on_as(of, present)


@pytest.mark.parametrize("name", [*CASES, *IMAGES])
@pytest.mark.parametrize("half_done", [False, True])
def test_undo_is_as_if_it_had_never_been(name: str, half_done: bool) -> None:
    change = {"data": "digits"} if name in IMAGES else {}
    regularizers = {**CASES, **IMAGES}[name]
    of, never = trained(5, **change), trained(5, **change)
    state = never.state_dict()
    of.apply(added(regularizers))
    assert continuation(of, 6) != continuation(never, 6)
    never.load_state_dict(state)
    if half_done:
        for _ in zip(range(4), of.phases(), strict=False):
            pass
    of.undo()
    invariants(of)
    assert continuation(of, 8) == continuation(never, 8)
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize("name", ["all", "cutmix of noisy images"])
def test_a_saved_run_goes_on_elsewhere_with_the_same_draws(name: str) -> None:
    change = {"data": "digits"} if name in IMAGES else {}
    of = trained(7, **change)
    of.apply(added({**CASES, **IMAGES}[name]))
    continuation(of, 3)
    for _ in zip(range(3), of.phases(), strict=False):
        pass
    twin = trainer(**change)
    twin.load_state_dict(of.state_dict())
    assert continuation(twin, 8) == continuation(of, 8)
    assert_same(twin.state_dict(), of.state_dict())


def test_a_change_to_what_is_set_changes_nothing() -> None:
    of, never = (trained(regularizers=[{"name": "mixup"}, {"name": "weight_noise"}]) for _ in range(2))
    assert of.apply({"regularizers.mixup.alpha": 0.2}).edits == ()
    assert continuation(of) == continuation(never)


@pytest.mark.parametrize("state", ["fresh", "calibrate"])
def test_looking_ahead_leaves_the_draws_alone(state: Any) -> None:
    of, never = (trained(regularizers=[{"name": "mixup"}, {"name": "weight_noise"}]) for _ in range(2))
    of.plan({"optimizer": "rmsprop"}, state)
    of.apply({"optimizer": "rmsprop"}, state)
    of.undo()
    assert continuation(of) == continuation(never)


def test_moments_are_calibrated_on_batches_as_they_will_come() -> None:
    noise = [{"name": "input_noise", "sigma": 0.4}, {"name": "weight_noise", "sigma": 0.1}]
    of = trained(regularizers=noise)
    twin = trained(regularizers=noise)
    gradients = []
    frozen = weights(twin.model)
    for _ in range(20):
        gradients += [twin.gradients.flat.clone().double() for phase in twin.phases() if phase == "backward"]
        twin.model.load_state_dict(frozen)
    of.apply({"optimizer.lr": 0.02}, state="calibrate")
    mean = torch.stack(gradients).mean(0)
    found = torch.cat([of.optimizer.state[each]["exp_avg"].flatten() for each in of.model.parameters()])
    # Adam's m after many equal gradients is their mean.
    assert torch.nn.functional.cosine_similarity(found.double(), mean, dim=0) > 0.9999


@pytest.mark.parametrize("name", ["proximal l1", "max norm", "clipping by value", "weight noise", "mixup"])
def test_the_relative_update_is_the_one_that_comes(name: str) -> None:
    of, never = trained(40), trained(40)

    def update_of(each: Trainer) -> float:
        before = torch.cat([p.detach().flatten().clone() for p in each.model.parameters()])
        each.train_batch()
        return float((torch.cat([p.detach().flatten() for p in each.model.parameters()]) - before).norm())

    receipt = of.apply(added(CASES[name]))
    assert receipt.relative_update == pytest.approx(update_of(of) / update_of(never), rel=1e-3)


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"data": "sine", "loss": "mse"}, {"regularizers.label_smoothing": True}, "sine.*regression"),
    ({"data": "digits"}, {"regularizers.mixup": True, "regularizers.cutmix": True}, "so does mixup"),
    ({}, {"regularizers.cutmix": True}, "no images; mixup"),
    ({}, {"regularizers.augmentation.rotate": 5.0}, "is for images.*set jitter"),
    ({"data": "digits"}, {"regularizers.augmentation.jitter": 0.5}, "is for points.*set shift or rotate"),
    ({}, {"regularizers.gradient_clipping.max_value": 0.5}, 'counts with method = "value" alone'),
    (
        {"regularizers": [{"name": "gradient_clipping", "max_norm": 0.5}]},
        {"regularizers.gradient_clipping.method": "value"},
        'counts with method = "norm" alone',
    ),
    ({}, {"regularizers.l1.method": "exact"}, 'one of "penalty", "proximal"'),
    (
        {},
        {"optimizer": "lbfgs", "training.batch_size": 1000, "regularizers.l1.method": "proximal"},
        "moves weights beside the loss",
    ),
    ({}, {"regularizers.max_norm.limit": 0}, "above 0"),
    ({}, {"regularizers.elastic_net.l1_ratio": 1.1}, "1"),
]


@pytest.mark.parametrize(("base", "change", "words"), REFUSED)
def test_what_makes_no_sense_is_refused(base: dict[str, Any], change: dict[str, Any], words: str) -> None:
    of, never = trained(2, **base), trained(2, **base)
    for act in (of.plan, of.apply):
        with pytest.raises(ChangeRefused, match=words):
            act(change)
    assert continuation(of, 4) == continuation(never, 4)
