"""One network in training, batch by batch and phase by phase, with changes, undo and state. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from tui_dl.engine.parts.foreign_parts import foreign_parts
from tui_dl.engine.parts.parts import build_parts
from tui_dl.engine.state import trainer_state
from tui_dl.engine.state.rate_trip import RateTrip
from tui_dl.engine.state.rehearsal import rehearsal_parts
from tui_dl.engine.state.restart import InitialValues, restarted_parts
from tui_dl.engine.state.step_line import StepLine
from tui_dl.engine.state.undo import UndoResult, UndoStack
from tui_dl.engine.swap.act import act
from tui_dl.engine.swap.best_weights import put_back
from tui_dl.engine.swap.prepare import prepare
from tui_dl.engine.training.batch_loop import BatchLoop
from tui_dl.engine.training.evaluation import evaluate
from tui_dl.engine.training.nonfinite import NonFinite
from tui_dl.engine.training.trainer_facts import TrainerFacts
from tui_dl.errors import ChangeRefused
from tui_dl.spec.change import revalidated
from tui_dl.spec.rate_search import rate_search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import torch
    from torch import Tensor, nn

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.swap.best_weights import KeptWeights
    from tui_dl.engine.training.batch import BatchResult
    from tui_dl.engine.training.compiled.whole_step import CompileNews
    from tui_dl.engine.training.epoch_evaluation import EpochEvaluation
    from tui_dl.engine.training.scalars import StepScalars
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.lecture import OptimizerState
    from tui_dl.spec.losses import AnyLoss
    from tui_dl.spec.rate_search import RateSearch
    from tui_dl.wire.messages import RateFound
    from tui_dl.wire.plans import Plan, Receipt


@final
class Trainer(TrainerFacts):
    """Trains an experiment's network.

    Args:
        experiment: all that determines the run.

    Raises:
        SpecError: if the experiment is not well formed.
        NotAvailable: if the device is not there, or the model can't fit in memory.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._start(build_parts(revalidated(experiment)))

    @classmethod
    def from_parts(
        cls,
        *,
        model: nn.Module,
        loss: Callable[[Any, Any], Tensor],
        optimizer: torch.optim.Optimizer,
        batches: Iterable[Any],
        validation: Iterable[Any] | None = None,
    ) -> Trainer:
        """Train anyone's module, on whatever device it is.

        Args:
            model: called with a batch's inputs. Its modes (train, eval) are left as they are.
            loss: called with outputs and targets; gives a tensor of one element.
            optimizer: steps the model's parameters.
            batches: gives pairs (inputs, targets); iterated anew each epoch.
            validation: gives pairs too, for `evaluate("validation")`.

        Raises:
            UsageError: if the parts don't fit together.
        """
        trainer = cls.__new__(cls)
        trainer._start(foreign_parts(model, loss, optimizer, batches, validation))
        return trainer

    def _start(self, parts: Parts) -> None:
        self._loop = BatchLoop(parts)
        self._undo = UndoStack()
        self._initial = InitialValues(parts) if parts.is_foreign else None

    @property
    def stop_on_nonfinite(self) -> bool:
        """Whether to raise `NonFinite` before an update that would spread NaN or infinity; False at first.

        Weights, optimizer and position are then as before the batch, and the same batch would come again.
        """
        return self._loop.stop_on_nonfinite

    @stop_on_nonfinite.setter
    def stop_on_nonfinite(self, stop: bool) -> None:
        self._loop.stop_on_nonfinite = stop

    def watch_compiling(self, tell: Callable[[CompileNews], None]) -> None:
        """Have somebody told when a step is being compiled: that takes seconds, inside `train_batch`."""
        self._loop.tell_compiling = tell

    def train_batch(self) -> BatchResult:
        """Train on the next batch, or finish the one that `phases` left half-way.

        Raises:
            NonFinite: see `stop_on_nonfinite`.
            UsageError: if somebody's own batches are used up or are not pairs.
        """
        return self._loop.run()

    def phases(self) -> Iterator[str]:
        """Yield the name of each phase of the next batch once it is complete.

        Whoever leaves it half-way goes on from there with the next call.
        """
        return self._loop.phases()

    def peek_batch(self) -> tuple[Any, Any]:
        """Exactly the inputs and targets that the next `train_batch` uses (of a half-done one, its own).

        With `training.accumulate` those of all its micro-batches, one behind the other.
        """
        return self._loop.peek()

    def rehearsal(self, *, further: bool = False) -> Trainer:
        """A trainer of copies that will make the very next batch, draws included; this one is not touched.

        With `further` it makes those after it too, but never of somebody's own batches.
        """
        copies = Trainer.__new__(Trainer)
        copies._start(rehearsal_parts(self._loop, further=further and not self._parts.is_foreign))
        copies._loop.step, copies._loop.samples_seen = self.step, self.samples_seen
        copies._loop.adopt(copies._parts)
        return copies

    def step_line(self) -> StepLine:
        """The loss along the very next update (or that of a half-done batch), on copies.

        Raises:
            UsageError: if somebody's own batches are used up.
        """
        return StepLine(self._loop)

    def drain_scalars(self) -> StepScalars:
        """All steps since the last call, consecutive, with one read of the device.

        After a change, an undo or a restart, the steps before it come first and what follows with the next
        call. Of steps that nobody drains, the last 131072 are kept.
        """
        return self._loop.recorder.drain()

    def find_rate(self, **settings: Any) -> RateFound:
        """Try growing rates from here, on copies: no weight, draw or batch of the run is touched.

        Args:
            settings: `lowest`, `highest`, `batches`, `smoothing` and `stop_factor`, as `RateSearch` has them.

        Raises:
            SpecError: if one of them does not say something possible.
            ChangeRefused: if somebody's own batches can't be looked ahead.
        """
        return self.rate_trip(rate_search(settings)).finish()

    def rate_trip(self, search: RateSearch) -> RateTrip:
        """The same, batch by batch in the caller's hands; raises as `find_rate` does."""
        return RateTrip(self._loop, search)

    def evaluate(
        self, split: str = "validation", progress: Callable[[int], None] | None = None
    ) -> dict[str, float]:
        """Metrics over a whole split in eval mode: loss (penalties included), the task's, and former losses.

        Args:
            split: `train`, `validation` or, where the data has one, `test`.
            progress: told now and then how many samples are done; what it raises ends the evaluation.

        Raises:
            UsageError: for a split that is not there.
        """
        return evaluate(self._parts, split, progress)

    @property
    def epoch_evaluation(self) -> EpochEvaluation | None:
        """What the schedule has evaluated at this very step, if an epoch ends here and it follows that."""
        made = self._loop.epoch_evaluation
        return made if made is not None and made.step == self.step else None

    # Changes

    def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        """What a change would do; the run is not touched.

        Args:
            change: dotted paths to values.
            state: what becomes of the optimizer's state: fresh, carry or calibrate; None carries within an
                optimizer's family and is fresh across.
            warmup_steps: updates over which the rate ramps up after it.

        Raises:
            ChangeRefused: if it can't work; says why and what would.
        """
        return prepare(self._parts, self.step, change, state, warmup_steps).plan

    def apply(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Receipt:
        """Make a change at a batch boundary; a half-done batch is finished first. Arguments as for `plan`.

        The receipt's segment is 0: segments are counted by whoever keeps the history.

        Raises:
            ChangeRefused: if it can't work; the run is exactly as before.
        """
        self._reach_boundary()
        loop = self._loop
        prepared = prepare(loop.parts, loop.step, change, state, warmup_steps)
        if not prepared.does_something:
            return prepared.receipt(loop.step)
        point = self._undo.point(loop, prepared.label)
        try:
            outcome = act(prepared, loop.parts, loop.step)
        except Exception as error:
            self._undo.restore(point, loop)
            if isinstance(error, ChangeRefused):
                raise
            raise ChangeRefused(f"the change failed, so nothing was changed: {error}") from error
        self._undo.push(point, prepared.single_field, outcome.parts)
        receipt = prepared.receipt(loop.step, outcome)
        if prepared.plan.restarts:
            self._begin_again()
        loop.adopt(outcome.parts)
        return receipt

    def undo(self) -> UndoResult:
        """Back to the newest undo point, exactly: what follows is as if the change had never been.

        Raises:
            ChangeRefused: if there is nothing to undo.
        """
        abandoned_step = self.step
        point = self._undo.pop()
        self._loop.abandon()
        self._undo.restore(point, self._loop)
        self._loop.batch.clear()
        return UndoResult(point.step, point.label, abandoned_step)

    def put_back(self, kept: KeptWeights) -> Receipt:
        """Kept weights come back, at a batch boundary; can be undone. Refused if of another network."""
        self._reach_boundary()
        return put_back(kept, self._loop, self._undo)

    @property
    def undo_depth(self) -> int:
        """How many changes can be undone."""
        return self._undo.depth

    @property
    def undo_label(self) -> str:
        """What the next undo would take back; empty if nothing."""
        return self._undo.label

    @property
    def loss_before(self) -> AnyLoss | None:
        """The loss before the newest swap of it that can be undone; None if there is none."""
        present = None if self.experiment is None else self.experiment.loss
        return next((each.loss for each in self._undo.experiments if each.loss != present), None)

    @property
    def coalesce_within_s(self) -> float:
        """Changes of one field within this time make one undo point; with no batch between they always do."""
        return self._undo.coalesce_within_s

    @coalesce_within_s.setter
    def coalesce_within_s(self, seconds: float) -> None:
        self._undo.coalesce_within_s = seconds

    def restart(self, seed: int | None = None) -> None:
        """Begin again at step 0 with what is set now, from the same initial weights or from another seed's.

        Can be undone.

        Raises:
            ChangeRefused: if somebody's own parts are to begin with another seed.
        """
        self._loop.abandon()
        point = self._undo.point(self._loop, "restart" if seed is None else f"restart with seed {seed}")
        parts = restarted_parts(self._parts, self._initial, seed)
        self._undo.push(point, "", parts)
        self._begin_again()
        self._loop.adopt(parts)

    def extend(self, epochs: int) -> None:
        """Plan this many more epochs; a schedule that spans the run stretches. Is no undo point.

        Raises:
            ChangeRefused: if the number is no positive whole one.
        """
        trainer_state.extend(self._parts, self.step, epochs)

    def _begin_again(self) -> None:
        self._loop.step = self._loop.samples_seen = 0
        self._loop.batch.clear()

    def _reach_boundary(self) -> None:
        try:
            self._loop.finish()
        except NonFinite:
            # The batch was abandoned: that is a boundary too, and a change may be what mends it.
            return

    # State

    def state_dict(self) -> dict[str, Any]:
        """Everything that the run goes on from, as plain tensors and numbers of its own.

        Inside a batch it is the state at the batch's beginning.
        """
        return trainer_state.save(self._loop)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state, bit for bit. Undo points are forgotten.

        Raises:
            UsageError: if it is not a trainer's state, or not one of these parts.
        """
        self._loop.abandon()
        loaded = trainer_state.load(self._parts, state)
        self._loop.step, self._loop.samples_seen = loaded.step, loaded.samples_seen
        self._loop.batch.clear()
        self._undo.clear()
        self._loop.adopt(loaded.parts)
