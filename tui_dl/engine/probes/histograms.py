"""Histograms: how the weights of each layer and their gradients are spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import torch

from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.last_gradients import last_gradients
from tui_dl.engine.probes.layer_map import Layer, layers_of
from tui_dl.wire.snapshots import Histogram, HistogramsRead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import Reading

BINS: Final = 40
TAIL: Final = 0.005
"""Share of the values at each end that has no say in the range."""
SAMPLE: Final = 512
"""The range's quantiles come from about so many values all over: sorting all is slower than counting."""

_NUMBERS: Final = 10
"""low, high, zeros, not finite, mean, std, below, above, lowest, highest; the counts follow."""


@final
@dataclass(frozen=True, slots=True)
class _Subject:
    """What one histogram is of, and of how many values."""

    layer: str
    kind: str
    total: int


@final
class HistogramsProbe(Probe):
    """Weights and gradients of each layer as they are right after the backward pass, before clipping.

    Biases are left out where there are weights. Counts are those of the finite values, zeros included.
    """

    name = "histograms"

    def __init__(self) -> None:
        self._rows: list[tuple[_Subject, Tensor]] = []

    def observe(self, trainer: Trainer, phase: str) -> None:
        """All is counted after the backward pass."""
        if phase == "fetch":
            self._rows = []
        elif phase == "backward":
            layers = layers_of(trainer.model)
            chosen = [layer for layer in layers if layer.name == self.layer] or layers
            self._rows = _count([subject for layer in chosen for subject in _subjects(layer)])

    def release(self) -> None:
        """Nothing stays on the device."""
        self._rows = []

    def reading(self) -> HistogramsRead | None:
        """A histogram for each layer and kind."""
        return HistogramsRead(_read(self._rows)) if self._rows else None

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> HistogramsRead | None:
        """The weights as they are now, and the gradients that the last batch left."""
        gradients = last_gradients(trainer)
        layers = layers_of(trainer.model)
        chosen = [layer for layer in layers if layer.name == self.layer] or layers
        found = [
            one for layer in chosen for one in _subjects(layer) if one[0].kind == "weights" or gradients.held
        ]
        return HistogramsRead(_read(_count(found)), gradients.words) if found else None


def tensor_histograms(layer: str, kinds: Mapping[str, Sequence[Tensor]]) -> tuple[Histogram, ...]:
    """Histograms of one layer's tensors under the name of each kind; kinds without tensors are left out."""
    flat = {kind: _flat(list(tensors)) for kind, tensors in kinds.items() if tensors}
    return _read(_count([(_Subject(layer, kind, values.numel()), values) for kind, values in flat.items()]))


def _read(counted: list[tuple[_Subject, Tensor]]) -> tuple[Histogram, ...]:
    """All of them with one read from the device."""
    if not counted:
        return ()
    device = counted[0][1].device
    rows = torch.stack([row.to(device) for _, row in counted]).tolist()
    return tuple(_histogram(subject, row) for (subject, _), row in zip(counted, rows, strict=True))


def _subjects(layer: Layer) -> list[tuple[_Subject, Tensor]]:
    gradients = [weight.grad for weight in layer.weights if weight.grad is not None]
    kinds: dict[str, list[Tensor]] = {"weights": list(layer.weights), "gradients": gradients}
    flat = {kind: _flat(tensors) for kind, tensors in kinds.items() if tensors}
    return [(_Subject(layer.name, kind, values.numel()), values) for kind, values in flat.items()]


def _count(subjects: list[tuple[_Subject, Tensor]]) -> list[tuple[_Subject, Tensor]]:
    """All of one size and type together: a small layer costs by the kernel, not by the number."""
    alike: dict[object, list[int]] = {}
    for place, (_, values) in enumerate(subjects):
        alike.setdefault((values.numel(), values.dtype, values.device), []).append(place)
    rows: dict[int, Tensor] = {}
    for places in alike.values():
        counted = histogram_rows(torch.stack([subjects[place][1] for place in places]))
        rows.update(zip(places, counted, strict=True))
    return [(subject, rows[place]) for place, (subject, _) in enumerate(subjects)]


def _flat(tensors: list[Tensor]) -> Tensor:
    dense = [tensor.detach().to_dense() if tensor.is_sparse else tensor.detach() for tensor in tensors]
    return torch.cat([tensor.reshape(-1) for tensor in dense])


