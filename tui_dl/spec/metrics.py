"""The one list of all that is measured; the same names in plots, tables and expectations."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, structs

from tui_dl.spec.loss_metrics import PAIR_METRICS, Task, pair_metric_name, pair_names, pair_of, tasks_of_pair
from tui_dl.spec.wording import nearest

_BOTH: tuple[Task, ...] = ("classification", "regression")


class MetricInfo(Struct, frozen=True):
    """One measured number.

    Attributes:
        name: dotted name.
        unit: empty for a pure number.
        better: where it should go; empty if neither.
        help: what it is, in a line.
        tasks: the tasks that have it.
        data: the data sets that have it; empty means all of these tasks.
        models: the models that have it; empty means all.
    """

    name: str
    unit: str = ""
    better: Literal["up", "down", ""] = ""
    help: str = ""
    tasks: tuple[Task, ...] = _BOTH
    data: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


SPLITS = ("train", "validation", "test")
"""The test split is there for data that has one, and is evaluated at the end or when it is asked for."""

_UNITS = {"accuracy": "share", "coverage": "share", "cross_entropy": "nats", "nll": "nats"}


def _of_splits() -> Iterator[MetricInfo]:
    """The metrics that are taken of each split, in eval mode over the whole of it at an epoch's end."""
    of_classes: tuple[Task, ...] = ("classification",)
    of_values: tuple[Task, ...] = ("regression",)
    own: tuple[tuple[str, Literal["up", "down", ""], str, tuple[Task, ...]], ...] = (
        ("loss", "down", "the present objective, penalties included", _BOTH),
        ("accuracy", "up", "share of samples whose largest output is their class", of_classes),
        ("cross_entropy", "down", "-log softmax(outputs)[class], the mean over samples", of_classes),
        ("mse", "down", "mean squared error; for classes softmax(outputs) against one-hot targets", _BOTH),
        ("mae", "down", "mean absolute error", of_values),
        ("margin", "up", "lead of the right logit over the best other one, the mean", of_classes),
        (
            "nll",
            "down",
            "-log of the predicted normal density at the target, the mean; of gaussian_nll",
            of_values,
        ),
        ("coverage", "", "share of targets within one predicted σ of the mean; of gaussian_nll", of_values),
        ("sigma", "", "the predicted standard deviation, its mean; of gaussian_nll", of_values),
    )
    for split in SPLITS:
        for name, better, text, tasks in own:
            unit = _UNITS.get(name, "")
            yield MetricInfo(f"{split}.{name}", unit, better, f"{text} ({split} split)", tasks)


METRICS: tuple[MetricInfo, ...] = (
    *_of_splits(),
    MetricInfo("data_loss", "", "down", "the batch's loss without penalties"),
    MetricInfo("penalty", "", "", "the penalties' part of the batch's loss"),
    MetricInfo("lr", "", "", "learning rate of this update: base rate times schedule and warm-up"),
    MetricInfo("grad_norm", "", "", "L2 norm of the whole gradient before clipping"),
    MetricInfo("loss_scale", "", "", "what float16 multiplied the loss by before the backward pass"),
    MetricInfo(
        "skipped", "", "down", "1 where float16's gradients overflowed and no update was made, else 0"
    ),
    MetricInfo(
        "grad_ratio", "", "", "gradient norm of the first layer's weights over that of the last layer's"
    ),
    MetricInfo("gap.loss", "", "down", "validation loss minus train loss: the generalisation gap"),
    MetricInfo(
        "weights.share_below_1e-3", "share", "", "share of weights, biases excluded, with |w| below 0.001"
    ),
    MetricInfo("weights.share_zero", "share", "", "share of weights, biases excluded, that are exactly zero"),
    MetricInfo("weights.count", "", "", "numbers that are trained, biases included"),
    MetricInfo(
        "update_promise",
        "",
        "",
        "change of the batch's loss over the next update, over what the gradient promises: 1 for a short "
        "step, negative for one that overshoots",
    ),
    MetricInfo(
        "update_cosine",
        "",
        "",
        "mean cosine between each of the next 16 updates and the one before it, over all weights",
    ),
    MetricInfo(
        "modes.distance",
        "",
        "",
        "distance of the outputs in train mode from those in eval mode, over their size: root mean "
        "squares on the validation split",
    ),
    MetricInfo(
        "outputs.coupling",
        "",
        "",
        "share of the loss's second derivatives by a sample's outputs that lies off the diagonal: 0 if each "
        "output learns by itself",
        ("classification",),
    ),
    MetricInfo(
        "formula.distance",
        "",
        "",
        "distance of -2/N Σ (y - ŷ)x and -2/N Σ (y - ŷ) from autograd's gradient, over its size",
        ("regression",),
        models=("linear",),
    ),
    MetricInfo("optimizer.effective_step", "", "", "root mean square of an update over all parameters"),
    MetricInfo(
        "fit.slope",
        "",
        "",
        "slope of the fitted line between the ends of the data",
        ("regression",),
        ("line",),
    ),
    MetricInfo(
        "margin",
        "",
        "up",
        "lead of the right logit over the best other one, the mean over the train split",
        ("classification",),
    ),
    MetricInfo(
        "confidence.share_above_0.99",
        "share",
        "",
        "share of validation samples whose predicted class is given a probability above 0.99",
        ("classification",),
    ),
    MetricInfo(
        "band.coverage",
        "share",
        "",
        "share of validation targets within one predicted σ of the predicted mean; a normal one holds 0.683",
        ("regression",),
    ),
    MetricInfo(
        "band.mean_sigma",
        "",
        "",
        "the predicted standard deviation, its mean over the validation split",
        ("regression",),
    ),
    MetricInfo(
        "band.correlation",
        "",
        "up",
        "correlation of the predicted σ with that of the noise in the data or, where it is unknown, with the "
        "size of the residuals, on the validation split",
        ("regression",),
    ),
    MetricInfo(
        "collapse.residual",
        "",
        "",
        "distance of the outputs from those of the one affine map that the matrices multiply to, over "
        "their size: root mean squares on the validation split",
        models=("mlp",),
    ),
)

