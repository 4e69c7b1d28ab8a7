"""What the instruments saw at one step: the newest replaces an older one that was not sent yet."""

from typing import Literal

from msgspec import Struct

from tui_dl.wire.pictures import LossShapeRead, LossSliceRead, LossSurfaceRead, MatrixRead


class LayerReading(Struct, frozen=True):
    """One layer at one step. None: does not apply, or was not measured."""

    name: str
    grad_norm: float | None = None
    weight_norm: float | None = None
    update_ratio: float | None = None
    """‖Δw‖ / ‖w‖ of the last update, not in log."""
    dead_share: float | None = None
    """Share of the units after it that gave no signal to any sample of the batch."""
    saturated_share: float | None = None


class LayersRead(Struct, frozen=True, tag="layers"):
    """All layers, in the order of the forward pass."""

    layers: tuple[LayerReading, ...]
    grad_ratio: float | None = None
    missing: str = ""
    """In words, what could not be seen between two batches; empty where a whole batch was watched."""


class Histogram(Struct, frozen=True):
    """Counts over equal bins of the finite values; what is not finite is counted apart.

    The range follows most of the values: what lies outside is counted in the end bins, and in `below` and
    `above` besides.
    """

    layer: str
    kind: str
    """``weights``, ``gradients`` or, of the optimizer, the name of the state or ``update``."""
    low: float
    high: float
    counts: tuple[int, ...]
    total: int
    zeros: int
    nonfinite: int
    mean: float | None = None
    std: float | None = None
    below: int = 0
    """Values under `low`."""
    above: int = 0
    """Values over `high`."""
    lowest: float | None = None
    """The smallest finite value; None if there is none."""
    highest: float | None = None


class HistogramsRead(Struct, frozen=True, tag="histograms"):
    """Weights and gradients of each layer."""

    histograms: tuple[Histogram, ...]
    missing: str = ""
    """As for the layers."""


class OptimizerReading(Struct, frozen=True):
    """What the optimizer holds for one layer: root mean squares over the layer's elements."""

    layer: str
    step: int | None = None
    """Its own step count, as used in bias corrections; None if it has none."""
    first_moment_rms: float | None = None
    """Momentum buffer or exponential mean of the gradient."""
    second_moment_rms: float | None = None
    """Root mean square of √v, v the (mean or sum of) squared gradients."""
    effective_step: float | None = None
    """Root mean square of the last update of a weight."""
    first_bias_correction: float | None = None
    """1 - β₁ᵗ, what the first moment is divided by; None if it is not corrected."""
    second_bias_correction: float | None = None
    """1 - β₂ᵗ, the same for the second."""


class OptimizerRead(Struct, frozen=True, tag="optimizer"):
    """The optimizer's state, layer by layer, and the rate now in force."""

    optimizer: str
    lr: float
    first_moment: str
    """torch's name of the first moment's buffer; empty if there is none."""
    second_moment: str
    layers: tuple[OptimizerReading, ...]
    effective_step: float | None = None
    """Root mean square over all weights."""
    histograms: tuple[Histogram, ...] = ()
    """Of the one layer that is watched: its last update (kind ``update``), moments (√v) by their names."""
    missing: str = ""
    """As for the layers."""


class CurveView(Struct, frozen=True, tag="curve"):
    """1-D regression: the data and the model's answer over a grid of inputs, in the data's own units."""

    train_x: tuple[float, ...]
    train_y: tuple[float, ...]
    validation_x: tuple[float, ...]
    validation_y: tuple[float, ...]
    grid_x: tuple[float, ...]
    grid_y: tuple[float, ...]
    train_residuals: tuple[float, ...] = ()
    """Target minus the model's answer at each of `train_x`."""
    validation_residuals: tuple[float, ...] = ()
    outliers: tuple[int, ...] = ()
    """Which of the training points lie far from the fit, by the spread of the rest."""
    train_rms: float | None = None
    """Root mean square of the residuals that are shown; None without points."""
    validation_rms: float | None = None
    grid_sigma: tuple[float, ...] = ()
    """The standard deviation that the model predicts at each of `grid_x`; empty if it predicts none."""
    train_coverage: float | None = None
    """Share of the shown points that lie within one σ of the mean; None without a σ."""
    validation_coverage: float | None = None
    is_against_true: bool = False
    """Of several inputs: x is the true value, y the predicted one, the grid the line on which they agree."""


class SampleView(Struct, frozen=True):
    """One sample with what the model made of it."""

    index: int
    pixels: bytes
    """uint8 grey levels, height x width; empty where samples are no pictures."""
    true_class: int
    predicted_class: int
    """-1 where the outputs are not finite: nothing is predicted then."""
    probability: float
    """Given to the true class; 0 where the outputs are not finite."""
    confidence: float = 0.0
    """Given to the predicted class."""


class ChosenSample(Struct, frozen=True):
    """One validation sample in full: what the model says of it, number by number."""

    sample: SampleView
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    """softmax(logits), or of a loss that asks each class by itself sigmoid(logits)."""
    rank: int
    """Its place among the validation samples, 1 the worst."""
    inputs: tuple[float, ...] = ()
    """In the data's own units; empty for pictures and for more than a few numbers."""
    is_pinned: bool = False
    """Whether somebody has chosen it; else it is the worst one."""
    squashed_by: Literal["softmax", "sigmoid"] = "softmax"
    """What made probabilities of the logits: of the whole vector, or of each number by itself."""


class RegionsView(Struct, frozen=True, tag="regions"):
    """2-D classification: the predicted class and its probability on a grid, row 0 at the top (largest y)."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    columns: int
    rows: int
    classes: bytes
    """uint8, rows x columns."""
    confidence: bytes
    """uint8, 0 to 255 for a probability of 0 to 1, rows x columns."""
    points_x: tuple[float, ...]
    points_y: tuple[float, ...]
    points_class: tuple[int, ...]
    points_predicted: tuple[int, ...] = ()
    """What the model says of each point; -1 where its outputs are not finite."""
    train_points: int = 0
    """So many of the points are of the training split; the others, of validation, follow."""
    validation_indices: tuple[int, ...] = ()
    """Which validation samples these are."""
    class_names: tuple[str, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    samples: tuple[SampleView, ...] = ()
    chosen: ChosenSample | None = None
    undecided: int = 0


class ConfusionView(Struct, frozen=True, tag="confusion"):
    """Classification: counts[true][predicted] over the validation split, and the samples that fare worst."""

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    samples: tuple[SampleView, ...] = ()
    chosen: ChosenSample | None = None
    undecided: int = 0
    """Samples whose outputs are not finite: they are in no count."""


class SamplesView(Struct, frozen=True, tag="samples"):
    """Image classification: validation samples, the worst first, and the confusion matrix."""

    height: int
    width: int
    samples: tuple[SampleView, ...]
    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    chosen: ChosenSample | None = None
    undecided: int = 0


Reading = (
    LayersRead
    | HistogramsRead
    | OptimizerRead
    | CurveView
    | RegionsView
    | ConfusionView
    | SamplesView
    | LossShapeRead
    | LossSliceRead
    | LossSurfaceRead
    | MatrixRead
)
