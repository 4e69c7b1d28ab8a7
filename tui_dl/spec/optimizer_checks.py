"""What an optimizer makes no sense with: numbers that cross, decay twice, a loss that is never the same."""

from typing import Final

from tui_dl.errors import SpecError
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.optimizers import Lbfgs, Rprop, Sgd
from tui_dl.spec.wording import number_text

_UNSTEADY: Final = {
    "dropout": "draws anew at each",
    "mixup": "mixes anew at each",
    "cutmix": "mixes anew at each",
    "augmentation": "draws anew at each",
    "input_noise": "draws anew at each",
    "weight_noise": "draws anew at each",
    "gradient_clipping": "changes the gradient that curvature is told from",
    "weight_decay": "moves weights beside the loss; regularizers.l2 does it in the loss",
    "max_norm": "moves weights beside the loss",
}
"""Regularizers by name under which one batch gives L-BFGS no steady loss and gradient, and why."""


def refuse_unfit_optimizer(experiment: Experiment) -> None:
    """Check the optimizer against itself and the regularizers.

    Raises:
        SpecError: for the first contradiction, with the key that is to be changed and what would work.
    """
    optimizer = experiment.optimizer
    if isinstance(optimizer, Sgd) and optimizer.nesterov and optimizer.momentum == 0:
        raise SpecError(
            "true needs momentum above 0; set optimizer.momentum too, for example 0.9.",
            key="optimizer.nesterov",
        )
    if isinstance(optimizer, Sgd) and optimizer.nesterov and optimizer.dampening > 0:
        raise SpecError(
            f"true needs dampening 0, and it is {number_text(optimizer.dampening)}; "
            "set optimizer.dampening to 0, or nesterov to false.",
            key="optimizer.nesterov",
        )
    if isinstance(optimizer, Rprop) and optimizer.step_size_min > optimizer.step_size_max:
        raise SpecError(
            f"{number_text(optimizer.step_size_min)} is more than step_size_max, "
            f"{number_text(optimizer.step_size_max)}; the shortest step can't be longer than the longest.",
            key="optimizer.step_size_min",
        )
    _refuse_decay_twice(experiment)
    if isinstance(optimizer, Lbfgs):
        _refuse_unsteady_loss(experiment)


def refuse_moving_batches(experiment: Experiment, train_samples: int) -> None:
    """L-BFGS looks at the loss many times in one update: it has to be that of the same samples each time.

    Raises:
        SpecError: if a batch is not the whole training set, with the least batch size that works.
    """
    batch_size = experiment.training.batch_size
    if isinstance(experiment.optimizer, Lbfgs) and batch_size < train_samples:
        raise SpecError(
            f"lbfgs compares gradients from one update to the next, and batches of {batch_size} of "
            f"{train_samples} samples are others each time; set training.batch_size to at least "
            f"{train_samples} (the full batch) or use another optimizer.",
            key="optimizer",
        )


def _refuse_decay_twice(experiment: Experiment) -> None:
    optimizer = experiment.optimizer
    own = getattr(optimizer, "weight_decay", 0.0)
    if own > 0 and any(each.name == "weight_decay" for each in experiment.regularizers):
        raise SpecError(
            f"{optimizer.name} already decays the weights by {number_text(own)}; "
            "set optimizer.weight_decay to 0 or take the weight_decay regularizer away.",
            key="regularizers.weight_decay",
        )


def _refuse_unsteady_loss(experiment: Experiment) -> None:
    for each in experiment.regularizers:
        why = _UNSTEADY.get(each.name, "")
        if getattr(each, "method", "") == "proximal":
            why = "in its proximal form moves weights beside the loss"
        if why:
            raise SpecError(
                f"lbfgs evaluates the loss many times in an update, and {each.name} {why}; "
                "take it away or use another optimizer.",
                key=f"regularizers.{each.name}",
            )
    if getattr(experiment.model, "blend_steps", 0):
        raise SpecError(
            "lbfgs tells curvature from one update to the next, and an activation that gives way to another "
            "is another function each time; set it to 0 or use another optimizer.",
            key="model.blend_steps",
        )
    if not experiment.training.zero_grad:
        raise SpecError(
            "false adds up gradients, and lbfgs tells curvature from their differences; "
            "set it to true or use another optimizer.",
            key="training.zero_grad",
        )
    if experiment.training.precision == "float16":
        raise SpecError(
            'lbfgs can\'t go by a loss that is scaled; use "float32" or "bfloat16".',
            key="training.precision",
        )
