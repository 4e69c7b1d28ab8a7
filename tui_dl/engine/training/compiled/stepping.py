"""Batches by the compiled step: flat out in one call, phase by phase with eager phases to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch

from tui_dl.engine.training.compiled.inputs import batches_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tui_dl.engine.training.accumulation import Act
    from tui_dl.engine.training.batch_loop import BatchLoop
    from tui_dl.engine.training.compiled.whole_step import WholeSteps


@final
class CompiledStepping:
    """Replaces a loop's phases where a compiled step is there.

    Whoever looks on, or steps phase by phase, is shown the eager phases up to the gradients; the update is
    the compiled one all the same, from where the batch began. So a run has the same bits whether it is
    watched, stepped or let run.
    """

    def __init__(self, loop: BatchLoop, steps: WholeSteps) -> None:
        self._loop = loop
        self.steps = steps

    def acts(self, eager: Callable[[], Iterable[Act]], *, whole: bool) -> Iterable[Act]:
        """The phases of the next batch.

        Args:
            eager: gives the eager ones.
            whole: nobody looks on: two are enough.
        """
        if not self.steps.is_due(self._loop.parts):
            return eager()
        if not whole:
            return self._with_compiled_update(eager)
        return (("fetch", self._loop.fetch_first), ("update", lambda: self._update(eager, is_seen=False)))

    def _with_compiled_update(self, eager: Callable[[], Iterable[Act]]) -> Iterable[Act]:
        for name, act in eager():
            yield (name, act) if name != "update" else (name, lambda: self._update(eager, is_seen=True))

    def _update(self, eager: Callable[[], Iterable[Act]], *, is_seen: bool) -> None:
        loop = self._loop
        parts, batch = loop.parts, loop.batch
        pairs = batches_of(parts, loop.peek_micro())
        loop.put_back()
        if not parts.model.training:
            parts.model.train()
        lr = loop.set_rates()
        spreads = not loop.stop_on_nonfinite
        if parts.draws:
            with parts.random:
                made = self.steps.make(parts, pairs, spreads=spreads)
        else:
            made = self.steps.make(parts, pairs, spreads=spreads)
        if not spreads and not made.is_finite.item():
            # Nothing was moved. The eager phases find out where it came from, and raise at the gradients.
            loop.put_back()
            for _, act in eager():
                act()
            return
        if len(pairs) > 1:
            batch.inputs, batch.targets, *labels = (torch.cat(each) for each in zip(*pairs, strict=True))
            batch.labels = labels[0] if labels else batch.targets
        batch.outputs = made.outputs
        batch.loss, batch.data_loss, batch.grad_norm = made.loss, made.data_loss, made.grad_norm
        batch.penalty = made.penalty if parts.objective.has_penalty else None
        names = (f"loss.{former.name}" for former in parts.objective.former)
        batch.former = dict(zip(names, made.former, strict=True))
        batch.has_gradients = is_seen
        loop.commit(lr)
