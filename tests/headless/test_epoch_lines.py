"""The line of an epoch, from what an engine says."""

import numpy as np
import pytest

from tui_dl.headless.epoch_lines import EpochLines
from tui_dl.spec.metrics import METRICS
from tui_dl.spec.preset import from_toml
from tui_dl.wire.messages import EvaluationRecorded, RunDescribed, StepsRecorded


def _described(*, wanted: bool = True, has_test: bool = True) -> RunDescribed:
    asked = f"[training]\nepoch_line = {str(wanted).lower()}"
    experiment = from_toml(f'data = "digits"\nmodel = "mlp"\n{asked}', "x")
    names = ("train.", "validation.", "test.") if has_test else ("train.", "validation.")
    metrics = tuple(metric for metric in METRICS if metric.name.startswith(names))
    return RunDescribed("run", experiment, "cpu", 1, 1, (), metrics, {}, 10, 10, 2, 20, (2,), 2)


def _steps(first: int, losses: list[float], epochs: list[int]) -> StepsRecorded:
    columns = np.array([losses, epochs], dtype="<f8").tobytes()
    return StepsRecorded(0, first, ("loss", "epoch"), columns)


def _evaluated(split: str, step: int, epoch: int, **metrics: float) -> EvaluationRecorded:
    return EvaluationRecorded(0, step, epoch, split, {"loss": 1.0, **metrics})


def _lines(
    described: RunDescribed, *messages: StepsRecorded | EvaluationRecorded
) -> tuple[list[str], list[str]]:
    said: list[str] = []
    remarked: list[str] = []
    lines = EpochLines(said.append, remarked.append)
    for message in (described, *messages):
        lines(message)
    return said, remarked


EPOCHS = (
    _steps(1, [0.5, 0.3], [0, 0]),
    _steps(3, [0.1, 0.2], [0, 1]),
    _evaluated("validation", 3, 1, accuracy=0.5),
    _evaluated("train", 3, 1, accuracy=0.9),
    _evaluated("test", 3, 1, accuracy=0.8),
    _steps(5, [0.4], [1]),
    _evaluated("validation", 5, 2, accuracy=0.6),
    _evaluated("train", 5, 2, accuracy=0.95),
    _evaluated("test", 5, 2, accuracy=0.85),
)


def test_each_epoch_prints_its_mean_loss_and_both_accuracies() -> None:
    said, remarked = _lines(_described(), *EPOCHS)
    assert said == [
        "epoch:[0] loss:[0.300] train_accr:[0.900] test_accr:[0.800].",
        "epoch:[1] loss:[0.300] train_accr:[0.950] test_accr:[0.850].",
    ]
    assert not remarked


def test_without_a_test_split_what_is_held_out_stands_for_it_and_that_is_said() -> None:
    said, remarked = _lines(_described(has_test=False), *EPOCHS)
    assert said[0] == "epoch:[0] loss:[0.300] train_accr:[0.900] test_accr:[0.500]."
    assert remarked == ["digits has no test split: test_accr is measured on the validation split"]


def test_the_evaluations_at_the_end_print_nothing_again() -> None:
    again = (_evaluated("train", 5, 2, accuracy=0.9), _evaluated("test", 5, 2, accuracy=0.8))
    inside = (_evaluated("train", 4, 1, accuracy=0.9), _evaluated("test", 4, 1, accuracy=0.8))
    assert len(_lines(_described(), *EPOCHS, *again)[0]) == 2
    assert len(_lines(_described(), *EPOCHS[:5], *inside)[0]) == 1


def test_a_regression_has_errors_in_place_of_accuracies() -> None:
    messages = (_steps(1, [2.0], [0]), *(_evaluated(split, 1, 1, mse=0.25) for split in ("train", "test")))
    assert _lines(_described(), *messages)[0] == [
        "epoch:[0] loss:[2.000] train_mse:[0.250] test_mse:[0.250]."
    ]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_printed_as_it_is(bad: float) -> None:
    messages = (
        _steps(1, [bad, 0.3], [0, 0]),
        *(_evaluated(split, 2, 1, accuracy=0.1) for split in ("train", "test")),
    )
    assert f"loss:[{bad}]" in _lines(_described(), *messages)[0][0]


def test_who_does_not_ask_gets_none() -> None:
    assert _lines(_described(wanted=False), *EPOCHS) == ([], [])
