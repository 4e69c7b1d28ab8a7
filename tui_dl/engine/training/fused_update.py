"""Updates by a fused optimizer's kernel alone, without what torch looks up around it at every step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch import Tensor
from torch.optim import optimizer as torch_optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@final
class FusedUpdate:
    """Does what `optimizer.step()` does, to the same tensors and bit for bit.

    torch gathers parameters, gradients and state into lists at every step, groups them by device and type and
    looks for hooks: on a small network that takes three times as long as the kernel. Here the lists are made
    once. What is out of the ordinary goes through torch's own step: the first update, which makes the state,
    a missing gradient, hooks, other classes, several groups.

    Args:
        optimizer: whose parameters are updated.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._kernel: _Kernel | None = None
        self._is_suited = _is_suited(optimizer)

    def step(self) -> None:
        """Update every parameter from its gradient."""
        kernel = self._kernel
        if kernel is not None and kernel.holds(self._optimizer):
            gradients = [parameter.grad for parameter in kernel.parameters]
            if all(gradient is not None for gradient in gradients):
                with torch.no_grad():
                    kernel.update(gradients)
                return
        self._optimizer.step()
        self._kernel = _kernel(self._optimizer) if self._is_suited else None


class _Kernel(ABC):
    """The lists that a kernel takes; numbers are read from the group each time, as they may be edited."""

    def __init__(self, optimizer: torch.optim.Optimizer, columns: Sequence[str]) -> None:
        self.group = optimizer.param_groups[0]
        self.parameters: list[Tensor] = list(self.group["params"])
        self._state: Mapping[Any, dict[str, Any]] = optimizer.state
        self._names = tuple(columns)
        states = [self._state[parameter] for parameter in self.parameters]
        self._columns: list[list[Tensor]] = [[state[name] for state in states] for name in columns]

    def holds(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether the lists are still those that torch would gather."""
        if optimizer.state is not self._state or _has_hooks(optimizer) or _columns(optimizer) != self._names:
            return False
        first = self._state[self.parameters[0]]
        return all(
            first.get(name) is column[0] for name, column in zip(self._names, self._columns, strict=True)
        )

    @abstractmethod
    def update(self, gradients: list[Any]) -> None:
        """Update all parameters."""


@final
class _Adam(_Kernel):
    def update(self, gradients: list[Any]) -> None:
        group = self.group
        first, second, steps, *largest = self._columns
        beta1, beta2 = group["betas"]
        torch._foreach_add_(steps, 1)
        kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
        kernel(
            self.parameters,
            gradients,
            first,
            second,
            largest[0] if largest else [],
            steps,
            amsgrad=group["amsgrad"],
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=group["maximize"],
        )


@final
class _Sgd(_Kernel):
    def update(self, gradients: list[Any]) -> None:
        group = self.group
        torch._fused_sgd_(
            self.parameters,
            gradients,
            self._columns[0] if self._columns else [],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
            is_first_step=False,
        )


@final
class _Adagrad(_Kernel):
    def update(self, gradients: list[Any]) -> None:
        group = self.group
        sums, steps = self._columns
        torch._foreach_add_(steps, 1)
        torch._fused_adagrad_(
            self.parameters,
            gradients,
            sums,
            steps,
            lr=group["lr"],
            lr_decay=group["lr_decay"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=group["maximize"],
        )


_KERNELS: Final[dict[type[torch.optim.Optimizer], type[_Kernel]]] = {
    torch.optim.SGD: _Sgd,
    torch.optim.Adam: _Adam,
    torch.optim.AdamW: _Adam,
    torch.optim.Adagrad: _Adagrad,
}


def _is_suited(optimizer: torch.optim.Optimizer) -> bool:
    if type(optimizer) not in _KERNELS or len(optimizer.param_groups) != 1:
        return False
    group = optimizer.param_groups[0]
    if not group.get("fused") or group.get("differentiable") or isinstance(group["lr"], Tensor):
        return False
    # A kernel takes tensors of one device and type.
    return len({(parameter.device, parameter.dtype) for parameter in group["params"]}) == 1


def _kernel(optimizer: torch.optim.Optimizer) -> _Kernel | None:
    """The kernel with its lists, or None where state is missing."""
    columns = _columns(optimizer)
    for parameter in optimizer.param_groups[0]["params"]:
        state = optimizer.state.get(parameter, {})
        if not all(isinstance(state.get(name), Tensor) for name in columns):
            return None
    return _KERNELS[type(optimizer)](optimizer, columns)


def _columns(optimizer: torch.optim.Optimizer) -> tuple[str, ...]:
    """What the kernel takes of each parameter's state, in this order."""
    group = optimizer.param_groups[0]
    if isinstance(optimizer, torch.optim.SGD):
        return ("momentum_buffer",) if group["momentum"] != 0 else ()
    if isinstance(optimizer, torch.optim.Adagrad):
        return ("sum", "step")
    return ("exp_avg", "exp_avg_sq", "step", *(("max_exp_avg_sq",) if group["amsgrad"] else ()))


def _has_hooks(optimizer: torch.optim.Optimizer) -> bool:
    return bool(
        optimizer._optimizer_step_pre_hooks
        or optimizer._optimizer_step_post_hooks
        or torch_optimizer._global_optimizer_pre_hooks
        or torch_optimizer._global_optimizer_post_hooks
    )
