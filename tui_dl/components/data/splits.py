"""What a network learns from and is judged by: the splits of a data set in torch, whole and in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

from torch import Tensor

from tui_dl.components.data.scaling import Scaling


@final
@dataclass(frozen=True)
class Split:
    """Inputs float32 (N, *input_shape), classes int64 (N,) or values float32 (N, 1); contiguous."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)


@final
@dataclass(frozen=True)
class DataSplits:
    """What a network learns from and what it is judged by.

    Attributes:
        train: samples for updates.
        validation: samples held out, to watch and to tune by.
        task: "classification" or "regression".
        input_shape: shape of one sample's input.
        outputs: numbers that a model must give: one for each class, or one value.
        class_names: of a classification, by class index.
        scaling: what was done to the raw inputs, fitted on train alone.
        test: samples that nothing is tuned by, to be looked at when all is done; None if there are none.
        class_weights: float32 (classes,), weight of each class in the loss; None weighs all alike.
    """

    train: Split
    validation: Split
    task: str
    input_shape: tuple[int, ...]
    outputs: int
    class_names: tuple[str, ...]
    scaling: Scaling
    test: Split | None = None
    class_weights: Tensor | None = None

    @property
    def by_name(self) -> dict[str, Split]:
        """Train, validation and, where there is one, test."""
        found = {"train": self.train, "validation": self.validation}
        return found if self.test is None else {**found, "test": self.test}

    @property
    def classes(self) -> int:
        """How many classes there are; 0 for values."""
        return self.outputs if self.task == "classification" else 0

    def moved(self, move: Callable[[Tensor], Tensor]) -> "DataSplits":
        """The same splits and weights elsewhere, as `move` brings each tensor there; the scaling stays."""
        there = {id(split): Split(move(split.inputs), move(split.targets)) for split in self.by_name.values()}
        return replace(
            self,
            train=there[id(self.train)],
            validation=there[id(self.validation)],
            test=None if self.test is None else there[id(self.test)],
            class_weights=None if self.class_weights is None else move(self.class_weights),
        )
