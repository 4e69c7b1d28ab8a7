"""The one training loop: a batch as a generator of phases, whether it is run, stepped or micro-stepped."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, Final, final

import torch

from tui_dl.components.optimizers.lbfgs import needs_closure
from tui_dl.components.tasks import task_of_batch
from tui_dl.engine.parts.fades import settle
from tui_dl.engine.training.accumulation import accumulating_acts, joined
from tui_dl.engine.training.alterations import batch_alterations, next_batch, training_pass
from tui_dl.engine.training.batch import Batch, BatchResult
from tui_dl.engine.training.closure_update import ClosureUpdate
from tui_dl.engine.training.compiled.beginning import compiled_stepping
from tui_dl.engine.training.epoch_evaluation import EpochEvaluation, follow_evaluation
from tui_dl.engine.training.fused_update import FusedUpdate
from tui_dl.engine.training.nonfinite import find_nonfinite
from tui_dl.engine.training.plane import Path
from tui_dl.engine.training.probe_batch import first_samples
from tui_dl.engine.training.scalars import ScalarRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import Tensor

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.accumulation import Act
    from tui_dl.engine.training.compiled.stepping import CompiledStepping
    from tui_dl.engine.training.compiled.whole_step import CompileNews

PHASES: Final = ("fetch", "forward", "loss", "zero_grad", "backward", "clip", "update")


@final
class BatchLoop:
    """Makes batches out of parts. Nothing that lasts is altered before the last phase.

    Attributes:
        parts: what is trained.
        step: updates made.
        samples_seen: samples used in all of them.
        batch: what the present batch has come to.
        recorder: the numbers of each step.
        stop_on_nonfinite: raise `NonFinite` before an update that would spread NaN or infinity.
        compiled: what makes batches by a compiled step; None until that was asked for.
        tell_compiling: told when a step is being compiled, and when it is done or has failed.
        before: random state and buffers at the beginning of a half-done batch, where it can alter them.
        sums: the gradients at the beginning of a half-done batch, where they are not reset.
        epoch_evaluation: the last epoch's end; None unless the schedule follows it.
    """

    def __init__(self, parts: Parts) -> None:
        self.step = 0
        self.samples_seen = 0
        self.batch = Batch()
        self.recorder = ScalarRecorder()
        self.stop_on_nonfinite = False
        self.before: tuple[tuple[Tensor, ...], list[Tensor]] | None = None
        self.sums: list[Tensor] | None = None
        self.epoch_evaluation: EpochEvaluation | None = None
        self._result: BatchResult | None = None
        self._pending: Iterator[str] | None = None
        self.compiled: CompiledStepping | None = None
        self.tell_compiling: Callable[[CompileNews], None] | None = None
        self._acts: tuple[tuple[str, Callable[[], None]], ...] = tuple(
            (phase, getattr(self, f"_{phase}")) for phase in PHASES
        )
        self.adopt(parts)

    def adopt(self, parts: Parts) -> None:
        """Go on with these parts; to be called whenever one was replaced or its settings changed."""
        self.parts = parts
        self.epoch_evaluation = None
        settle(parts, self.step)
        self._buffers = list(parts.model.buffers())
        self._resets = parts.experiment.training.zero_grad
        self._fused = FusedUpdate(parts.optimizer)
        self._evaluating = ClosureUpdate(self) if needs_closure(parts.optimizer) else None
        self._columns: tuple[str, ...] = ()
        self._path = Path(parts.model)
        self._alterations = batch_alterations(parts)
        self._model = training_pass(parts)
        alters_loss = parts.objective.is_smoothed or (
            self._alterations is not None and self._alterations.mixes_classes
        )
        # A loss on softened targets is not the metric of the same name.
        self._loss_name = "" if alters_loss else parts.objective.loss_name
        self._compiles = not parts.is_foreign and parts.experiment.training.compile == "on"
        if self._compiles and self.compiled is None:
            self.compiled = compiled_stepping(self)
        if self.compiled is not None:
            self.compiled.steps.forget()
        self.recorder.end_block()

    def run(self) -> BatchResult:
        """Make the next batch, or finish the one that is half done."""
        for _ in self._pending or self._begin(whole=True):
            pass
        assert self._result is not None
        return self._result

    def phases(self) -> Iterator[str]:
        """Yield each phase once it is complete; left half-way, the next call goes on from there."""
        phases = self._pending or self._begin(whole=False)
        while (phase := next(phases, None)) is not None:
            yield phase

    @property
    def is_half_done(self) -> bool:
        """Whether a batch was begun and not finished."""
        return self._pending is not None

    def finish(self) -> None:
        """Come to a batch boundary; the batch that is half done is made."""
        if self._pending is not None:
            self.run()

    def abandon(self) -> None:
        """Forget a half-done batch, its draws and running statistics too: the same comes again."""
        self._pending = None
        self.parts.precision.abandon()
        self.put_back()
        self.before = None

    def put_back(self) -> None:
        """Let draws and running statistics be as they were when the batch began."""
        if self.before is not None:
            state, buffers = self.before
            self.parts.random.state = state
            with torch.no_grad():
                for buffer, value in zip(self._buffers, buffers, strict=True):
                    buffer.copy_(value)
        if self.sums is not None:
            self.parts.gradients.fill(self.sums)
            self.sums = None

    def peek(self) -> tuple[Any, Any]:
        """Inputs and targets of the half-done or else of the next batch; micro-batches all together."""
        inputs, targets = zip(*self.peek_micro(), strict=True)
        return joined(inputs), joined(targets)

    def peek_micro(self) -> list[tuple[Any, Any]]:
        """The same, each micro-batch by itself; mostly there is one."""
        batches = self.parts.batches
        if batches.micro_batches > 1:
            return [next_batch(self.parts, index) for index in range(batches.micro_batches)]
        if self._pending is not None and self.batch.inputs is not None:
            return [(self.batch.inputs, self.batch.targets)]
        return [next_batch(self.parts)]

    def raw_micro(self) -> list[tuple[Any, Any]]:
        """The micro-batches of the next update as they are fetched, before anything is altered."""
        batches = self.parts.batches
        return [batches.fetch_micro(index) for index in range(batches.micro_batches)]

    def _begin(self, *, whole: bool) -> Iterator[str]:
        self._pending = phases = self._all_phases(whole)
        return phases

    def _eager_acts(self) -> Iterable[Act]:
        count = self.parts.batches.micro_batches
        return self._acts if count == 1 else accumulating_acts(self, dict(self._acts))

    def _all_phases(self, whole: bool) -> Iterator[str]:
        try:
            self._path.begin()
            acts = self._eager_acts()
            if self._compiles:
                assert self.compiled is not None
                acts = self.compiled.acts(self._eager_acts, whole=whole)
            for phase, make in acts:
                make()
                yield phase
        except Exception:
            self.abandon()
            raise

    def fetch_first(self) -> None:
        """Take the next batch, or the first of the next update's micro-batches."""
        self.fetch_micro(0, self.parts.batches.micro_batches)

    def _fetch(self) -> None:
        self.fetch_micro(0, 1)

    def fetch_micro(self, index: int, count: int) -> None:
        """Take one of the micro-batches that the next update takes together."""
        parts = self.parts
        self.batch.clear()
        batch = self.batch
        batch.micro = (index + 1, count)
        batch.inputs, batch.targets = parts.batches.fetch_micro(index)
        batch.labels = batch.targets
        if self._alterations is not None:
            self._alter(index)
        if parts.draws and index == 0:
            self.before = (parts.random.state, [buffer.clone() for buffer in self._buffers])

    def _alter(self, micro: int) -> None:
        """Metrics go by the classes that the samples have, whatever their targets were made of."""
        alterations, batch = self._alterations, self.batch
        assert alterations is not None
        batch.inputs, batch.targets = alterations.apply(
            batch.inputs, batch.targets, self.parts.batches, micro
        )
        batch.altered_by = tuple(name for name, _ in alterations.transforms)
        if not alterations.mixes_classes:
            batch.labels = batch.targets

    def _forward(self) -> None:
        parts = self.parts
        if not parts.is_foreign and not parts.model.training:
            parts.model.train()
        if parts.draws:
            with parts.random:
                self.batch.outputs = self._model(self.batch.inputs)
        else:
            self.batch.outputs = self._model(self.batch.inputs)

    def _loss(self) -> None:
        parts = self.parts
        objective = parts.objective
        batch = self.batch
        batch.data_loss = batch.loss = objective.training_loss(batch.outputs, batch.targets)
        if objective.has_penalty:
            batch.penalty = objective.penalty()
            assert batch.penalty is not None
            batch.loss = batch.data_loss + batch.penalty
        if not self._columns:
            self._begin_columns()
        if objective.former:
            with torch.no_grad():
                for former in objective.former:
                    batch.former[f"loss.{former.name}"] = former.function(batch.outputs, batch.labels)

    def _begin_columns(self) -> None:
        """Decide what steps report from here on; the first batch of somebody's own shows its task."""
        parts = self.parts
        batch = self.batch
        if parts.task is None:
            parts.task = task_of_batch(batch.outputs, batch.targets)
        if parts.probe is None:
            parts.probe = first_samples(batch.inputs, batch.targets)
        has_penalty = parts.objective.has_penalty
        self._columns = (
            *(("loss", "data_loss", "penalty") if has_penalty else ("loss",)),
            "grad_norm",
            *(f"loss.{former.name}" for former in parts.objective.former),
            *parts.precision.columns,
            *self._path.columns,
        )
        self.recorder.begin_block(self._columns, parts.task, has_penalty=has_penalty)

    def _zero_grad(self) -> None:
        if self._resets:
            self.parts.gradients.zero()
        else:
            self.sums = self.parts.gradients.copies()

    def _backward(self) -> None:
        self.pull(1)

    def pull(self, micro_batches: int) -> None:
        """Add the gradient of the loss's part in a mean over so many micro-batches."""
        loss = self.batch.loss
        assert loss is not None
        if micro_batches > 1:
            loss = loss / micro_batches
        loss = self.parts.precision.scaled(loss)
        if self.parts.draws:
            with self.parts.random:
                loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        else:
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own

    def _clip(self) -> None:
        parts = self.parts
        batch = self.batch
        parts.gradients.gather()
        if parts.precision.scales:
            parts.precision.unscale(parts.optimizer)
        limit = parts.objective.clip
        if limit is None:
            batch.grad_norm = parts.gradients.norm()
        else:
            # torch's own: its norm of norms differs from the flat one in the last bit.
            batch.grad_norm = torch.nn.utils.clip_grad_norm_(parts.parameters, limit)
        if parts.objective.clip_value is not None:
            parts.gradients.clamp(parts.objective.clip_value)
        if self.stop_on_nonfinite:
            assert batch.loss is not None
            is_finite = math.isfinite(batch.grad_norm.item()) or parts.precision.scale > 1.0
            if not is_finite or not math.isfinite(batch.loss.item()):
                raise find_nonfinite(parts, batch)

    def set_rates(self) -> float:
        """Write the rates of the next update into the optimizer; returns the first group's."""
        parts = self.parts
        rates = parts.rates
        groups = parts.optimizer.param_groups
        if not rates.is_constant:
            factor = rates.factor(self.step)
            for group, base in zip(groups, rates.bases, strict=True):
                group["lr"] = base * factor
        elif not parts.is_foreign:
            for group, base in zip(groups, rates.bases, strict=True):
                group["lr"] = base
        return float(groups[0]["lr"])

    def _update(self) -> None:
        parts = self.parts
        lr = self.set_rates()
        if parts.precision.scales:
            scale = parts.precision.scale
            is_made = parts.precision.step(lambda: self._move(lr))
            self.batch.scaling = (scale, not is_made)
        else:
            self._move(lr)
        self.commit(lr)

    def _move(self, lr: float) -> None:
        """Move the weights by their gradients."""
        parts = self.parts
        if parts.objective.decay:
            parts.objective.decay_weights(lr)
        if self._evaluating is not None:
            self._evaluating.step()
        elif parts.is_foreign:
            with parts.random:
                parts.optimizer.step()
        else:
            self._fused.step()
        if parts.objective.constrains:
            parts.objective.constrain(lr)

    def evaluate_again(self) -> Batch:
        """This batch at the weights as they are now, gradients in place; what it has come to stays."""
        kept, trial = self.batch, copy.copy(self.batch)
        trial.former = {}
        self.batch = trial
        try:
            self._forward()
            self._loss()
            self._zero_grad()
            self._backward()
            self.parts.gradients.gather()
        finally:
            self.batch = kept
        return trial

    def commit(self, lr: float) -> None:
        """The batch is done: count it and leave its numbers for whoever asks."""
        batch = self.batch
        parts = self.parts
        batches = parts.batches
        if not self._columns:
            self._begin_columns()
        self._pending = self.before = self.sums = None
        epoch = batches.epoch
        self.step = step = self.step + 1
        self.samples_seen += batches.advance()
        if parts.fades:
            settle(parts, step)
            self._buffers = list(parts.model.buffers())
        assert batch.loss is not None
        assert batch.data_loss is not None
        assert batch.grad_norm is not None
        assert parts.task is not None
        batch.lr = lr
        loss = data_loss = batch.loss.detach()
        tensors: tuple[Tensor, ...] = (loss, batch.grad_norm, *batch.former.values())
        if batch.penalty is not None:
            data_loss = batch.data_loss.detach()
            tensors = (loss, data_loss, batch.penalty.detach(), *tensors[1:])
        if batch.scaling is not None:
            tensors += tuple(torch.tensor(batch.scaling, dtype=torch.float32, device=loss.device))
        tensors += self._path.values()
        outputs = batch.outputs.detach() if isinstance(batch.outputs, torch.Tensor) else batch.outputs
        made = (outputs, batch.labels, data_loss, self._loss_name)
        self.recorder.add(step, tensors, (lr, epoch, self.samples_seen), made)
        self._result = BatchResult(step, lr, (loss, batch.grad_norm), (parts.task, made, batch.former))
        if batches.epoch != epoch and parts.rates.follows_evaluations:
            self.epoch_evaluation = follow_evaluation(parts, step)
