"""Regularizers: what hinders learning on purpose. Each may appear once in an experiment.

However they are listed, they act in one order: on inputs, on targets, on weights, on the gradient, after the
update. Those that alter training batches leave evaluations, `validation.loss` among them, as they are.
"""

from tui_dl.spec.regularizers.base import Regularizer
from tui_dl.spec.regularizers.gradients import GradientClipping
from tui_dl.spec.regularizers.inputs import Augmentation, InputNoise
from tui_dl.spec.regularizers.penalties import L1, L2, ElasticNet, WeightDecay
from tui_dl.spec.regularizers.stopping import EarlyStopping
from tui_dl.spec.regularizers.targets import CutMix, LabelSmoothing, Mixup
from tui_dl.spec.regularizers.units import BatchNorm, Dropout, LayerNorm
from tui_dl.spec.regularizers.weights import MaxNorm, WeightNoise

__all__ = [
    "L1",
    "L2",
    "AnyRegularizer",
    "Augmentation",
    "BatchNorm",
    "CutMix",
    "Dropout",
    "EarlyStopping",
    "ElasticNet",
    "GradientClipping",
    "InputNoise",
    "LabelSmoothing",
    "LayerNorm",
    "MaxNorm",
    "Mixup",
    "Regularizer",
    "WeightDecay",
    "WeightNoise",
]

AnyRegularizer = (
    L1
    | L2
    | ElasticNet
    | WeightDecay
    | Dropout
    | BatchNorm
    | LayerNorm
    | LabelSmoothing
    | Mixup
    | CutMix
    | Augmentation
    | InputNoise
    | WeightNoise
    | GradientClipping
    | MaxNorm
    | EarlyStopping
)
