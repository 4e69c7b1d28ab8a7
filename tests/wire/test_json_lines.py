import json
import math

import numpy as np

from tui_dl.wire import json_lines
from tui_dl.wire.messages import (
    PATH,
    ChangeApplied,
    EvaluationRecorded,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)
from tui_dl.wire.plans import Receipt


def _steps(values: dict[str, list[float]], nonfinite: dict[str, list[int]] | None = None) -> StepsRecorded:
    columns = np.array(list(values.values()), dtype="<f8").tobytes()
    return StepsRecorded(3, 11, tuple(values), columns, nonfinite or {})


def test_one_object_a_step_in_a_readable_order() -> None:
    message = _steps(
        {
            "accuracy": [0.5, 1.0],
            "loss": [2.0, 1.0],
            "epoch": [0, 0],
            "samples_seen": [64, 128],
            "lr": [0.1, 0.1],
        }
    )
    first, second = json_lines.objects(message)
    assert list(first) == ["type", "step", "segment", "epoch", "samples_seen", "loss", "lr", "accuracy"]
    assert first["step"] == 11
    assert first["segment"] == 3
    assert second["step"] == 12
    assert isinstance(second["samples_seen"], int)


def test_what_is_not_finite_is_null_and_named() -> None:
    message = _steps({"loss": [math.nan, 1.0], "grad_norm": [math.nan, 2.0]}, {"loss": [0], "grad_norm": [0]})
    bad, good = (json.loads(json_lines.encode(value)) for value in json_lines.objects(message))
    assert bad["loss"] is None
    assert bad["grad_norm"] is None
    assert bad["nonfinite"] == ["grad_norm", "loss"]
    assert "nonfinite" not in good


def test_what_was_not_measured_is_left_out() -> None:
    (only,) = json_lines.objects(_steps({"loss": [1.0], "mse": [math.nan]}))
    assert "mse" not in only
    assert "nonfinite" not in only


def test_an_evaluation_carries_its_metrics_without_the_split() -> None:
    message = EvaluationRecorded(0, 23, 1, "validation", {"loss": math.inf, "accuracy": 0.9}, ("loss",))
    (only,) = (json.loads(json_lines.encode(value)) for value in json_lines.objects(message))
    assert only["type"] == "evaluation"
    assert only["split"] == "validation"
    assert only["accuracy"] == 0.9
    assert only["loss"] is None
    assert only["nonfinite"] == ["loss"]


def test_a_change_is_its_receipt() -> None:
    receipt = Receipt(step=7, segment=0, change={"optimizer.lr": 0.1}, kept=("weights",))
    (only,) = json_lines.objects(ChangeApplied(receipt))
    assert only["type"] == "change"
    assert only["kept"] == ("weights",)
    assert only["step"] == 7


def test_the_end_and_what_is_not_for_scripts() -> None:
    assert list(json_lines.objects(RunFinished("epochs", 9))) == [
        {"type": "finished", "reason": "epochs", "step": 9}
    ]
    assert list(json_lines.objects(StatusChanged("running"))) == []


def test_the_path_of_two_numbers_is_no_metric() -> None:
    path = {name: [1.0, math.nan] for name in PATH}
    message = _steps({"loss": [1.0, 2.0], **path}, {PATH[3]: [1]})
    for each in json_lines.objects(message):
        assert set(each) == {"type", "step", "segment", "loss"}
