"""What a phase of a batch has just done, in numbers and in words, for someone who steps through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch
from torch import Tensor

from tui_dl.engine.probes.formula import by_formula

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.training.trainer import Trainer

Facts = tuple[dict[str, float], tuple[str, ...]]
_MOST_LAYERS = 16


@final
class PhaseTeller:
    """Describes the phases of one batch; remembers the weights' norms before its update.

    Costs reads from the device, so it is used while micro-stepping alone.
    """

    def __init__(self) -> None:
        self._before: dict[str, Tensor] = {}

    def tell(self, trainer: Trainer, phase: str) -> Facts:
        """Values by name and sentences about the phase that was just completed."""
        tellers: dict[str, Callable[[Trainer], Facts]] = {
            "fetch": self._fetch,
            "forward": self._forward,
            "loss": self._loss,
            "zero_grad": self._zero_grad,
            "backward": self._backward,
            "clip": self._clip,
            "update": self._update,
        }
        with torch.no_grad():
            return tellers[phase](trainer)

    def _fetch(self, trainer: Trainer) -> Facts:
        batch = trainer.batch
        assert batch is not None
        samples = len(batch.inputs)
        place = trainer.epoch_samples + self._samples_before(trainer)
        words: tuple[str, ...] = (
            f"inputs {shape(batch.inputs)}, {size(batch.inputs)}",
            f"targets {shape(batch.targets)}",
            f"{samples} samples of epoch {trainer.epoch}, from place {place} of its order",
        )
        if batch.micro[1] > 1:
            index, count = batch.micro
            words += (f"micro-batch {index} of {count}: the weights move once, by their mean gradient",)
        if batch.altered_by:
            words += (f"altered by {', then '.join(batch.altered_by)}",)
        return {"samples": float(samples), "epoch": float(trainer.epoch)}, words

    @staticmethod
    def _samples_before(trainer: Trainer) -> int:
        """Samples of this update's earlier micro-batches: all but the last one are whole."""
        if trainer.batch.micro[0] == 1 or trainer.experiment is None:
            return 0
        return (trainer.batch.micro[0] - 1) * trainer.experiment.training.batch_size

    def _forward(self, trainer: Trainer) -> Facts:
        batch = trainer.batch
        assert batch is not None
        outputs = batch.outputs
        assert outputs is not None
        values = {"outputs.mean": float(outputs.mean()), "outputs.rms": rms(outputs)}
        words = (
            f"outputs {shape(outputs)}, from {float(outputs.min()):.4g} to {float(outputs.max()):.4g}",
            f"f(x; w) through {parameters_words(trainer)}",
        )
        return values, words

    def _loss(self, trainer: Trainer) -> Facts:
        batch = trainer.batch
        assert batch is not None
        assert batch.loss is not None
        values = {"loss": batch.loss.item()}
        if batch.data_loss is not None:
            values["data_loss"] = batch.data_loss.item()
        penalty = batch.penalty
        if penalty is None:
            return values, (f"loss {values['loss']:.6g}: the mean over the batch, no penalty",)
        values["penalty"] = penalty.item()
        data = values.get("data_loss", values["loss"] - values["penalty"])
        return values, (f"loss {values['loss']:.6g} = data {data:.6g} + penalty {values['penalty']:.6g}",)

    def _zero_grad(self, trainer: Trainer) -> Facts:
        flat = trainer.gradients.flat
        if trainer.experiment is not None and not trainer.experiment.training.zero_grad:
            return {}, (
                f"{flat.numel()} gradients kept, norm {float(flat.norm()):.4g}: backward adds to them",
            )
        return {}, (f"{flat.numel()} gradients set to 0 ({size(flat)}): backward adds, it does not replace",)

    def _backward(self, trainer: Trainer) -> Facts:
        values = {
            f"{name}.grad_norm": float(parameter.grad.norm())
            for name, parameter in named_weights(trainer)
            if parameter.grad is not None
        }
        total = float(trainer.gradients.flat.norm())
        words = [f"‖∂loss/∂w‖ = {total:.4g} over {trainer.gradients.flat.numel()} parameters"]
        words += [f"{name.removesuffix('.grad_norm')}: {value:.4g}" for name, value in values.items()]
        words += formula_words(trainer)
        return {"grad_norm": total, **values}, tuple(words)

    def _clip(self, trainer: Trainer) -> Facts:
        batch = trainer.batch
        assert batch is not None
        self._before = {
            name: parameter.detach().clone() for name, parameter in trainer.model.named_parameters()
        }
        after = float(trainer.gradients.flat.norm())
        before = after if batch.grad_norm is None else float(batch.grad_norm)
        if after < before * (1 - 1e-6) and trainer.clip_value is not None:
            words = f"numbers cut to ±{trainer.clip_value:.4g}: norm {before:.4g} → {after:.4g}"
        elif after < before * (1 - 1e-6):
            words = f"scaled by {after / before:.4g}: norm {before:.4g} → {after:.4g}"
        else:
            words = f"nothing to clip: the norm stays {after:.4g}"
        return {"grad_norm": before, "clipped_norm": after}, (words,)

    def _update(self, trainer: Trainer) -> Facts:
        rate = float(trainer.optimizer.param_groups[0]["lr"])
        values = {"lr": rate}
        words = [f"{type(trainer.optimizer).__name__} at rate {rate:.4g}"]
        before, self._before = self._before, {}
        weights = dict(named_weights(trainer))
        for name, parameter in trainer.model.named_parameters():
            layer = name.removesuffix(".weight")
            if layer not in weights or name not in before:
                continue
            moved, length = float((parameter - before[name]).norm()), float(before[name].norm())
            ratio = moved / length if length else float("nan")
            values[f"{layer}.update_ratio"] = ratio
            words.append(f"{layer}: ‖Δw‖ / ‖w‖ = {moved:.4g} / {length:.4g} = {ratio:.4g}")
        return values, tuple(words)


