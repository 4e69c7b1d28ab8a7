"""All gradients of a model as views into one flat buffer: zeroed by one call, measured by one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn


@final
class GradientBuffer:
    """Owns the `.grad` of each trainable parameter.

    autograd adds into a gradient that is there already, in place, so views stay views. Where somebody sets a
    gradient to None or to another tensor (an optimizer's zero_grad does), the view is put back in time.

    Args:
        parameters: each once; those that share type and device share a flat buffer.
        skip_unused: in the update leave parameters that the loss doesn't reach without a gradient, as a plain
            loop with `zero_grad(set_to_none=True)` does; otherwise their gradient is zero.

    Attributes:
        parameters: what was given.
        views: the gradient of each, in the same order.
        flats: the buffers; one unless types or devices differ.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], *, skip_unused: bool = False) -> None:
        self.parameters = tuple(parameters)
        self._skip_unused = skip_unused
        kinds: dict[tuple[torch.dtype, torch.device], int] = {}
        for parameter in self.parameters:
            kind = (parameter.dtype, parameter.device)
            kinds[kind] = kinds.get(kind, 0) + parameter.numel()
        buffers = {kind: torch.zeros(count, dtype=kind[0], device=kind[1]) for kind, count in kinds.items()}
        self.flats = tuple(buffers.values())
        places = dict.fromkeys(kinds, 0)
        views = []
        for parameter in self.parameters:
            kind = (parameter.dtype, parameter.device)
            part = buffers[kind].narrow(0, places[kind], parameter.numel()).view(parameter.shape)
            places[kind] += parameter.numel()
            # .data: a version counter of its own tells whether autograd wrote into this one.
            views.append(part.data)
        self.views = tuple(views)
        self._pairs = tuple(zip(self.parameters, self.views, strict=True))
        self._versions = [view._version for view in views]
        self.attach()

    @property
    def flat(self) -> Tensor:
        """All gradients in one dimension: the buffer itself, or a copy if there are several."""
        return self.flats[0] if len(self.flats) == 1 else torch.cat([flat.double() for flat in self.flats])

    def attach(self) -> None:
        """Make every parameter's gradient its view."""
        for parameter, view in self._pairs:
            if parameter.grad is not view:
                parameter.grad = view

    def zero(self) -> None:
        """Set all gradients to zero."""
        for flat in self.flats:
            flat.zero_()
        self.attach()
        if self._skip_unused:
            self._versions = [view._version for view in self.views]

    def copies(self) -> list[Tensor]:
        """The buffers' values, in tensors of their own."""
        return [flat.clone() for flat in self.flats]

    def fill(self, values: Sequence[Tensor]) -> None:
        """Put values back that `copies` gave."""
        for flat, value in zip(self.flats, values, strict=True):
            flat.copy_(value)
        self.attach()

    def gather(self) -> None:
        """After backward: take in gradients that are not views, and let go of those that were not reached."""
        for parameter, view in self._pairs:
            gradient = parameter.grad
            if gradient is not view:
                if gradient is None:
                    view.zero_()
                else:
                    view.copy_(gradient)
                parameter.grad = view
        if self._skip_unused:
            for (parameter, view), version in zip(self._pairs, self._versions, strict=True):
                if view._version == version:
                    parameter.grad = None

    def clamp(self, largest: float) -> None:
        """Cut each number to [-largest, largest], as torch.nn.utils.clip_grad_value_ does."""
        for flat in self.flats:
            flat.clamp_(-largest, largest)

    def norm(self) -> Tensor:
        """The L2 norm of all gradients, 0-dim on their device."""
        if len(self.flats) == 1:
            norm: Tensor = torch.linalg.vector_norm(self.flats[0])
            return norm
        norms = [torch.linalg.vector_norm(flat).double().to(self.flats[0].device) for flat in self.flats]
        total: Tensor = torch.linalg.vector_norm(torch.stack(norms))
        return total
