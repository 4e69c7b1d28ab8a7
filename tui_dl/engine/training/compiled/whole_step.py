"""The compiled step of a run: made when first needed, checked against the eager one, kept while it fits."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, final

import torch
from torch import Tensor

from tui_dl.engine.training.alterations import noise_ahead
from tui_dl.engine.training.compiled.checking import copies_of, require_alike
from tui_dl.engine.training.compiled.compiler import inductor, reason
from tui_dl.engine.training.compiled.inputs import StepInputs, batches_ahead, moved_tensors
from tui_dl.engine.training.compiled.support import NotCompilable, refuse_uncompilable, signature, tolerance
from tui_dl.engine.training.compiled.trace import trace_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.fx import GraphModule

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.compiled.compiler import Backend, Compiled
    from tui_dl.engine.training.compiled.inputs import Batch

KEPT: Final = 4


@final
@dataclass(frozen=True)
class CompileNews:
    """What is told of compiling: it takes seconds, in which nothing else happens.

    Attributes:
        kind: began, done or failed.
        words: why it failed; or how long it took.
    """

    kind: Literal["began", "done", "failed"]
    words: str = ""


@final
@dataclass(frozen=True)
class Made:
    """What a compiled step gave; tensors are on the device.

    Attributes:
        loss: of the batch, 0-dim; data_loss, penalty and grad_norm too.
        is_finite: 0-dim bool; where it is false and nothing was to spread, nothing was moved.
        former: former losses, in the objective's order.
        outputs: of all samples.
    """

    loss: Tensor
    data_loss: Tensor
    grad_norm: Tensor
    penalty: Tensor
    is_finite: Tensor
    former: tuple[Tensor, ...]
    outputs: Tensor


@final
class WholeSteps:
    """The compiled steps of one run, the newest few: an undo comes back to one that is there.

    Args:
        make_eagerly: makes the next update of parts without any compiled step.
        backend: makes a traced step into a function.
    """

    def __init__(self, make_eagerly: Callable[[Parts], None], backend: Backend = inductor) -> None:
        self._make_eagerly = make_eagerly
        self.backend = backend
        self.tell: Callable[[CompileNews], None] = _nobody
        self._compiled: dict[tuple[object, ...], Compiled | None] = {}
        self._present: Compiled | None = None
        self._moved: tuple[Tensor, ...] = ()
        self._is_gathered = False
        self._numbers: dict[tuple[int, str], Any] = {}
        self._rates: tuple[Tensor, ...] = ()
        self._spreads = torch.zeros((), dtype=torch.bool)
        self._said = ""

    def forget(self) -> None:
        """Other parts are trained, or other settings: what was gathered of them is void."""
        self._present, self._moved, self._is_gathered = None, (), False

    def take_over(self, other: WholeSteps) -> None:
        """Use what another run has compiled, where it fits."""
        self._compiled.update(other._compiled)

    @property
    def is_present(self) -> bool:
        """Whether there is a compiled step of what is trained now."""
        return self._present is not None

    def is_due(self, parts: Parts) -> bool:
        """Whether the next update is made by a compiled step; compiles it if it is not there yet.

        The first update of an optimizer makes its state and is eager, and so is an epoch's last one where it
        has fewer samples: each shape would have to be compiled for itself. Both are functions of the position
        alone, so that a run gives the same bits however it is driven.
        """
        if not parts.batches.is_whole or not _has_state(parts) or parts.fades:
            # What gives way to another activation has a share that changes from step to step.
            return False
        if not self._is_gathered:
            self._gather(parts)
        elif self._present is not None and _numbers(parts) != self._numbers:
            self._give_up("the optimizer's numbers change from step to step")
        return self._present is not None

    def make(self, parts: Parts, batches: tuple[Batch, ...], *, spreads: bool) -> Made:
        """Make the update at the rates that the optimizer has. Draws come from the generators in place."""
        assert self._present is not None
        for rate, group in zip(self._rates, parts.optimizer.param_groups, strict=True):
            rate.fill_(group["lr"])
        self._spreads.fill_(spreads)
        inputs = StepInputs(self._moved, self._rates, self._spreads, batches, noise_ahead(parts))
        return _made(_called(self._present, inputs), len(parts.objective.former))

    def _give_up(self, words: str) -> None:
        """A number that is traced is what it was then for ever."""
        self._present, self._moved = None, ()
        self.tell(CompileNews("failed", words))

    def _gather(self, parts: Parts) -> None:
        self._is_gathered = True
        self._numbers = _numbers(parts)
        key = (signature(parts), tuple(self._numbers.items()))
        self._rates = _zero_rates(parts)
        self._spreads = torch.zeros((), dtype=torch.bool, device=parts.device)
        if key not in self._compiled:
            self._compiled[key] = self._compile(parts)
            while len(self._compiled) > KEPT:
                del self._compiled[next(iter(self._compiled))]
        self._present = self._compiled[key]
        self._moved = moved_tensors(parts) if self._present is not None else ()

    def _compile(self, parts: Parts) -> Compiled | None:
        begun = time.perf_counter()
        self.tell(CompileNews("began"))
        try:
            refuse_uncompilable(parts)
            with warnings.catch_warnings():
                # What a compiler finds worth a remark is none of the user's code.
                warnings.simplefilter("ignore")
                compiled = _compiled_and_checked(parts, self.backend, self._make_eagerly)
        except Exception as error:  # noqa: BLE001 - whatever a compiler may raise, the run goes on without it
            words = str(error) if isinstance(error, NotCompilable) else reason(error)
            self.tell(CompileNews("failed", words if words != self._said else ""))
            self._said = words
            return None
        self.tell(CompileNews("done", f"the step was compiled in {time.perf_counter() - begun:.1f} s"))
        self._said = ""
        return compiled


def _nobody(_news: CompileNews) -> None:
    """Nobody is told."""


def _numbers(parts: Parts) -> dict[tuple[int, str], Any]:
    return {
        (index, name): value
        for index, group in enumerate(parts.optimizer.param_groups)
        for name, value in group.items()
        if name not in ("params", "lr", "initial_lr")
    }


def _zero_rates(parts: Parts) -> tuple[Tensor, ...]:
    return tuple(torch.zeros((), device=parts.device) for _ in parts.optimizer.param_groups)


def _has_state(parts: Parts) -> bool:
    """Whether the optimizer's state is there, as its first update makes it."""
    optimizer = parts.optimizer
    if isinstance(optimizer, torch.optim.SGD) and optimizer.param_groups[0]["momentum"] == 0:
        return True
    return len(optimizer.state) == len(parts.parameters)