def histogram_rows(values: Tensor) -> Tensor:
    """Count each row of values (R, n), without reading anything from the device.

    The range is that of all finite values, unless some lie far out: then it ends one spread beyond the
    central 99 %, the spread being theirs, and what lies outside is counted in the end bins. So one outlier
    can't press all else into one bin. Where all values are the same, they are in the middle bin.

    Returns:
        float64 (R, 10 + BINS): low, high, zeros, not finite, mean, standard deviation, how many lie below and
        above the range, the smallest and the largest finite value, counts. Mean and deviation are NaN and the
        extremes infinite where nothing is finite.
    """
    rows, size = values.shape
    finite = values.isfinite()
    number = finite.sum(1)
    # Double precision holds the difference of any two floats; MPS, which has none, is not among our devices.
    exact = values.double().masked_fill_(~finite, 0.0)
    mean = exact.sum(1) / number
    spread = ((exact - mean[:, None]).masked_fill_(~finite, 0.0).square_().sum(1) / number).sqrt_()
    lowest = exact.masked_fill(~finite, torch.inf).amin(1) if size else exact.new_full((rows,), torch.inf)
    highest = exact.masked_fill(~finite, -torch.inf).amax(1) if size else -lowest
    low, high = _range(exact, finite, lowest, highest)
    below = ((exact < low[:, None]) & finite).sum(1)
    above = ((exact > high[:, None]) & finite).sum(1)
    # In numpy's order, so that what lies on an edge falls on the same side.
    position = (exact - low[:, None]).div_((high - low)[:, None]).mul_(BINS)
    # Only ends as far apart as doubles go make a NaN of it, which is no index.
    position = position.nan_to_num_(0.0).clamp_(0, BINS - 1).long()
    # What is not finite goes to a bin of its own behind the others.
    position.masked_fill_(~finite, BINS)
    position += torch.arange(rows, device=values.device)[:, None] * (BINS + 1)
    counts = torch.zeros(rows * (BINS + 1), dtype=torch.int64, device=values.device)
    counts.scatter_add_(0, position.reshape(-1), torch.ones_like(position).reshape(-1))
    zeros = (values == 0).sum(1)
    numbers = [low, high, zeros, size - number, mean, spread, below, above, lowest, highest]
    return torch.cat(
        [torch.stack([each.double() for each in numbers], 1), counts.view(rows, BINS + 1)[:, :BINS].double()],
        1,
    )


def _range(exact: Tensor, finite: Tensor, lowest: Tensor, highest: Tensor) -> tuple[Tensor, Tensor]:
    """Ends of the histogram of each row, high above low in any case."""
    rows, size = exact.shape
    if size == 0:
        return exact.new_zeros(rows), exact.new_ones(rows)
    chosen = _spread_indices(size, exact.device)
    some, known = (exact, finite) if chosen is None else (exact[:, chosen], finite[:, chosen])
    # What is not finite is sorted behind the rest and not looked at.
    ordered = some.masked_fill(~known, torch.inf).sort(1).values
    last = (known.sum(1) - 1).clamp_min_(0)
    lower = ordered.gather(1, (last * TAIL).long()[:, None])[:, 0]
    upper = ordered.gather(1, (last * (1 - TAIL)).ceil().long()[:, None])[:, 0]
    width = upper - lower
    # Without any width in the middle (nearly all zeros, say) only the whole range shows something.
    low = torch.where(width > 0, torch.maximum(lowest, lower - width), lowest)
    high = torch.where(width > 0, torch.minimum(highest, upper + width), highest)
    nothing = ~(low <= high)
    low, high = low.masked_fill(nothing, 0.0), high.masked_fill(nothing, 0.0)
    # Tiny or equal ends are moved apart: by half of the value, or by a half where that is zero.
    half = torch.where(high > low, 0.0, torch.where(low == 0, 0.5, low.abs() * 0.5))
    return low - half, high + half


def _spread_indices(size: int, device: torch.device) -> Tensor | None:
    """About `SAMPLE` places all over a tensor; None where it is small enough to be looked at whole.

    Not every n-th one: that would be the same few columns of a matrix in every row, and where these are
    special (pixels that are always 0) the range would be theirs. Multiples of the golden section are spread
    evenly over any of its parts (Weyl's sequence).
    """
    if size < 2 * SAMPLE:
        return None
    places = torch.arange(1, SAMPLE + 1, dtype=torch.float64, device=device)
    return (places * ((math.sqrt(5) - 1) / 2)).frac().mul_(size).long()


def _histogram(subject: _Subject, row: list[float]) -> Histogram:
    low, high, zeros, nonfinite, mean, std, below, above, lowest, highest = row[:_NUMBERS]
    total = subject.total
    has_some = nonfinite < total
    return Histogram(
        layer=subject.layer,
        kind=subject.kind,
        low=low,
        high=high,
        counts=tuple(int(count) for count in row[_NUMBERS:]),
        total=total,
        zeros=int(zeros),
        nonfinite=int(nonfinite),
        mean=mean if has_some else None,
        std=std if has_some else None,
        below=int(below),
        above=int(above),
        lowest=lowest if has_some else None,
        highest=highest if has_some else None,
    )
