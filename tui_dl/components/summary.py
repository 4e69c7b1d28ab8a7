"""A model in facts: its parameters, and its layers with the shapes that pass through them."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tui_dl.wire.messages import LayerInfo


def parameter_count(model: nn.Module) -> int:
    """Count the numbers that can be trained, each once."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def describe_layers(
    model: nn.Module, input_shape: tuple[int, ...], example: Tensor | None = None
) -> tuple[LayerInfo, ...]:
    """List every module with parameters of its own, in the order of its name in the model.

    One forward pass in eval mode finds the shapes. The model, its modes and the random generators are left as
    they were, and no hook stays.

    Args:
        model: any module of one tensor.
        input_shape: shape of one sample.
        example: a batch (N, …) to pass through; zeros of the input shape by default.
    """
    owners = {module for module in model.modules() if next(_own_parameters(module), None) is not None}
    layers = [(name, module) for name, module in model.named_modules() if module in owners]
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def note_shape(module: nn.Module, _arguments: object, output: object) -> None:
        tensor = _first_tensor(output)
        shapes.setdefault(module, () if tensor is None else tuple(tensor.shape[1:]))

    if example is None:
        first = next(model.parameters(), torch.empty(0))
        example = torch.zeros((1, *input_shape), dtype=first.dtype, device=first.device)
    hooks = [module.register_forward_hook(note_shape) for _, module in layers]
    try:
        with undisturbed(model, example.device), torch.no_grad():
            model(example)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(
        LayerInfo(
            name=name,
            kind=type(module).__name__,
            output_shape=shapes.get(module, ()),
            parameters=sum(parameter.numel() for parameter in _own_parameters(module)),
        )
        for name, module in layers
    )


def _own_parameters(module: nn.Module) -> Iterator[nn.Parameter]:
    return module.parameters(recurse=False)


def _first_tensor(output: object) -> Tensor | None:
    """Find the tensor in what a module returned; a recurrent one returns its state besides."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, tuple | list):
        return next((tensor for part in output if (tensor := _first_tensor(part)) is not None), None)
    return None


@contextmanager
def undisturbed(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Put every module in eval mode, and afterwards modes and generators back, module by module."""
    modes = [(module, module.training) for module in model.modules()]
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        model.eval()
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
