"""What the instruments saw at one step: the newest replaces an older one that was not sent yet."""

from msgspec import Struct


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


class ConfusionView(Struct, frozen=True, tag="confusion"):
    """Classification: counts[true][predicted] over the validation split."""

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class SampleView(Struct, frozen=True):
    """One sample with what the model made of it."""

    index: int
    pixels: bytes
    """uint8 grey levels, height x width."""
    true_class: int
    predicted_class: int
    probability: float
    """Given to the true class."""


class SamplesView(Struct, frozen=True, tag="samples"):
    """Image classification: validation samples, the worst first, and the confusion matrix."""

    height: int
    width: int
    samples: tuple[SampleView, ...]
    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


Reading = LayersRead | HistogramsRead | OptimizerRead | CurveView | RegionsView | ConfusionView | SamplesView
