"""Settings of a data set that are each well formed but make no sense together; no file is read."""

from tui_dl.errors import SpecError
from tui_dl.spec.data import AnyData, Line
from tui_dl.spec.data.base import Labelled
from tui_dl.spec.data.sizes import class_count, held_out_count, sample_count, split_sizes
from tui_dl.spec.wording import number_text


def refuse_impossible_data(data: AnyData) -> None:
    """Check a data set by itself.

    Raises:
        SpecError: for the first contradiction, with the key that is to be changed and what would work.
    """
    for check in (_places, _sizes, _outliers, _subset, _labels):
        check(data)


def _places(data: AnyData) -> None:
    if getattr(data, "path", None) == "":
        what = "the folder that your pictures are in" if data.kind == "image" else f"your {data.name} file"
        raise SpecError(f"is missing; it must be the path of {what}.", key="data.path")


def _sizes(data: AnyData) -> None:
    sizes, classes, samples = split_sizes(data), class_count(data), sample_count(data)
    if sizes is None or classes is None or samples is None:
        return
    train, validation = split_sizes(data, whole=True) or sizes
    test_share = getattr(data, "test_share", 0.0)
    test = held_out_count(samples, test_share) if test_share > 0 else None
    least = max(classes, 1)
    if min(train, validation, least if test is None else test) < least:
        each = f"each needs at least {least}, one per class" if classes else "each needs at least one"
        shares = f"validation_share {number_text(data.validation_share)}"
        left = f"{train} to train and {validation} to validate"
        if test is not None:
            shares = f"test_share {number_text(test_share)} and {shares}"
            left = f"{train} to train, {validation} to validate and {test} to test"
        raise SpecError(f"{samples} samples with {shares} leave {left}; {each}.", key=_key_of_size(data))
    if classes and samples // classes < 2:
        raise SpecError(
            f"{samples} samples are too few for {classes} classes, 2 each.", key=_key_of_size(data)
        )


def _key_of_size(data: AnyData) -> str:
    return "data.samples" if "samples" in data.__struct_fields__ else "data.validation_share"


def _outliers(data: AnyData) -> None:
    sizes = split_sizes(data)
    if isinstance(data, Line) and sizes is not None and data.outliers > sizes[0]:
        raise SpecError(f"{data.outliers} is more than the {sizes[0]} training samples.", key="data.outliers")


def _subset(data: AnyData) -> None:
    if not data.subset:
        return
    classes, sizes = class_count(data), split_sizes(data, whole=True)
    if sizes is not None and data.subset > sizes[0]:
        raise SpecError(
            f"{data.subset} is more than the {sizes[0]} training samples; 0 uses all.", key="data.subset"
        )
    if classes and data.subset < classes:
        raise SpecError(
            f"{data.subset} is less than one for each of the {classes} classes; 0 uses all.",
            key="data.subset",
        )


def _labels(data: AnyData) -> None:
    if not isinstance(data, Labelled):
        return
    classes = class_count(data)
    if data.task == "regression":
        for name, unset in (("label_noise", 0.0), ("class_weights", "none")):
            if getattr(data, name) != unset:
                raise SpecError("is for classes, but the task is regression.", key=f"data.{name}")
    if data.label_noise > 0 and classes == 1:
        raise SpecError("needs a second class to mistake a label for.", key="data.label_noise")
    weights = data.class_weights
    if not isinstance(weights, tuple):
        return
    if classes and len(weights) != classes:
        raise SpecError(
            f"must be one weight for each of the {classes} classes, not {len(weights)}.",
            key="data.class_weights",
        )
    if not any(weights):
        raise SpecError("must have a weight above 0.", key="data.class_weights")
