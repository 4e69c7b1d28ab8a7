"""Regularizers that make no sense with the data or beside each other."""

from collections.abc import Callable
from typing import Final, TypeVar

from tui_dl.errors import SpecError
from tui_dl.spec.component import Component
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.regularizers import (
    Augmentation,
    CutMix,
    GradientClipping,
    LabelSmoothing,
    Mixup,
    Regularizer,
)
from tui_dl.spec.schema import default_of, fields_of
from tui_dl.spec.wording import number_text

_Kind = TypeVar("_Kind", bound=Regularizer)
_FOR_IMAGES: Final = ("shift", "rotate", "scale", "flip")
_FOR_POINTS: Final = ("jitter",)


def _label_smoothing(experiment: Experiment) -> None:
    data = experiment.data
    if _has(experiment, LabelSmoothing) and data.task != "classification":
        raise SpecError(
            f"smooths class labels, but the data ({data.name}) is {data.task}; take it away.",
            key="regularizers.label_smoothing",
        )


def _mixing(experiment: Experiment) -> None:
    if not _has(experiment, CutMix):
        return
    if _has(experiment, Mixup):
        raise SpecError(
            "mixes pairs of samples, and so does mixup; take one of the two away.", key="regularizers.cutmix"
        )
    data = experiment.data
    if data.kind != "image":
        raise SpecError(
            f"pastes pieces of images, but the data ({data.name}) is no images; mixup mixes any samples.",
            key="regularizers.cutmix",
        )


def _augmentation(experiment: Experiment) -> None:
    data = experiment.data
    augmentation = _having(experiment, Augmentation)
    if augmentation is None:
        return
    if data.kind not in ("image", "points", "curve"):
        raise SpecError(
            f"moves images and points, but the data ({data.name}) is neither; input_noise goes with any.",
            key="regularizers.augmentation",
        )
    idle, use = (_FOR_POINTS, _FOR_IMAGES) if data.kind == "image" else (_FOR_IMAGES, _FOR_POINTS)
    for name in idle:
        if (default := _default_unless_set(augmentation, name)) is not None:
            kind = "points" if data.kind == "image" else "images"
            raise SpecError(
                f"is for {kind}, but the data ({data.name}) is {_words(data.kind)}: set "
                f"{' or '.join(use)}, and leave this at {default}.",
                key=f"regularizers.augmentation.{name}",
            )


def _words(kind: str) -> str:
    return {"image": "images", "curve": "points of a curve"}.get(kind, kind)


def _clipping(experiment: Experiment) -> None:
    clipping = _having(experiment, GradientClipping)
    if clipping is None:
        return
    idle, other = ("max_value", "value") if clipping.method == "norm" else ("max_norm", "norm")
    if (default := _default_unless_set(clipping, idle)) is not None:
        raise SpecError(
            f'counts with method = "{other}" alone, but method is "{clipping.method}"; set that, or leave '
            f"this at {default}.",
            key=f"regularizers.gradient_clipping.{idle}",
        )


def _default_unless_set(component: Component, name: str) -> str | None:
    """The default of a number that was set to something else, in words; None if it stands at it."""
    default = default_of(fields_of(type(component))[name])
    return None if getattr(component, name) == default else number_text(default)


def _having(experiment: Experiment, kind: type[_Kind]) -> _Kind | None:
    return next((one for one in experiment.regularizers if isinstance(one, kind)), None)


def _has(experiment: Experiment, kind: type[Regularizer]) -> bool:
    return _having(experiment, kind) is not None


REGULARIZER_CHECKS: Final[tuple[Callable[[Experiment], None], ...]] = (
    _label_smoothing,
    _mixing,
    _augmentation,
    _clipping,
)