LAYER_METRICS: tuple[MetricInfo, ...] = (
    MetricInfo("grad_norm", "", "", "L2 norm of the gradient of this layer's parameters"),
    MetricInfo("weight_norm", "", "", "L2 norm of this layer's parameters"),
    MetricInfo("update_ratio", "", "", "norm of the last update over the norm of the parameters"),
    MetricInfo(
        "dead_share", "share", "down", "share of this layer's units that are zero for the whole batch"
    ),
    MetricInfo(
        "saturated_share",
        "share",
        "down",
        "share of this layer's activations on a flat end of the nonlinearity",
    ),
)
"""What is measured of each layer: the module's name, a dot, and one of these (`layers.0.grad_norm`)."""


def documented_metrics() -> tuple[MetricInfo, ...]:
    """The whole list; what is measured of each layer or of two losses once, with `<layer>` and such."""
    per_layer = (structs.replace(metric, name=f"<layer>.{metric.name}") for metric in LAYER_METRICS)
    of_pairs = (
        MetricInfo(pair_metric_name("<a>", "<b>", each.kind), help=each.help) for each in PAIR_METRICS
    )
    return (*METRICS, *per_layer, *of_pairs)


_BY_NAME = {metric.name: metric for metric in METRICS}
_BY_LAYER_NAME = {metric.name: metric for metric in LAYER_METRICS}


def layer_metric(module: str, kind: str) -> str:
    """The full name of a layer's metric.

    Raises:
        KeyError: for a kind that is not in `LAYER_METRICS`.
    """
    return f"{module}.{_BY_LAYER_NAME[kind].name}"


def metric_info(name: str) -> MetricInfo | None:
    """What a metric is, per-layer ones included; None if nothing is measured under that name."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    pair = pair_of(name)
    if pair is not None:
        first, second, measured = pair
        words = measured.help.replace("<a>", name.split(".")[1]).replace("<b>", name.split(".")[2])
        return MetricInfo(name, help=words, tasks=tasks_of_pair(first, second))
    module, _, kind = name.rpartition(".")
    known = _BY_LAYER_NAME.get(kind)
    parts = module.split(".")
    if (
        known is None
        or parts[0] in SPLITS
        or not all(part.isidentifier() or part.isdecimal() for part in parts)
    ):
        return None
    return MetricInfo(name, known.unit, known.better, f"{module}: {known.help}", known.tasks)


def nearest_metrics(name: str) -> tuple[str, ...]:
    """The names, nearest first, that somebody who wrote `name` may have meant."""
    module, _, kind = name.rpartition(".")
    layer_kind = nearest(kind, _BY_LAYER_NAME) if module and module not in SPLITS else None
    if layer_kind is not None and metric_info(f"{module}.{layer_kind}") is not None:
        return (f"{module}.{layer_kind}",)
    close = nearest(name, pair_names() if name.startswith("losses.") else _BY_NAME)
    ends = [f"{split}.{name}" for split in ("validation", "train") if f"{split}.{name}" in _BY_NAME]
    return tuple(ends) if ends else (close,) if close else ()
