"""Views of the task as an engine might send them, from plain to broken."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from tui_dl.wire.snapshots import ChosenSample, ConfusionView, CurveView, RegionsView, SamplesView, SampleView


def sample(index: int, true: int = 3, said: int = 5, *, pixels: bytes = b"", p: float = 0.12) -> SampleView:
    return SampleView(index, pixels, true, said, p, 0.8)


def chosen(index: int, logits: Sequence[float], true: int = 0) -> ChosenSample:
    values = np.array(logits, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        powers = np.exp(values - values.max())
        shares = powers / powers.sum()
    said = int(np.argmax(values)) if np.isfinite(shares).all() else -1
    one = SampleView(index, b"", true, said, float(np.nan_to_num(shares[true])), 0.5)
    return ChosenSample(one, tuple(logits), tuple(shares.tolist()), 3, (0.25, -1.5), is_pinned=True)


def confusion(classes: int, counts: Sequence[Sequence[int]] | None = None) -> ConfusionView:
    table = counts or [
        [9 if true == said else (true + said) % 3 for said in range(classes)] for true in range(classes)
    ]
    names = tuple(f"class {label}" for label in range(classes))
    return ConfusionView(
        names,
        tuple(tuple(row) for row in table),
        tuple(sample(index, index % classes, (index + 1) % classes) for index in range(20)),
        chosen(4, [math.sin(label) for label in range(classes)]),
    )


def pictures(height: int = 8, width: int = 8, samples: int = 48) -> SamplesView:
    pixels = bytes(place % 256 for place in range(height * width))
    return SamplesView(
        height,
        width,
        tuple(sample(index, pixels=pixels) for index in range(samples)),
        tuple("0123456789"),
        tuple(tuple(40 if true == said else 0 for said in range(10)) for true in range(10)),
        chosen(7, [0.5 * label for label in range(10)], true=9),
    )


def regions(columns: int = 6, rows: int = 4, *, undecided: bool = False) -> RegionsView:
    cells = columns * rows
    classes = bytes([255] * cells if undecided else [place % 2 for place in range(cells)])
    return RegionsView(
        (-1.0, 1.0),
        (-2.0, 2.0),
        columns,
        rows,
        classes,
        bytes([200] * cells),
        points_x=(1.0, -1.0, 0.0, 0.5),
        points_y=(2.0, -2.0, 0.0, 1.0),
        points_class=(1, 0, 0, 1),
        points_predicted=(1, 1, 0, 0),
        train_points=2,
        validation_indices=(10, 11),
        class_names=("red", "blue"),
        counts=((30, 10), (4, 36)),
        samples=(sample(11, 1, 0), sample(10, 0, 0)),
        chosen=chosen(11, [1.0, -2.0], true=1),
    )


def fit(residuals: Sequence[float] = (0.1, -0.1, 0.2, -9.0)) -> CurveView:
    xs = tuple(0.1 * place for place in range(len(residuals)))
    return CurveView(
        xs,
        tuple(2 * x + left for x, left in zip(xs, residuals, strict=True)),
        (0.05,),
        (0.15,),
        (0.0, 0.3),
        (0.0, 0.6),
        tuple(residuals),
        (0.05,),
        (3,) if len(residuals) > 3 else (),
        4.5,
        0.05,
    )


EVERY = {
    "one class": confusion(1),
    "two classes": confusion(2),
    "ten classes": confusion(10),
    "a hundred classes": confusion(100),
    "two hundred classes": ConfusionView(
        tuple(map(str, range(200))), (), (sample(0),), chosen(0, [0.0] * 200)
    ),
    "nothing predicted": ConfusionView(
        ("a", "b"), ((0, 0), (0, 0)), (SampleView(0, b"", 0, -1, 0.0),), chosen(0, [math.nan, math.nan]), 360
    ),
    "infinite logits": ConfusionView(("a", "b"), ((1, 0), (0, 1)), (), chosen(0, [math.inf, -math.inf])),
    "from an older engine": ConfusionView(("a", "b"), ((1, 0), (0, 1))),
    "no samples": SamplesView(8, 8, (), tuple("01"), ((0, 0), (0, 0))),
    "digits": pictures(),
    "large pictures": pictures(28, 28),
    "odd pictures": pictures(7, 5, 3),
    "pixels that don't fit": SamplesView(8, 8, (sample(1),), tuple("0123456789"), ((1,) * 10,) * 10),
    "regions": regions(),
    "regions of a lost model": regions(undecided=True),
    "regions from an older engine": RegionsView(
        (-1, 1), (-1, 1), 2, 2, bytes([0, 1, 1, 0]), bytes([255, 0, 128, 64]), (1.0,), (1.0,), (1,)
    ),
    "fit": fit(),
    "predicted by true": msgspec.structs.replace(fit(), is_against_true=True),
    "fit without points": CurveView((), (), (), (), (), ()),
    "fit of a lost model": CurveView(
        (0.0, 1.0), (1.0, math.nan), (0.5,), (2.0,), (0.0, 1.0), (math.inf, math.nan), (math.nan, math.inf)
    ),
    "fit at one place": CurveView(
        (1.0,) * 3, (2.0, 3.0, 1e300), (), (), (1.0, 1.0), (2.0, 2.0), (0.0, 1.0, 1e300)
    ),
}
