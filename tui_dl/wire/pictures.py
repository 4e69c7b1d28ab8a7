"""What pictures of the loss and of weights are drawn of: functions as numbers, matrices as levels."""

from typing import Final, Literal

from msgspec import Struct

LossVariable = Literal["error", "lead", "logit", "log_rate"]
"""What a loss is drawn over: ŷ - y; the right logit's lead over all others, which are equal; the right
logit, all others 0; the logarithm of the predicted count."""


class LossCurve(Struct, frozen=True):
    """One sample's loss at equally spaced values of the variable, and its derivative there by autograd."""

    name: str
    """Of the loss, as in the catalogue."""
    values: tuple[float, ...]
    slopes: tuple[float, ...]


class LossShapeRead(Struct, frozen=True, tag="loss_shape"):
    """The loss of one sample as a function, and where the samples of the fixed batch lie on it."""

    variable: LossVariable
    low: float
    """The variable at the first of the values."""
    high: float
    """At the last one."""
    curves: tuple[LossCurve, ...]
    """The present loss; behind it the one before the last swap, if there is one."""
    samples: tuple[float, ...] = ()
    """The variable of each sample that has a finite one."""
    nonfinite: int = 0
    """Samples that have none."""
    strongest_share: float | None = None
    """Share of all pulls ‖∂ℓ/∂o‖ that the tenth of the samples that pull hardest have; None without any."""
    outputs: int = 1
    """Classes, or values of a target: a mean over them divides what one of them costs."""
    sigma: float | None = None
    """The predicted σ at which it is drawn: the median of the batch; None where none is predicted."""
    target: float | None = None
    """The target at which it is drawn, where its shape depends on that."""


class LossSliceRead(Struct, frozen=True, tag="loss_slice"):
    """The loss of a batch along the update that was made of it, L(w + s·Δw)."""

    steps: tuple[float, ...]
    """s, growing but not evenly: 0 is before the update, 1 after it."""
    losses: tuple[float, ...]
    """L at each s, with the batch's own draws (dropout, noise) and statistics; may not be finite."""
    before: float
    """L(w)."""
    after: float
    """L(w + Δw), on the same batch."""
    slope: float
    """dL/ds at 0, which is ∇L·Δw: what one step changes if the loss is a straight line; -η‖∇L‖² for SGD."""
    gradient_norm: float
    """‖∇L‖ before clipping, penalties included."""
    step_norm: float
    """‖Δw‖."""
    cosine: float | None
    """Between Δw and -∇L; None if either is zero. 1 where the update follows the gradient."""
    lr: float
    """Rate of that update."""
    optimizer: str = ""
    """Its name in the catalogue; empty for somebody's own."""
    is_next: bool = False
    """The update has not been made yet: it is the one that comes next."""


LEVELS_PER_DOUBLING: Final = 8
DEEPEST_LEVEL: Final = 254
NO_LEVEL: Final = 255
"""Of a loss that is not finite."""


class LossSurfaceRead(Struct, frozen=True, tag="loss_surface"):
    """The loss over the plane of a model's two trained numbers, and where the model stands on it.

    A level tells how often the height above the lowest value of the grid has to be doubled to come to the
    highest one, in eighths: height = (highest - lowest) · 2^(-level / 8), rounded; 254 is that or lower, 255
    not finite.
    """

    names: tuple[str, str]
    """Of the numbers: x goes across, y up."""
    x_range: tuple[float, float]
    """Edges of the grid; values are those at its cells' centres."""
    y_range: tuple[float, float]
    columns: int
    rows: int
    levels: bytes
    """uint8, rows x columns, row 0 at the top (largest y)."""
    lowest: float
    """The lowest finite loss of the grid; NaN if there is none."""
    lowest_at: tuple[float, float]
    """Its x and y."""
    highest: float
    at: tuple[float, float]
    """Both numbers after the step."""
    loss: float
    """There, of the same samples; may not be finite."""
    samples: int
    """Training samples that the loss is a mean over."""
    of_samples: int
    """How many there are: of more than a grid can be asked about some are taken, evenly chosen."""
    has_penalty: bool = False
    """Whether penalties are in it, as they are in what the updates go down."""


class MatrixRead(Struct, frozen=True, tag="matrix"):
    """The weights of one layer as a picture: signed levels, row by row.

    A level is 127 · w / scale, rounded; -128 stands for what is not finite. Of a matrix that has more rows or
    columns than are sent, each level is that of the weight of largest magnitude in its block.
    """

    layer: str
    shape: tuple[int, ...]
    """As torch stores it: (p, d) of a dense layer, (out, in, height, width) of a convolution."""
    rows: int
    columns: int
    levels: bytes
    """int8, rows x columns; the matrix has a row for each unit, (p, d) or (out, in·height·width)."""
    scale: float
    """The largest finite magnitude; 0 if all are zero."""
    lowest: float | None = None
    """The smallest finite weight; None if there is none."""
    highest: float | None = None
    negative: int = 0
    """How many weights are below 0."""
    zeros: int = 0
    nonfinite: int = 0
    height: int = 0
    """Of the picture that a unit's incoming weights make; 0 where they make none."""
    width: int = 0
    pictures: bytes = b""
    """int8, units x height x width: of the first units, as many as fit; over channels the mean."""
    units: int = 0
    """How many pictures there are."""
