"""What the optimizer lens teaches: of every optimizer something, with the numbers that are true now."""

import pytest

from tests.components.catalogue import OPTIMIZERS, name
from tests.ui.panels.test_panels import lively_model, text_of
from tui_dl.spec import optimizers as spec
from tui_dl.ui.panels.optimizer import OptimizerPanel
from tui_dl.ui.panels.optimizer_lessons import lesson, memory_steps
from tui_dl.ui.panels.optimizer_words import state_line
from tui_dl.wire.messages import ReadingTaken
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading

HELD = OptimizerReading("layers.0", 7, 1e-3, 2e-3, 5e-4, 1 - 0.9**7, 1 - 0.999**7)
READ = OptimizerRead("Adam", 1e-3, "exp_avg", "exp_avg_sq", (HELD,), 5e-4)


def words(optimizer: spec.Optimizer, read: OptimizerRead | None = None) -> dict[str, str]:
    return dict(lesson(optimizer, read))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=name)
@pytest.mark.parametrize("read", [None, READ])
def test_of_every_optimizer_it_says_what_is_held_and_how_far_it_steps(
    optimizer: spec.Optimizer, read: OptimizerRead | None
) -> None:
    told = lesson(optimizer, read)
    assert len(told) >= 2
    assert told[-1][0] == "effective step"
    assert all(text for _, text in told)


def test_what_distinguishes_them_is_said() -> None:
    assert "nothing is remembered" in words(spec.Sgd())["state"]
    assert "10 times faster" in words(spec.Sgd(momentum=0.9))["momentum"]
    assert "ahead" in words(spec.Sgd(momentum=0.9, nesterov=True))["momentum"]
    dampened = words(spec.Sgd(momentum=0.8, dampening=0.75))["momentum"]
    assert "0.25 of each new one added: on steady slopes steps become 1.25 times" in dampened
    assert "only grows" in words(spec.Adagrad())["√G"]
    assert "forgets" in words(spec.RmsProp())["√v"]
    assert "decay" in words(spec.AdamW())
    assert "decay" not in words(spec.Adam())
    assert "next step's momentum" in words(spec.NAdam())["look ahead"]
    assert "after 7 steps" in words(spec.RAdam(), READ)["rectified"]
    assert "largest gradient" in words(spec.Adamax())["u"]
    assert "0.001" in words(spec.Adadelta())["begins"]
    assert "sign changed" not in words(spec.Rprop())["steps"]
    assert "× 0.5 where it changed" in words(spec.Rprop())["steps"]
    assert "one update later" in words(spec.Asgd())["rate"]
    assert "rows and columns" in words(spec.Adafactor())["√v"]
    assert "orthogonal" in words(spec.Muon())["momentum"]
    assert "rate of 0.001" in words(spec.Muon())["√v"]
    assert "line search" in words(spec.Lbfgs())["update"]
    assert "without looking" in words(spec.Lbfgs(line_search_fn="none"))["update"]


def test_the_bias_correction_is_given_in_the_numbers_of_its_step() -> None:
    told = words(spec.Adam(), READ)["correction"]
    for part in ("÷ 0.522", "÷ 0.00698", "step 7"):
        assert part in told, told
    assert "correction" not in words(spec.Adam(), None)


def test_the_effective_step_is_held_against_the_rate() -> None:
    assert "0.5 × the rate" in words(spec.Adam(), READ)["effective step"]
    assert "as large as the gradient makes it" in words(spec.Sgd(), READ)["effective step"]
    assert "shrinking" in words(spec.Adagrad(), READ)["effective step"]


@pytest.mark.parametrize(
    ("decay", "steps"), [(0.0, "this step alone"), (0.9, "about 10 steps"), (0.999, "about 1,000 steps")]
)
def test_how_far_a_running_mean_looks_back(decay: float, steps: str) -> None:
    assert memory_steps(decay) == steps


def test_a_layers_state_is_said_in_a_line() -> None:
    text = text_of([list(state_line(READ, HELD))])
    for part in ("Adam", "m 0.00100", "√v 0.00200", "1-β₁ᵗ 0.522", "effective step 5.0e-4"):
        assert part in text, text
    bare = OptimizerRead("SGD", 0.1, "", "", (OptimizerReading("a", effective_step=0.5),), 0.5)
    assert "holds nothing" in text_of([list(state_line(bare, bare.layers[0]))])
    signs = OptimizerRead("Rprop", 0.01, "", "", bare.layers, 0.5)
    assert "holds a step for each weight" in text_of([list(state_line(signs, signs.layers[0]))])


@pytest.mark.parametrize("height", [4, 7, 9, 14, 30])
@pytest.mark.parametrize("width", [44, 60, 84, 120])
def test_the_chosen_layer_is_in_sight_in_any_room(width: int, height: int) -> None:
    model = lively_model()
    held = tuple(OptimizerReading(f"layers.{place}", 7, 1e-3, 2e-3, 5e-4) for place in range(3))
    model.apply(ReadingTaken(0, 60, OptimizerRead("Adam", 1e-3, "exp_avg", "exp_avg_sq", held, 5e-4)))
    for place in range(3):
        model.lenses.chosen = f"layers.{place}"
        lines = list(OptimizerPanel(model).build(width, height))
        if height >= 7:
            assert f"layers.{place}" in text_of(lines[:height])
