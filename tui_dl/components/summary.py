"""A model in facts: its layers with shapes, parameters, arithmetic and the memory of their activations."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tui_dl.wire.messages import LayerInfo

_Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d


def parameter_count(model: nn.Module) -> int:
    """Count the numbers that can be trained, each once."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def describe_layers(
    model: nn.Module, input_shape: tuple[int, ...], example: Tensor | None = None
) -> tuple[LayerInfo, ...]:
    """List every module with parameters of its own, in the order of its name in the model.

    One forward pass in eval mode finds what passes through. The model, its modes and the random generators
    are left as they were, and no hook stays.

    Args:
        model: any module of one tensor.
        input_shape: shape of one sample.
        example: a batch (N, …) to pass through; zeros of the input shape by default.
    """
    owners = {module for module in model.modules() if next(_own_parameters(module), None) is not None}
    if example is None:
        first = next(model.parameters(), torch.empty(0))
        example = torch.zeros((1, *input_shape), dtype=first.dtype, device=first.device)
    seen = _Passage(owners, len(example))
    leaves = [each for each in model.modules() if each in owners or next(each.children(), None) is None]
    hooks = [module.register_forward_hook(seen.note) for module in leaves]
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
            output_shape=seen.outputs.get(module, ()),
            parameters=sum(parameter.numel() for parameter in _own_parameters(module)),
            input_shape=seen.inputs.get(module, ()),
            multiply_adds=seen.multiply_adds.get(module, 0),
            activation_bytes=seen.bytes.get(module, 0),
        )
        for name, module in model.named_modules()
        if module in owners
    )


class _Passage:
    """What a forward pass shows of each layer; what has no parameters counts to the layer before it.

    Attributes:
        inputs: shape of what came in first, without the batch.
        outputs: shape of what went out first.
        multiply_adds: of one sample, in all calls.
        bytes: of one sample's outputs, those that are no new tensors left out.
    """

    def __init__(self, owners: set[nn.Module], samples: int) -> None:
        self._owners = owners
        self._samples = max(samples, 1)
        self._last: nn.Module | None = None
        self.inputs: dict[nn.Module, tuple[int, ...]] = {}
        self.outputs: dict[nn.Module, tuple[int, ...]] = {}
        self.multiply_adds: dict[nn.Module, int] = {}
        self.bytes: dict[nn.Module, int] = {}

    def note(self, module: nn.Module, arguments: object, output: object) -> None:
        """A module was called."""
        given, made = _first_tensor(arguments), _first_tensor(output)
        if module in self._owners:
            self._last = module
            self.inputs.setdefault(module, () if given is None else tuple(given.shape[1:]))
            self.outputs.setdefault(module, () if made is None else tuple(made.shape[1:]))
        layer = self._last
        if made is None or layer is None:
            return
        if module in self._owners:
            work = multiply_adds(module, made) // self._samples
            self.multiply_adds[layer] = self.multiply_adds.get(layer, 0) + work
        # Dropout gives its input back in eval mode, but a new tensor while training.
        is_new = given is None or made.data_ptr() != given.data_ptr() or _drops(module)
        if is_new:
            held = made.numel() * made.element_size() // self._samples
            self.bytes[layer] = self.bytes.get(layer, 0) + held


def multiply_adds(module: nn.Module, output: Tensor) -> int:
    """Products that are summed up for an output: of dense layers and convolutions; 0 for anything else.

    Each number of the output takes one for each weight that leads to it. Two operations (FLOPs) each; adding
    biases is not counted.
    """
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    if isinstance(module, _Convolution):
        return output.numel() * math.prod(module.weight.shape[1:])
    return 0


def _drops(module: nn.Module) -> bool:
    return isinstance(module, nn.Dropout) and module.p > 0


def _own_parameters(module: nn.Module) -> Iterator[nn.Parameter]:
    return module.parameters(recurse=False)


def _first_tensor(output: object) -> Tensor | None:
    """Find the tensor in what a module took or returned; a recurrent one returns its state besides."""
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
