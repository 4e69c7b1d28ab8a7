"""Gradient accumulation: several micro-batches, one after another, make one update."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tui_dl.engine.training.batch import Batch
    from tui_dl.engine.training.batch_loop import BatchLoop

    Act = tuple[str, Callable[[], None]]


def accumulating_acts(loop: BatchLoop, acts: Mapping[str, Callable[[], None]]) -> Iterator[Act]:
    """The phases of an update that takes several micro-batches: fetch to backward for each, then the rest.

    What is made small is the mean of the micro-batches' losses, each a mean over its samples: backward goes
    from loss/n, and adds to the gradients. Weights move once, so draws and running statistics are those of
    n batches at the same weights.
    """
    count = loop.parts.batches.micro_batches
    made: list[Batch] = []
    for index in range(count):
        yield "fetch", partial(loop.fetch_micro, index, count)
        yield "forward", acts["forward"]
        yield "loss", acts["loss"]
        if index == 0:
            yield "zero_grad", acts["zero_grad"]
        yield "backward", partial(loop.pull, count)
        made.append(loop.batch.copy())
    # From here on the batch is all of them together: what is recorded is said of the whole update.
    yield "clip", partial(_join_and, acts["clip"], loop.batch, made)
    yield "update", acts["update"]


def _join_and(act: Callable[[], None], batch: Batch, made: list[Batch]) -> None:
    join(batch, made)
    act()


def join(batch: Batch, made: list[Batch]) -> None:
    """Put micro-batches together: samples one behind the other, losses as means over the micro-batches."""
    batch.inputs, batch.targets, batch.labels, batch.outputs = (
        joined([getattr(one, name) for one in made]) for name in ("inputs", "targets", "labels", "outputs")
    )
    batch.loss, batch.data_loss, batch.penalty = (
        _mean([getattr(one, name) for one in made]) for name in ("loss", "data_loss", "penalty")
    )
    batch.former = {name: _required_mean([one.former[name] for one in made]) for name in made[0].former}


def joined(values: Sequence[Any]) -> Any:
    """Samples of several batches one behind the other; the only one as it is."""
    return values[0] if len(values) == 1 else torch.cat([value.detach() for value in values])


def _mean(values: list[Tensor | None]) -> Tensor | None:
    present = [value for value in values if value is not None]
    return _required_mean(present) if present else None


def _required_mean(values: list[Tensor]) -> Tensor:
    return torch.stack([value.detach() for value in values]).mean()
