"""The data sets that come with scikit-learn."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tui_dl.components.data.samples import Samples, draw_samples
from tui_dl.spec import data as spec


@draw_samples.register
def _(data: spec.Digits, rng: np.random.Generator) -> Samples:
    # Loading scikit-learn takes a second, which the other data sets need not wait for.
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = tuple(str(name) for name in digits.target_names)
    return Samples(digits.images.astype(np.float32), digits.target.astype(np.int64), names)


@draw_samples.register
def _(data: spec.Iris, rng: np.random.Generator) -> Samples:
    from sklearn.datasets import load_iris

    return _classes(load_iris)


@draw_samples.register
def _(data: spec.Wine, rng: np.random.Generator) -> Samples:
    from sklearn.datasets import load_wine

    return _classes(load_wine)


@draw_samples.register
def _(data: spec.BreastCancer, rng: np.random.Generator) -> Samples:
    from sklearn.datasets import load_breast_cancer

    return _classes(load_breast_cancer)


@draw_samples.register
def _(data: spec.Diabetes, rng: np.random.Generator) -> Samples:
    """In the measures' own units: scikit-learn's default is scaled by all samples, held out ones too."""
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    return Samples(found.data.astype(np.float32), found.target.astype(np.float32)[:, None])


def _classes(load: Callable[[], Any]) -> Samples:
    found = load()
    names = tuple(str(name) for name in found.target_names)
    return Samples(found.data.astype(np.float32), found.target.astype(np.int64), names)