def _called(compiled: Compiled, inputs: StepInputs) -> tuple[Tensor, ...]:
    with torch.no_grad():
        return compiled(*inputs.flat)


def _made(values: tuple[Tensor, ...], former: int) -> Made:
    loss, data_loss, grad_norm, penalty, is_finite, *others = values
    outputs = others[former:]
    whole = outputs[0] if len(outputs) == 1 else torch.cat(outputs)
    return Made(loss, data_loss, grad_norm, penalty, is_finite, tuple(others[:former]), whole)


def _compiled_and_checked(parts: Parts, backend: Backend, make_eagerly: Callable[[Parts], None]) -> Compiled:
    """Trace and compile, then make two updates on copies, eager and compiled, at different rates.

    Raises:
        NotCompilable: if they differ by more than the tolerance.
    """
    batches = tuple(parts.batches.fetch_micro(index) for index in range(parts.batches.micro_batches))
    try:
        graph, inputs = _traced(parts, batches, at_unit_rate=False)
    except RuntimeError:
        # It takes its rate as a number: then all that it moves must be proportional to it, which is checked.
        graph, inputs = _traced(parts, batches, at_unit_rate=True)
    with torch.no_grad():
        compiled = backend(graph, inputs.flat)
    require_alike(parts, compiled, batches, make_eagerly, tolerance(parts))
    return compiled


def _traced(
    parts: Parts, batches: Sequence[tuple[Any, Any]], *, at_unit_rate: bool
) -> tuple[GraphModule, StepInputs]:
    copies = copies_of(parts, batches)
    spreads = torch.zeros((), dtype=torch.bool, device=parts.device)
    ahead, noise = batches_ahead(copies), noise_ahead(copies)
    with copies.random:
        inputs = StepInputs(moved_tensors(copies), _zero_rates(parts), spreads, ahead, noise)
        return trace_step(copies, inputs, at_unit_rate=at_unit_rate), inputs
