"""A component that is declared but not built fails loudly, and none of the catalogue does."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from tests.components import catalogue
from tui_dl.components.activations import build_activation
from tui_dl.components.data import draw_samples
from tui_dl.components.inits import initialise
from tui_dl.components.losses import build_loss
from tui_dl.components.models import affine_maps, build_model
from tui_dl.components.norms import dropout_at, norms_at
from tui_dl.components.optimizers import build_optimizer, effective_step, hyperparameters, moments
from tui_dl.components.regularizers import (
    batch_transform,
    clip_norm,
    clip_value,
    decay_rate,
    early_stopping,
    largest_norm,
    penalty,
    proximal_strength,
    smoothing,
    weight_noise,
)
from tui_dl.spec import (
    activations,
    component,
    data,
    inits,
    losses,
    models,
    optimizers,
    regularizers,
    schedules,
)
from tui_dl.spec.schedule_factor import factor

RNG = np.random.default_rng(0)


class _Data(data.Data, frozen=True, tag="nobody"):
    fixed_task = "regression"


class _Model(models.Model, frozen=True, tag="nobody"):
    pass


class _Activation(activations.Activation, frozen=True, tag="nobody"):
    pass


class _Init(inits.Init, frozen=True, tag="nobody"):
    pass


class _Loss(losses.Loss, frozen=True, tag="nobody"):
    tasks = ("regression",)


class _Optimizer(optimizers.Optimizer, frozen=True, tag="nobody"):
    family = "nobody"


class _Schedule(schedules.Schedule, frozen=True, tag="nobody"):
    pass


def _task(loss: losses.Loss) -> str:
    return loss.tasks[0]


def _parameter() -> nn.Parameter:
    return nn.Parameter(torch.ones(2, 2))


FAMILIES: list[tuple[component.Component, list[component.Component], Callable[..., object]]] = [
    (_Data(), catalogue.DATA, lambda one: draw_samples(one, RNG)),
    (_Model(), catalogue.MODELS, lambda one: affine_maps(one, (8, 8), 2)),
    (_Model(), catalogue.MODELS, lambda one: build_model(one, (8, 8), 2, 0)),
    (_Activation(), catalogue.ACTIVATIONS, build_activation),
    (_Init(), catalogue.INITS, lambda one: initialise(one, nn.Linear(2, 2))),
    (_Loss(), catalogue.LOSSES, lambda one: build_loss(one, _task(one), 2)),
    (_Optimizer(), catalogue.OPTIMIZERS, lambda one: build_optimizer(one, [_parameter()])),
    (_Optimizer(), catalogue.OPTIMIZERS, hyperparameters),
    (_Optimizer(), catalogue.OPTIMIZERS, moments),
    (_Optimizer(), catalogue.OPTIMIZERS, lambda one: effective_step(one, {}, 0.1)),
    (_Schedule(), catalogue.SCHEDULES, lambda one: factor(one, 0, 1)),
]


@pytest.mark.parametrize(("undeclared", "declared", "build"), FAMILIES)
def test_the_whole_family_is_built_and_a_stranger_is_named(
    undeclared: component.Component, declared: list[component.Component], build: Callable[..., object]
) -> None:
    assert declared
    for one in declared:
        build(one)
    with pytest.raises(
        NotImplementedError,
        match=r"nobody \(_\w+\) has no (builder|factor): register one in tui_dl/(comp|spec)",
    ):
        build(undeclared)


@pytest.mark.parametrize(
    "regularizer",
    [
        *catalogue.REGULARIZERS,
        regularizers.L1(method="proximal"),
        regularizers.GradientClipping(method="value"),
    ],
    ids=catalogue.name,
)
def test_every_regularizer_acts_in_exactly_one_way(regularizer: regularizers.Regularizer) -> None:
    effects = [
        penalty([regularizer], [torch.ones(2, 2)]) is not None,
        decay_rate([regularizer]) > 0,
        any(dropout_at([regularizer], models.Mlp())),
        any(norms_at([regularizer], models.Mlp())),
        clip_norm([regularizer]) is not None,
        clip_value([regularizer]) is not None,
        proximal_strength([regularizer]) > 0,
        smoothing([regularizer]) > 0,
        weight_noise([regularizer]) > 0,
        largest_norm([regularizer]) is not None,
        batch_transform(regularizer, "image", 10) is not None,
        early_stopping([regularizer]) is not None,
    ]
    assert sum(effects) == 1
