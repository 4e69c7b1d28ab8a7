import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.errors import SpecError
from tui_dl.spec.contradictions import losses_for
from tui_dl.spec.data import Digits, Line, Moons, Spiral
from tui_dl.spec.data.sizes import class_count, held_out_count, split_sizes
from tui_dl.spec.preset import load_preset


def test_digits_split_as_promised() -> None:
    assert split_sizes(Digits()) == (1437, 360)


@given(st.integers(4, 10_000), st.floats(0.01, 0.9))
def test_the_sizes_are_those_of_the_real_split(samples: int, share: float) -> None:
    held_out = held_out_count(samples, share)
    assert split_sizes(Line(samples=samples, validation_share=share)) == (samples - held_out, held_out)


@pytest.mark.parametrize(
    ("data", "classes"), [(Digits(), 10), (Spiral(arms=3), 3), (Moons(), 2), (Line(), 0)]
)
def test_classes(data: Digits | Spiral | Moons | Line, classes: int) -> None:
    assert class_count(data) == classes


def test_losses_of_a_task() -> None:
    assert losses_for("regression") == ("mse", "l1", "huber", "gaussian_nll", "poisson_nll")
    assert losses_for("classification") == ("cross_entropy", "bce", "mse", "l1", "huber", "hinge", "focal")


def test_a_blend_of_activations_is_refused_under_lbfgs() -> None:
    blending = {"model.blend_steps": 20, "training.batch_size": 2000}
    assert load_preset("digits-mlp", {**blending, "script": []}).model.blend_steps == 20  # type: ignore[union-attr]
    with pytest.raises(SpecError, match=r"model\.blend_steps: lbfgs tells curvature.*set it to 0"):
        load_preset("digits-mlp", {**blending, "script": [], "scene": [], "expect": [], "optimizer": "lbfgs"})
