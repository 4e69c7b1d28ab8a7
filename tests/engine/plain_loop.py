"""What the trainer's tests share: experiments, and the loop that anyone would write in plain PyTorch."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tui_dl.components.activations import build_activation
from tui_dl.components.losses import build_loss
from tui_dl.components.norms import dropout_at, norms_at
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.change import apply_change
from tui_dl.spec.preset import from_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_dl.spec.experiment import Experiment

BASE = from_toml(
    """
    [data]
    name = "moons"
    samples = 130
    [model]
    name = "mlp"
    hidden = [8, 6]
    [training]
    batch_size = 16
    epochs = 10
    device = "cpu"
    """,
    "test",
)

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "lr": 0.1},
    "sgd momentum": {"name": "sgd", "lr": 0.05, "momentum": 0.9},
    "sgd dampened": {"name": "sgd", "lr": 0.3, "momentum": 0.9, "dampening": 0.9},
    "sgd nesterov": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
    "adam": {"name": "adam", "lr": 0.01},
    "adam amsgrad": {"name": "adam", "lr": 0.01, "beta1": 0.8, "amsgrad": True},
    "adamw": {"name": "adamw", "lr": 0.01, "weight_decay": 0.1},
    "adamw amsgrad": {"name": "adamw", "lr": 0.01, "amsgrad": True},
    "rmsprop": {"name": "rmsprop", "lr": 0.002},
    "rmsprop centered": {"name": "rmsprop", "lr": 0.002, "centered": True, "momentum": 0.5},
    "adagrad": {"name": "adagrad", "lr": 0.05, "lr_decay": 0.01, "initial_accumulator_value": 0.1},
    "nadam": {"name": "nadam", "lr": 0.01, "momentum_decay": 0.01},
    "radam": {"name": "radam", "lr": 0.01, "beta2": 0.9},
    "adamax": {"name": "adamax", "lr": 0.01},
    "adadelta": {"name": "adadelta", "lr": 2.0, "rho": 0.8},
    "rprop": {"name": "rprop", "lr": 0.001, "eta_plus": 1.1, "step_size_max": 0.02},
    "asgd": {"name": "asgd", "lr": 0.1, "t0": 10.0, "lambd": 0.001},
    "adafactor": {"name": "adafactor", "lr": 0.05, "weight_decay": 0.01},
    "muon": {"name": "muon", "lr": 0.02, "momentum": 0.9, "adamw_lr": 0.01},
}
FULL_BATCH: dict[str, dict[str, Any]] = {
    "lbfgs": {"name": "lbfgs", "lr": 0.5, "max_iter": 4, "history_size": 5},
    "lbfgs fixed": {"name": "lbfgs", "lr": 0.02, "max_iter": 3, "line_search_fn": "none"},
}
"""Which need the whole training set as one batch."""
FUSED = ("sgd", "adam", "adamw", "adagrad")
"""Which torch has a fused kernel for."""
_PAIRS = {
    "betas": ("beta1", "beta2", (0.9, 0.999)),
    "etas": ("eta_minus", "eta_plus", (0.5, 1.2)),
    "step_sizes": ("step_size_min", "step_size_max", (1e-6, 50)),
}


def experiment(change: Mapping[str, Any] | None = None, base: Experiment = BASE) -> Experiment:
    """A small classification in seven batches an epoch, with a change laid over it."""
    return apply_change(base, change or {})


def trainer(**change: Any) -> Trainer:
    """A trainer of the small experiment; double underscores stand for dots."""
    optimizer = change.get("optimizer")
    if isinstance(optimizer, dict) and optimizer.get("name") == "lbfgs":
        change = {"training.batch_size": 1000} | change
    return Trainer(experiment({name.replace("__", "."): value for name, value in change.items()}))


def torch_optimizer(declared: Mapping[str, Any], parameters: Any) -> Any:
    """Written out by hand, from torch's documentation alone."""
    numbers = dict(declared)
    name = numbers.pop("name")
    if name == "muon":
        return PlainMuon(list(parameters), numbers)
    if name == "lbfgs":
        search = numbers.pop("line_search_fn", "strong_wolfe")
        numbers["line_search_fn"] = None if search == "none" else search
    cls = next(cls for called, cls in vars(torch.optim).items() if called.lower() == name)
    fused = numbers.pop("fused", "fused" in inspect.signature(cls).parameters)
    for pair, (one, other, defaults) in _PAIRS.items():
        if one in numbers or other in numbers:
            numbers[pair] = (numbers.pop(one, defaults[0]), numbers.pop(other, defaults[1]))
    built: torch.optim.Optimizer = cls(parameters, **numbers, **({"fused": True} if fused else {}))
    return built


class PlainMuon:
    """Muon beside AdamW, as torch's documentation has it: two optimizers of their own."""

    def __init__(self, parameters: list[nn.Parameter], numbers: dict[str, Any]) -> None:
        others = {name.removeprefix("adamw_"): numbers.pop(name) for name in list(numbers) if "adamw" in name}
        matrices = [each for each in parameters if each.ndim == 2]
        self.pair = (
            torch.optim.Muon(matrices, **numbers),
            torch.optim.AdamW([each for each in parameters if each.ndim != 2], **others),
        )
        self.state = _Both(matrices, *(each.state for each in self.pair))
        self.param_groups = [group for each in self.pair for group in each.param_groups]

    def zero_grad(self) -> None:
        for each in self.pair:
            each.zero_grad()

    def step(self) -> None:
        for each in self.pair:
            each.step()


