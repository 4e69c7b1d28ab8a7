"""What a plan says of a new loss: its head, and former losses that end with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_dl.components.optimizers import slots
from tui_dl.engine.swap.head_state import head_state_is_kept

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.swap.head import HeadChange
    from tui_dl.engine.swap.transfer import Transfer


def loss_warnings(head: HeadChange | None, dropped: tuple[str, ...]) -> list[str]:
    """Sentences on what a new loss makes of the head, and on former losses that are recorded no longer."""
    said = [] if head is None else [head.words]
    if dropped:
        said.append(
            f"{' and '.join(dropped)} can't be told from what the model puts out under the new loss: it is "
            "recorded no longer."
        )
    return said


def head_lists(
    parts: Parts,
    head: HeadChange,
    transfer: Transfer | None,
    converted: tuple[str, ...],
    reset: tuple[str, ...],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The plan's converted and reset with the head's tensors, and with the optimizer's state of them.

    That is named where the optimizer's state goes on: a state that begins fresh, or is measured, does so for
    the head as for the rest.
    """
    module = parts.model.get_submodule(head.module)
    has_state = any(parts.optimizer.state.get(each) for each in module.parameters())
    names: tuple[str, ...] = ()
    if has_state and (transfer is None or transfer.mode == "carry"):
        names = tuple(
            f"head.optimizer.{name}" for name in slots(parts.experiment.optimizer) if name != "step"
        )
    if head_state_is_kept(parts, head):
        return ("head", *converted, *names), reset
    return ("head", *converted), (*reset, *names)