def formula_words(trainer: Trainer) -> list[str]:
    """The derivatives of a line's squared error as derived by hand, beside autograd's; empty elsewhere."""
    experiment, batch = trainer.experiment, trainer.batch
    if experiment is None or experiment.loss.name != "mse" or not experiment.training.zero_grad:
        return []
    line = by_formula(trainer.model, batch.inputs, batch.targets)
    if line is None or line.weight.numel() != 1 or batch.penalty is not None:
        return []
    by_autograd = [parameter.grad for parameter in trainer.model.parameters()]
    told = zip(
        ("w = -2/N Σ (y - ŷ)x", "b = -2/N Σ (y - ŷ)"), (line.weight, line.bias), by_autograd, strict=True
    )
    return [
        f"∂L/∂{name} = {float(derived):.6g} by the formula, {float(found):.6g} by autograd"
        for name, derived, found in told
        if found is not None
    ]


def named_weights(trainer: Trainer) -> list[tuple[str, torch.nn.Parameter]]:
    """Weight matrices by their layer's name, the first ones of a very deep model."""
    found = [
        (name.removesuffix(".weight"), parameter)
        for name, parameter in trainer.model.named_parameters()
        if name.endswith(".weight")
    ]
    return found[:_MOST_LAYERS]


def parameters_words(trainer: Trainer) -> str:
    """How many parameters in how many tensors."""
    parameters = list(trainer.model.parameters())
    total = sum(parameter.numel() for parameter in parameters)
    return f"{total} parameters in {len(parameters)} tensors"


def shape(tensor: Tensor) -> str:
    """`64×10 float32`."""
    return "×".join(map(str, tensor.shape)) + f" {str(tensor.dtype).removeprefix('torch.')}"


def size(tensor: Tensor) -> str:
    """Bytes held, in binary units."""
    held = float(tensor.numel() * tensor.element_size())
    for unit in ("B", "KiB", "MiB"):
        if held < 1024:
            return f"{held:.0f} {unit}" if unit == "B" else f"{held:.1f} {unit}"
        held /= 1024
    return f"{held:.1f} GiB"


def rms(tensor: Tensor) -> float:
    """Root mean square."""
    return float(tensor.square().mean().sqrt())