class _Both:
    """Writes a parameter's state where its optimizer looks for it."""

    def __init__(self, matrices: list[nn.Parameter], first: Any, second: Any) -> None:
        self._matrices, self._first, self._second = set(matrices), first, second

    def __setitem__(self, parameter: nn.Parameter, state: dict[str, Any]) -> None:
        (self._first if parameter in self._matrices else self._second)[parameter] = state


class PlainLoop:
    """A copy of a trainer's model in a loop of its own, fed by `peek_batch`."""

    def __init__(self, of: Trainer, declared: Mapping[str, Any]) -> None:
        self.of = of
        self.model = copy.deepcopy(of.model)
        self.optimizer = torch_optimizer(declared, self.model.parameters())
        assert of.experiment is not None
        assert of.splits is not None
        self.loss = build_loss(of.experiment.loss, of.splits.task, of.splits.outputs)

    def step_beside(self) -> float:
        """One step of the loop, then the trainer's; both losses must have the same bits."""
        inputs, targets = self.of.peek_batch()

        def evaluate() -> Tensor:
            loss: Tensor = self.loss(self.model(inputs), targets)
            self.optimizer.zero_grad()
            loss.backward()
            return loss.detach()

        if isinstance(self.optimizer, torch.optim.LBFGS):
            loss: Tensor = self.optimizer.step(evaluate)
        else:
            loss = evaluate()
            self.optimizer.step()
        assert self.of.train_batch().loss == loss.item()
        return loss.item()

    def assert_equal(self) -> None:
        """Every weight has the same bits."""
        assert_same(weights(self.model), weights(self.of.model))


def weights(model: nn.Module) -> dict[str, Tensor]:
    """All values, copied."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def assert_same(left: Any, right: Any) -> None:
    """Equal to the last bit, however deeply nested; NaN equals NaN."""
    if isinstance(left, Tensor):
        # Thirty times quicker where all is well; NaN, and what differs, goes on to the one that explains.
        alike = isinstance(right, Tensor) and left.dtype == right.dtype and left.device == right.device
        if alike and torch.equal(left, right):
            return
        torch.testing.assert_close(left, right, rtol=0, atol=0, equal_nan=True)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            assert_same(left[key], right[key])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    else:
        assert left == right


def continuation(of: Trainer, steps: int = 12) -> list[float]:
    """Losses of the next steps."""
    return [of.train_batch().loss for _ in range(steps)]


def invariants(of: Trainer) -> None:
    """What holds at every boundary, whatever was done."""
    owned = [parameter for group in of.optimizer.param_groups for parameter in group["params"]]
    trainable = [parameter for parameter in of.model.parameters() if parameter.requires_grad]
    assert sorted(map(id, owned)) == sorted(map(id, trainable))
    if len(of.optimizer.param_groups) == 1:
        assert [id(parameter) for parameter in owned] == [id(parameter) for parameter in trainable]
    assert set(of.optimizer.state) <= set(trainable)
    for parameter, view in zip(of.gradients.parameters, of.gradients.views, strict=True):
        assert parameter.grad is view
    assert not any(module._forward_hooks or module._backward_hooks for module in of.model.modules())
    if of.experiment is None:
        return
    declared = of.experiment
    assert type(of.optimizer).__name__.lower() == type(declared.optimizer).__name__.lower()
    group = of.optimizer.param_groups[0]
    for name, value in group.items():
        if name != "lr" and hasattr(declared.optimizer, name):
            wanted = getattr(declared.optimizer, name)
            assert value == (None if wanted == "none" else wanted) or name == "fused", name
    if "betas" in group:
        assert group["betas"] == (declared.optimizer.beta1, declared.optimizer.beta2)  # type: ignore[union-attr]
    _model_invariants(of, declared)


def _model_invariants(of: Trainer, declared: Experiment) -> None:
    hidden = list(getattr(declared.model, "hidden", ()))
    assert [layer.out_features for layer in of.model.layers][:-1] == hidden  # type: ignore[union-attr]
    for module, activation in zip(of.model.activations, declared.model.each_activation, strict=True):  # type: ignore[arg-type]
        assert type(module) is type(build_activation(activation))
    dropouts = dropout_at(declared.regularizers, declared.model)
    assert [getattr(module, "p", 0.0) for module in of.model.dropouts] == list(dropouts)  # type: ignore[union-attr]
    for norm, module in zip(norms_at(declared.regularizers, declared.model), of.model.norms, strict=True):  # type: ignore[arg-type]
        kinds = {"batch_norm": nn.BatchNorm1d, "layer_norm": nn.LayerNorm}
        assert isinstance(module, nn.Identity if norm is None else kinds[norm.name])
        assert norm is None or module.eps == norm.eps
