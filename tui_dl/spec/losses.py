"""Losses: the number that training makes small. A proxy for the aim, which is unseen data.

Where a classification's loss compares outputs with one-hot targets, soft targets (a probability for each
class, as label smoothing and mixing make them) stand in their place.
"""

from typing import Annotated, ClassVar, Literal

from tui_dl.spec.component import Component, described, number
from tui_dl.spec.heads import LOG_RATE, SIGMOID, SOFTMAX, VALUE, Head

Full = Annotated[bool, described("Whether the terms that no output can change count too")]


class Loss(Component, frozen=True):
    """Base of all losses."""

    tasks: ClassVar[tuple[str, ...]]
    """Tasks it makes sense for: classification (logits and class indices), regression (values)."""

    def head(self, task: str) -> Head:
        """What outputs mean under this loss, for one of its tasks."""
        return SOFTMAX if task == "classification" else VALUE


class CrossEntropy(Loss, frozen=True, tag="cross_entropy"):
    """-log softmax(logits)[class], the mean over the batch."""

    tasks = ("classification",)
    source = "torch.nn.functional.cross_entropy"


class Bce(Loss, frozen=True, tag="bce"):
    """Binary cross entropy on logits: each class, two of them or more, is a yes or no of its own.

    -t·log σ(x) - (1-t)·log(1-σ(x)) against one-hot targets t, the mean over samples and classes.
    """

    tasks = ("classification",)
    source = "torch.nn.functional.binary_cross_entropy_with_logits"

    def head(self, task: str) -> Head:
        """One sigmoid a class."""
        return SIGMOID


class Mse(Loss, frozen=True, tag="mse"):
    """Mean squared error; for classes against one-hot targets, the mean over samples and classes."""

    tasks = ("classification", "regression")
    source = "torch.nn.functional.mse_loss"

    reduction: Annotated[
        Literal["mean", "sum_over_outputs"],
        described(
            "Over the outputs of a sample: their mean, as torch has it, or their sum, as textbooks have it: "
            "as many times larger as there are outputs"
        ),
    ] = "mean"


class L1Loss(Loss, frozen=True, tag="l1"):
    """Mean absolute error: outliers pull no harder than anyone else; for classes against one-hot targets."""

    tasks = ("classification", "regression")
    source = "torch.nn.functional.l1_loss"


class Huber(Loss, frozen=True, tag="huber"):
    """Squared below delta, absolute above (Huber, 1964); for classes against one-hot targets."""

    tasks = ("classification", "regression")
    source = "torch.nn.functional.huber_loss"

    delta: Annotated[float, number("Error at which it turns from squared to absolute", gt=0, le=1e6)] = 1.0


class GaussianNll(Loss, frozen=True, tag="gaussian_nll"):
    """-log of the normal density at the target: the model tells mean and variance (Nix and Weigend, 1994).

    ½·(log σ² + (y-μ)²/σ²). The head has two outputs for each value, μ and a raw number r with
    σ² = softplus(r) + eps (Lakshminarayanan et al., 2017): always positive, and it grows in proportion where
    exp(r) would overflow.
    """

    tasks = ("regression",)
    source = "torch.nn.functional.gaussian_nll_loss"

    variance: Annotated[
        Literal["learned", "unit"],
        described("Of the model's own making, or 1 everywhere: then it is half the squared error"),
    ] = "learned"
    eps: Annotated[float, number("Least variance", gt=0, le=1e3)] = 1e-6
    full: Full = False

    def head(self, task: str) -> Head:
        """Mean and variance; the value alone where the variance is 1."""
        return Head("mean_variance", self.eps) if self.variance == "learned" else VALUE


class PoissonNll(Loss, frozen=True, tag="poisson_nll"):
    """-log likelihood of counts, 0 or more: exp(x) - y·x, x the logarithm of the expected count."""

    tasks = ("regression",)
    source = "torch.nn.functional.poisson_nll_loss"

    full: Full = False

    def head(self, task: str) -> Head:
        """Logarithms of the rates."""
        return LOG_RATE


class Hinge(Loss, frozen=True, tag="hinge"):
    """Multi-class margin: no loss once the right logit leads every other one by the margin.

    Σ over the other classes j of max(0, margin - x[class] + x[j])ᵖ, over the number of classes (Crammer and
    Singer, 2001, in torch's form); with soft targets its expectation over the class.
    """

    tasks = ("classification",)
    source = "torch.nn.functional.multi_margin_loss"

    margin: Annotated[
        float, number("Lead of the right logit at which nothing is left to gain", gt=0, le=1e6)
    ] = 1.0
    p: Annotated[int, number("Power of what is missing", ge=1, le=2)] = 1


class Focal(Loss, frozen=True, tag="focal"):
    """Cross entropy that turns to what is still wrong: -alpha·(1-p)^gamma·log p, p = softmax(logits)[class].

    Lin et al., 2017, over softmax. With gamma 0 it is alpha times cross entropy.
    """

    tasks = ("classification",)
    source = "Lin et al., Focal Loss for Dense Object Detection, 2017"

    gamma: Annotated[float, number("How much less a sample counts that is right already", ge=0, le=20)] = 2.0
    alpha: Annotated[
        float,
        number("Factor on the whole; balance between classes is the data's class weights", gt=0, le=1e3),
    ] = 1.0


AnyLoss = CrossEntropy | Bce | Mse | L1Loss | Huber | GaussianNll | PoissonNll | Hinge | Focal
