"""What all data sets have in common: their task, what a view can draw of them, and the fields they share."""

from typing import Annotated, ClassVar, Literal

from msgspec import Struct

from tui_dl.spec.component import Component, described, number

Task = Literal["classification", "regression"]
Kind = Literal["image", "points", "curve", "table"]

Normalise = Annotated[
    Literal["none", "standard", "minmax"],
    described("Scaling of the inputs, fitted on the training split alone; a constant column keeps scale 1"),
]
Samples = Annotated[int, number("Samples in all, all splits together", ge=4, le=10_000_000)]
Noise = Annotated[float, number("Standard deviation of the Gaussian noise", ge=0, le=1e6)]
ValidationShare = Annotated[
    float,
    number("Share of the samples held out for validation (seeded, stratified by class)", ge=0.01, le=0.9),
]
TestShare = Annotated[
    float,
    number(
        "Share of the samples put away first as the test split: never trained on, nor tuned on; 0 has none",
        ge=0,
        le=0.9,
    ),
]


class Data(Component, frozen=True):
    """Base of all data sets."""

    fixed_task: ClassVar[Task] = "classification"
    """What it is for, where no field says so."""
    kind: ClassVar[Kind]
    """What a view can draw: images in a grid, 2-D points, a curve over one input, or numbers in a table."""
    fixed_samples: ClassVar[int] = 0
    """Samples to train and validate on, where neither a field nor a file says how many."""
    fixed_test_samples: ClassVar[int] = 0
    """Samples of its own test split."""
    fixed_classes: ClassVar[int] = 0
    """Classes, where neither a field nor a file says how many."""

    @property
    def task(self) -> Task:
        """What outputs mean."""
        return self.fixed_task


class Sampled(Struct, frozen=True, kw_only=True):
    """What any data set can be asked for."""

    subset: Annotated[
        int,
        number(
            "Samples of the training split that are used (seeded, stratified by class); 0 uses all",
            ge=0,
            le=10_000_000,
            unit="samples",
        ),
    ] = 0


class Labelled(Sampled, frozen=True, kw_only=True):
    """What a data set with classes can be asked for."""

    label_noise: Annotated[
        float,
        number(
            "Share of the training labels replaced by another class, drawn evenly (seeded)",
            ge=0,
            le=1,
            unit="share",
        ),
    ] = 0.0
    class_weights: Annotated[
        Literal["none", "balanced"]
        | Annotated[
            tuple[Annotated[float, number("Weight of a class in the loss", ge=0, le=1e6)], ...],
            described("One weight for each class, in their order", max_length=1000),
        ],
        described(
            "Weight of each class in the loss: a list in the classes' order, or balanced, which is "
            "samples / (classes · samples of the class) in the training split"
        ),
    ] = "none"
