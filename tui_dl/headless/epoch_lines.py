"""The line that an epoch prints where an experiment asks for it: mean loss, and how train and test fare."""

import sys
from collections.abc import Callable
from typing import final

import numpy as np

from tui_dl.wire.json_lines import step_matrix
from tui_dl.wire.messages import AnyMessage, EvaluationRecorded, RunDescribed, StepsRecorded


@final
class EpochLines:
    """Prints `epoch:[0] loss:[0.312] train_accr:[0.912] test_accr:[0.908].` once an epoch is evaluated.

    The loss is the mean over the epoch's batches as each was when it was trained on; accuracies are over
    whole splits in eval mode. A regression has its mean squared error in their place. Where the data has no
    test split, what it holds out for validation stands for it, which is said once.

    Args:
        say: takes a line.
        remark: takes a line that is no result.
    """

    def __init__(
        self, say: Callable[[str], None] = print, remark: Callable[[str], None] | None = None
    ) -> None:
        self._say = say
        self._remark = remark or _on_standard_error
        self._is_wanted = False
        self._held_out = "validation"
        self._sums: dict[int, tuple[float, int]] = {}
        """Of the batches of each epoch: sum of their losses, and how many they are."""
        self._evaluated: dict[str, EvaluationRecorded] = {}
        self._printed = 0

    def __call__(self, message: AnyMessage) -> None:
        """Take in whatever is said."""
        match message:
            case RunDescribed():
                self._take_description(message)
            case StepsRecorded() if self._is_wanted:
                self._take_steps(message)
            case EvaluationRecorded() if self._is_wanted:
                self._evaluated[message.split] = message
                self._print_if_complete()

    def _take_description(self, described: RunDescribed) -> None:
        was_wanted = self._is_wanted
        self._is_wanted = described.experiment.training.epoch_line
        has_test = any(metric.name.startswith("test.") for metric in described.metrics)
        self._held_out = "test" if has_test else "validation"
        if self._is_wanted and not was_wanted and not has_test:
            name = described.experiment.data.name
            self._remark(f"{name} has no test split: test_accr is measured on the validation split")

    def _take_steps(self, steps: StepsRecorded) -> None:
        matrix = step_matrix(steps)
        losses, epochs = (matrix[steps.names.index(name)] for name in ("loss", "epoch"))
        for epoch in np.unique(epochs[np.isfinite(epochs)]).astype(int).tolist():
            total, count = self._sums.get(epoch, (0.0, 0))
            of_epoch = losses[epochs == epoch]
            self._sums[epoch] = (total + float(of_epoch.sum()), count + len(of_epoch))

    def _print_if_complete(self) -> None:
        """At an epoch's end both splits are evaluated at the very same step."""
        train, held_out = self._evaluated.get("train"), self._evaluated.get(self._held_out)
        if train is None or held_out is None or train.step != held_out.step or train.epoch <= self._printed:
            return
        epoch = train.epoch - 1
        total, count = self._sums.pop(epoch, (0.0, 0))
        if not count:
            return
        self._printed = train.epoch
        metric, name = ("accuracy", "accr") if "accuracy" in train.metrics else ("mse", "mse")
        numbers = [each.metrics.get(metric, float("nan")) for each in (train, held_out)]
        self._say(
            f"epoch:[{epoch}] loss:[{total / count:.3f}] "
            f"train_{name}:[{numbers[0]:.3f}] test_{name}:[{numbers[1]:.3f}]."
        )


def _on_standard_error(line: str) -> None:
    print(line, file=sys.stderr)
