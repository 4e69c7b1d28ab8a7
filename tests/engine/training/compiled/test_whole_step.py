"""A compiled step gives what eager steps give, is the same however it is driven, or yields."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from msgspec import structs
from torch.fx import GraphModule

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, invariants, trainer, weights
from tests.engine.training.compiled.compiling import is_compiled, traced, without_compiler
from tui_dl.engine.training.compiled.compiler import uncompiled
from tui_dl.engine.training.compiled.support import signature
from tui_dl.engine.training.nonfinite import NonFinite

FULL = {
    "training__accumulate": 2,
    "regularizers__dropout__p": 0.2,
    "regularizers__l2__strength": 0.01,
    "regularizers__gradient_clipping__max_norm": 0.1,
}
EAGER = ("adafactor", "lbfgs")
COMPILED = [name for name, one in OPTIMIZERS.items() if "amsgrad" not in name and one["name"] not in EAGER]


def assert_close(left: Any, right: Any) -> None:
    for name, value in weights(left.model).items():
        torch.testing.assert_close(value, weights(right.model)[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        *({"optimizer": OPTIMIZERS[name]} for name in COMPILED),
        {"optimizer": OPTIMIZERS["sgd momentum"], **FULL},
        {"training__precision": "bfloat16"},
    ],
    ids=[*COMPILED, "everything", "bfloat16"],
)
def test_it_equals_eager_steps_within_rounding(change: dict[str, Any]) -> None:
    (of, news), eager = traced(**change), trainer(**change)
    losses, expected = [], []
    compiled = 0
    for _ in range(8):
        losses.append(of.train_batch().loss)
        compiled += is_compiled(of)
        expected.append(eager.train_batch().loss)
        assert of.batch.grad_norm is not None
        assert float(of.batch.grad_norm) == pytest.approx(float(eager.batch.grad_norm), rel=1e-3)  # type: ignore[arg-type]
    # 104 samples: the last batch of an epoch has fewer, and an optimizer's first update makes its state.
    assert compiled >= 4, news
    assert [each.kind for each in news] == ["began", "done"]
    assert losses == pytest.approx(expected, rel=1e-4)
    assert_close(of, eager)
    assert of.drain_scalars().names == eager.drain_scalars().names
    invariants(of)


def test_run_stepped_by_phases_and_saved_in_between_it_has_the_same_bits() -> None:
    run, stepped, resumed = (traced(regularizers__dropout__p=0.2)[0] for _ in range(3))
    continuation(run, 12)
    for _ in range(12):
        assert list(stepped.phases())[-1] == "update"
    continuation(resumed, 5)
    elsewhere = trainer()
    state = resumed.state_dict()
    elsewhere.load_state_dict(state)
    without_compiler(elsewhere)
    phases = elsewhere.phases()
    for _ in range(4):
        next(phases)
    continuation(elsewhere, 7)
    assert_same(run.state_dict(), stepped.state_dict())
    assert_same(run.state_dict(), elsewhere.state_dict())


def test_phases_show_the_eager_gradients_of_the_compiled_batch() -> None:
    (of, _), eager = traced(), trainer()
    for each in (of, eager):
        continuation(each, 3)
    phases, eager_phases = of.phases(), eager.phases()
    for _ in range(6):
        assert next(phases) == next(eager_phases)
    torch.testing.assert_close(of.gradients.flat, eager.gradients.flat, rtol=1e-3, atol=1e-6)
    of.train_batch()
    assert of.batch.has_gradients
    of.train_batch()
    assert not of.batch.has_gradients


def test_changes_that_alter_the_step_compile_anew_and_an_undo_finds_the_old_one() -> None:
    (of, news), eager = traced(), trainer()

    def both(change: dict[str, Any]) -> int:
        before = len(news)
        for each in (of, eager):
            each.apply(change)
            continuation(each, 3)
        assert is_compiled(of)
        return len(news) - before

    continuation(of, 3), continuation(eager, 3)
    assert len(news) == 2
    assert both({"optimizer.lr": 0.02}) == 0
    assert both({"schedule": "cosine"}) == 0
    assert both({"model.activation": "tanh"}) == 2
    assert both({"optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9}}) == 2
    assert both({"loss": "mse"}) == 2
    assert_close(of, eager)
    told = len(news)
    for _ in range(3):
        for each in (of, eager):
            each.undo()
            continuation(each, 2)
    assert len(news) == told
    assert_close(of, eager)
    of.apply({"training.compile": "off"})
    continuation(of, 2)
    assert of.batch.has_gradients


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer": OPTIMIZERS["adafactor"]}, "adafactor reads sizes of weights and updates"),
        ({"training__precision": "float16"}, "float16 scales its loss"),
        ({"training__accumulate": 9, "training__batch_size": 4}, "at most 8"),
    ],
)
def test_what_cannot_be_compiled_goes_on_eagerly_and_says_why_once(
    change: dict[str, Any], words: str
) -> None:
    (of, news), eager = traced(**change), trainer(**change)
    assert continuation(of, 5) == continuation(eager, 5)
    assert [each.kind for each in news] == ["began", "failed"]
    assert words in news[-1].words
    # The same again is not said again.
    of.apply({"regularizers.l2.strength": 0.01})
    continuation(of, 3)
    assert news[-1].kind == "failed"
    assert not news[-1].words


def test_a_compiler_that_gets_it_wrong_is_not_used() -> None:
    of, news = traced()

    def wrong(graph: GraphModule, inputs: Sequence[torch.Tensor]) -> Any:
        right = uncompiled(graph, inputs)

        def step(*flat: torch.Tensor) -> tuple[torch.Tensor, ...]:
            made = right(*flat)
            flat[0].mul_(1.01)
            return made

        return step

    assert of._loop.compiled is not None
    of._loop.compiled.steps.backend = wrong
    assert continuation(of, 4) == continuation(trainer(), 4)
    assert "gives another layers.0.weight than the eager one" in news[-1].words


def test_an_optimizer_whose_numbers_change_from_step_to_step_is_left_eager() -> None:
    (of, news), eager = traced(), trainer()
    for step in range(5):
        for each in (of, eager):
            each.optimizer.param_groups[0]["betas"] = (0.9 - 0.02 * step, 0.999)
            each.train_batch()
    assert_close(of, eager)
    assert [each.kind for each in news] == ["began", "done", "failed"]


def test_a_value_that_is_not_finite_stops_before_the_update() -> None:
    of, _ = traced()
    of.stop_on_nonfinite = True
    continuation(of, 3)
    with torch.no_grad():
        next(iter(of.model.parameters())).mul_(math.inf)
    before = of.state_dict()
    with pytest.raises(NonFinite, match="weights"):
        of.train_batch()
    assert_same(of.state_dict(), before)
    of.stop_on_nonfinite = False
    assert of.train_batch().step == 4
    assert is_compiled(of)


def test_a_change_is_planned_and_undone_as_any_other() -> None:
    of, never = trainer(), trainer()
    for each in (of, never):
        continuation(each, 3)
    receipt = of.apply({"training.compile": "on"})
    assert {"weights", "position", "optimizer.exp_avg"} <= set(receipt.kept)
    assert (receipt.reset, receipt.rescaled, receipt.converted) == ((), (), ())
    without_compiler(of)
    continuation(of, 3)
    assert is_compiled(of)
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    assert continuation(of, 4) == continuation(never, 4)


def test_settings_that_no_step_depends_on_are_served_by_the_same_compiled_one() -> None:
    of, news = traced()
    continuation(of, 3)
    for change in ({"training.pace": 2.0}, {"training.epochs": 30}, {"training.nonfinite": "continue"}):
        of.apply(change)
        continuation(of, 3)
    assert len(news) == 2
    parts = of._parts
    before = signature(parts)
    for field in ("batch_size", "accumulate", "precision", "threads", "device"):
        others = {"precision": "bfloat16", "device": "cpu:9", "threads": 9}
        training = structs.replace(parts.experiment.training, **{field: others.get(field, 9)})
        other = dataclasses.replace(parts, experiment=structs.replace(parts.experiment, training=training))
        assert signature(other) != before, field
