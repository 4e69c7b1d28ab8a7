"""How many samples and classes a data set will give, as far as that is known without reading any file."""

import math

from tui_dl.spec.data import AnyData, Blobs, Spiral


def held_out_count(samples: int, share: float) -> int:
    """Samples to hold out: the share rounded up, at least one, and never all."""
    # Rounding first keeps 0.2 · 125 = 25.000000000000004 from becoming 26.
    return min(max(math.ceil(round(samples * share, 9)), 1), samples - 1)


def sample_count(data: AnyData) -> int | None:
    """Samples before anything is held out, its own test split not counted; None where a file tells."""
    if getattr(data, "folder", ""):
        return None
    return int(getattr(data, "samples", data.fixed_samples)) or None


def has_test_split(data: AnyData) -> bool | None:
    """Whether there will be a test split; None where a file tells."""
    if getattr(data, "test_share", 0.0) > 0 or data.fixed_test_samples:
        return True
    return False if sample_count(data) is not None else None


def split_sizes(data: AnyData, *, whole: bool = False) -> tuple[int, int] | None:
    """Samples to train and to validate on, or None where a file tells.

    The shares are rounded up, and never take all. The test split is taken first; what trains is then cut to
    the subset, unless the whole is asked for.
    """
    samples = sample_count(data)
    if samples is None:
        return None
    test_share = getattr(data, "test_share", 0.0)
    if test_share > 0:
        samples -= held_out_count(samples, test_share)
    validation = data.fixed_test_samples
    train = samples
    if data.validation_share > 0:
        validation = held_out_count(samples, data.validation_share)
        train = samples - validation
    return train if whole or not data.subset else min(data.subset, train), validation


def class_count(data: AnyData) -> int | None:
    """Number of classes, 0 for a regression; None where a file tells."""
    if data.task == "regression":
        return 0
    if isinstance(data, Spiral):
        return data.arms
    if isinstance(data, Blobs):
        return data.centres
    return data.fixed_classes or None
