"""Regularizers: what hinders learning on purpose. Each may appear once in an experiment."""

from typing import Annotated, Literal

from tui_dl.spec.component import Component, described, number

Strength = Annotated[float, number("Weight of the penalty in the objective", ge=0, le=1e6)]
Layers = Annotated[
    tuple[Annotated[int, number("A hidden layer, from 0", ge=0, le=999)], ...],
    described("Hidden layers it belongs to, from 0; empty means all", max_length=1000),
]


class Regularizer(Component, frozen=True):
    """Base of all regularizers."""


class L1(Regularizer, frozen=True, tag="l1"):
    """strength · Σ|w| added to the loss; biases and norms excluded."""

    source = "penalty (lasso, Tibshirani 1996)"

    strength: Strength = 1e-4


class L2(Regularizer, frozen=True, tag="l2"):
    """strength/2 · Σ w² added to the loss; biases and norms excluded."""

    source = "penalty (ridge, Hoerl and Kennard 1970)"

    strength: Strength = 1e-4


class WeightDecay(Regularizer, frozen=True, tag="weight_decay"):
    """Decoupled decay: w is multiplied by 1 - lr·rate before each update; biases and norms excluded."""

    source = "Loshchilov and Hutter, 2017"

    rate: Annotated[
        float, number("Share of a weight removed per step, times the learning rate", ge=0, le=1000)
    ] = 0.01


class Dropout(Regularizer, frozen=True, tag="dropout"):
    """Zero hidden units with probability p while training, scale the rest by 1/(1-p) (Srivastava 2014)."""

    source = "torch.nn.Dropout"

    p: Annotated[float, number("Probability of zeroing a unit", ge=0, lt=1)] = 0.5
    layers: Layers = ()


class BatchNorm(Regularizer, frozen=True, tag="batch_norm"):
    """Normalise each unit over the batch, then scale by γ and shift by β (Ioffe and Szegedy, 2015).

    It stands before the activation. Evaluation takes running statistics instead of the batch's; so does a
    batch of a single sample, the last one of an epoch it may be, which has no statistics of its own.
    """

    source = "torch.nn.BatchNorm1d, torch.nn.BatchNorm2d"

    insertion: Annotated[
        Literal["plain", "preserving"],
        described(
            "Put into a running network, plain begins with γ=1, β=0, which changes what it computes and is "
            "what wakes a starved net; preserving measures statistics, γ and β so that it computes the same"
        ),
    ] = "plain"
    momentum: Annotated[
        float, number("Share of a batch's statistics in the running ones", ge=0, le=1, unit="share")
    ] = 0.1
    eps: Annotated[float, number("Added to the variance", gt=0, le=1)] = 1e-5
    layers: Layers = ()


class LayerNorm(Regularizer, frozen=True, tag="layer_norm"):
    """Normalise the units of each sample together, then scale by γ and shift by β (Ba et al., 2016).

    It stands before the activation. Of images all channels and places are normalised together, and each
    channel has its γ and β.
    """

    source = "torch.nn.LayerNorm; of images torch.nn.GroupNorm with one group"

    eps: Annotated[float, number("Added to the variance", gt=0, le=1)] = 1e-5
    layers: Layers = ()


class GradientClipping(Regularizer, frozen=True, tag="gradient_clipping"):
    """Scale the whole gradient down to max_norm where its norm is larger (Pascanu et al., 2013)."""

    source = "torch.nn.utils.clip_grad_norm_"

    max_norm: Annotated[float, number("Largest total L2 norm of the gradient", gt=0, le=1e9)] = 1.0


class EarlyStopping(Regularizer, frozen=True, tag="early_stopping"):
    """Stop when the validation loss has not improved for a while."""

    source = "Prechelt, 1998"

    patience: Annotated[int, number("Evaluations without improvement before stopping", ge=1, le=10**9)] = 5
    min_delta: Annotated[float, number("Least drop that counts as an improvement", ge=0, le=1e6)] = 0.0


AnyRegularizer = L1 | L2 | WeightDecay | Dropout | BatchNorm | LayerNorm | GradientClipping | EarlyStopping
