"""What the batteries run over: every declared component, in its defaults and in settings that matter."""

from typing import get_args

from tui_dl.spec import activations, data, inits, losses, models, optimizers, regularizers, schedules

NEEDING_FILES = (data.Mnist, data.FashionMnist, data.Cifar10, data.Csv, data.Npz, data.ImageFolder)
"""Data sets that are nothing without files; a battery of their own makes some."""
DATA = [kind() for kind in get_args(data.AnyData) if not issubclass(kind, NEEDING_FILES)]
MODELS = [kind() for kind in get_args(models.AnyModel)]
ACTIVATIONS = [kind() for kind in get_args(activations.AnyActivation)]
INITS = [kind() for kind in get_args(inits.AnyInit)]
LOSSES = [kind() for kind in get_args(losses.AnyLoss)]
OPTIMIZERS = [kind() for kind in get_args(optimizers.AnyOptimizer)]
SCHEDULES = [kind() for kind in get_args(schedules.AnySchedule)]
REGULARIZERS = [kind() for kind in get_args(regularizers.AnyRegularizer)]


def name(component: object) -> str:
    """Call a parametrised test by what it tests."""
    return repr(component)
