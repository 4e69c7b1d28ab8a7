"""Activations that give way to others step by step: how far each has come is a function of the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, final

import msgspec

from tui_dl.components.activations import build_activation
from tui_dl.spec.activations import AnyActivation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import nn

    from tui_dl.components.models import Stack
    from tui_dl.engine.parts.parts import Parts


@final
@dataclass(frozen=True)
class Fade:
    """An activation at a place that another replaces over some steps.

    Attributes:
        place: which of the model's places.
        begun_at: updates made when it began.
        steps: updates that it takes.
        old: what fades.
    """

    place: int
    begun_at: int
    steps: int
    old: AnyActivation

    def share(self, step: int) -> float:
        """α, the new one's share in the batch after so many updates: 0 at first, 1 from the end on."""
        return min(max((step - self.begun_at) / self.steps, 0.0), 1.0)


def settle(parts: Parts, step: int) -> None:
    """Give each place that fades its share at this step; what has come to its end is taken out."""
    if parts.is_foreign:
        return
    model = cast("Stack", parts.model)
    shares = {fade.place: fade.share(step) for fade in parts.fades}
    parts.fades = tuple(fade for fade in parts.fades if shares[fade.place] < 1.0)
    going_on = {place: share for place, share in shares.items() if share < 1.0}
    if going_on or model.shares:
        model.set_shares(going_on)


def begin(parts: Parts, fades: Iterable[tuple[Fade, nn.Module]]) -> None:
    """Let activations fade from now on; one that was fading at the same place is gone."""
    model = cast("Stack", parts.model)
    for fade, module in fades:
        model.set_fading(module, fade.place)
        parts.fades = (*(one for one in parts.fades if one.place != fade.place), fade)


def to_plain(fades: Iterable[Fade]) -> list[dict[str, Any]]:
    """As a checkpoint holds them."""
    return [
        {
            "place": fade.place,
            "begun_at": fade.begun_at,
            "steps": fade.steps,
            "old": msgspec.to_builtins(fade.old),
        }
        for fade in fades
    ]


def put_back(parts: Parts, plain: Iterable[Mapping[str, Any]]) -> None:
    """Set up what a checkpoint holds of them; learnt slopes are filled in with the model's values."""
    model = cast("Stack", parts.model)
    fades = [
        Fade(
            int(each["place"]),
            int(each["begun_at"]),
            int(each["steps"]),
            msgspec.convert(each["old"], AnyActivation),
        )
        for each in plain
    ]
    begin(parts, [(fade, build_activation(fade.old, model.units(fade.place))) for fade in fades])
