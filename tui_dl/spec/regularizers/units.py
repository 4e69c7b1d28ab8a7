"""Regularizers inside the network: what happens to hidden units while training."""

from typing import Annotated, Literal

from tui_dl.spec.component import described, number
from tui_dl.spec.regularizers.base import Regularizer

Layers = Annotated[
    tuple[Annotated[int, number("A hidden layer, from 0", ge=0, le=999)], ...],
    described("Hidden layers it belongs to, from 0; empty means all", max_length=1000),
]


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
