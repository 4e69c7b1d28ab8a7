"""From a declared loss to its function, for the task, the targets and the head that there are."""

from torch import Tensor

from tui_dl.components.heads import means
from tui_dl.components.losses.encoding import LossFunction
from tui_dl.components.losses.on_classes import loss_on_classes
from tui_dl.components.losses.on_values import mean_of_values
from tui_dl.errors import SpecError
from tui_dl.spec import losses as spec
from tui_dl.spec.heads import VALUE, Head


def build_loss(loss: spec.Loss, task: str, outputs: int, class_weights: Tensor | None = None) -> LossFunction:
    """Build the loss for a task ("classification" or "regression") with so many classes or values.

    Of a classification outputs are logits (N, classes), targets class indices (N,) or probabilities
    (N, classes). Of a regression targets are values (N, V), and outputs (N, V) or what the loss's head makes
    of them: (N, 2V) for means and variances.

    Args:
        loss: as declared.
        task: what the data set.
        outputs: classes or values.
        class_weights: (classes,): the mean over a batch weighs each sample by its class's; None counts all
            alike.

    Raises:
        SpecError: the loss makes no sense for the task.
    """
    if task not in loss.tasks:
        raise SpecError(
            f"{loss.name} is a loss for {' and '.join(loss.tasks)}, the data's task is {task}", key="loss"
        )
    if task == "classification":
        return loss_on_classes(loss, outputs, class_weights)
    return mean_of_values(loss)


def loss_on_head(
    loss: spec.Loss, task: str, outputs: int, class_weights: Tensor | None, head: Head
) -> LossFunction | None:
    """The loss for outputs of another loss's head; None where these say nothing that it could be taken of.

    A loss on values is taken of the means. Arguments as for `build_loss`, and the head that there is.
    """
    function = build_loss(loss, task, outputs, class_weights)
    own = loss.head(task)
    if task == "classification" or own == head:
        return function
    if own != VALUE:
        return None

    def loss_of_means(values: Tensor, targets: Tensor) -> Tensor:
        return function(means(head, values), targets)

    return loss_of_means


def metric_alias(loss: spec.Loss, class_weights: Tensor | None) -> str:
    """The loss's name if it may be taken for the metric that equals it by that name; else empty."""
    summed = isinstance(loss, spec.Mse) and loss.reduction != "mean"
    return "" if summed or class_weights is not None else loss.name
