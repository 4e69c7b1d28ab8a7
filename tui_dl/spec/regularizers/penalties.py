"""Regularizers that pull weights towards zero: penalties in the loss, and decay beside it."""

from typing import Annotated, Literal

from tui_dl.spec.component import described, number
from tui_dl.spec.regularizers.base import Regularizer

Strength = Annotated[float, number("Weight of the penalty in the objective", ge=0, le=1e6)]


class L1(Regularizer, frozen=True, tag="l1"):
    """strength · Σ|w|, in the loss or as a soft threshold after each update; biases and norms excluded."""

    source = "lasso (Tibshirani, 1996); soft threshold (Parikh and Boyd, 2014, section 6.5.2)"

    strength: Strength = 1e-4
    method: Annotated[
        Literal["penalty", "proximal"],
        described(
            "penalty adds it to the loss, whose gradient never stops at 0; proximal moves each weight by "
            "lr·strength towards 0 after the update and stops there: exact zeros"
        ),
    ] = "penalty"


class L2(Regularizer, frozen=True, tag="l2"):
    """strength/2 · Σ w² added to the loss; biases and norms excluded."""

    source = "penalty (ridge, Hoerl and Kennard 1970)"

    strength: Strength = 1e-4


class ElasticNet(Regularizer, frozen=True, tag="elastic_net"):
    """strength · (l1_ratio · Σ|w| + (1 - l1_ratio)/2 · Σ w²) added to the loss; biases and norms excluded."""

    source = "Zou and Hastie, 2005; parameters as in sklearn.linear_model.ElasticNet"

    strength: Strength = 1e-4
    l1_ratio: Annotated[float, number("Share of L1 in it; the rest is L2", ge=0, le=1)] = 0.5


class WeightDecay(Regularizer, frozen=True, tag="weight_decay"):
    """Decoupled decay: w is multiplied by 1 - lr·rate before each update; biases and norms excluded."""

    source = "Loshchilov and Hutter, 2017"

    rate: Annotated[
        float, number("Share of a weight removed per step, times the learning rate", ge=0, le=1000)
    ] = 0.01
