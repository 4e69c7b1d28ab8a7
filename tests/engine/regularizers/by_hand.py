"""The loop that anyone would write in plain PyTorch for each regularizer, from its formula alone."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.distributions import Beta
from torch.nn import functional as F

from tests.engine.plain_loop import OPTIMIZERS, assert_same, torch_optimizer, weights
from tui_dl.engine.training.rng import derived_seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_dl.engine.training.trainer import Trainer


class HandLoop:
    """A copy of a trainer's model beside it, fed by the batches as they lie in the data.

    Noise on the weights and penalties are not to be tried together: here the noise would reach both.

    Args:
        of: the trainer.
        optimizer: its name in `OPTIMIZERS`.
        regularizers: by name, their numbers.
    """

    def __init__(self, of: Trainer, optimizer: str, regularizers: Mapping[str, Mapping[str, Any]]) -> None:
        assert of.splits is not None
        assert of.experiment is not None
        self.of = of
        self.model = copy.deepcopy(of.model)
        self.optimizer = torch_optimizer(OPTIMIZERS[optimizer], self.model.parameters())
        self.regularizers = regularizers
        self.classes = of.splits.outputs if of.splits.task == "classification" else 0
        self.loss_name = of.experiment.loss.name
        self.is_image = of.experiment.data.kind == "image"
        self.seed = of.experiment.seed

    def take_over_state(self) -> None:
        """Begin with copies of the trainer's weights and moments."""
        self.model.load_state_dict(self.of.model.state_dict())
        for mine, theirs in zip(self.model.parameters(), self.of.model.parameters(), strict=True):
            self.optimizer.state[mine] = copy.deepcopy(dict(self.of.optimizer.state.get(theirs, {})))

    @property
    def matrices(self) -> list[Tensor]:
        return [parameter for parameter in self.model.parameters() if parameter.ndim >= 2]

    def step_beside(self) -> None:
        """One step of the loop, then the trainer's: the same batch and loss, to the last bit."""
        count = self.micro_batches
        batches = [self.batch(index) for index in range(count)]
        inputs, targets = zip(*batches, strict=True)
        assert_same((torch.cat(inputs), torch.cat(targets)), self.of.peek_batch())
        self.optimizer.zero_grad()
        losses = [self.pull(*batch, count) for batch in batches]
        self.clip()
        self.optimizer.step()
        self.constrain()
        assert self.of.train_batch().loss == torch.stack(losses).mean().item()

    def pull(self, inputs: Tensor, targets: Tensor, count: int) -> Tensor:
        """Add a micro-batch's part to the gradients; the noise on the weights is that of the whole update."""
        clean = [matrix.detach().clone() for matrix in self.matrices]
        if "weight_noise" in self.regularizers:
            generator = torch.Generator().manual_seed(self.place("weight_noise", 0))
            sigma = self.regularizers["weight_noise"]["sigma"]
            for matrix in self.matrices:
                matrix.data += sigma * torch.randn(matrix.shape, generator=generator)
        loss = self.loss(self.model(inputs), targets) + self.penalty()
        (loss / count if count > 1 else loss).backward()
        for matrix, value in zip(self.matrices, clean, strict=True):
            matrix.data.copy_(value)
        return loss.detach()

    def assert_equal(self) -> None:
        assert_same(weights(self.model), weights(self.of.model))

    @property
    def micro_batches(self) -> int:
        """How many the next update takes: fewer at an epoch's end."""
        assert self.of.experiment is not None
        assert self.of.splits is not None
        training = self.of.experiment.training
        left = len(self.of.splits.train) - self.of.epoch_samples
        return min(training.accumulate, -(-left // training.batch_size))

    def place(self, purpose: str, index: int) -> int:
        """The seed of a purpose at a micro-batch of the present update."""
        more = (index,) if index else ()
        return derived_seed(self.seed, purpose, self.of.epoch, self.of.epoch_samples, *more)

    def batch(self, index: int) -> tuple[Tensor, Tensor]:
        """The next samples of the epoch's order, altered."""
        splits = self.of.splits
        assert splits is not None
        assert self.of.experiment is not None
        generator = torch.Generator().manual_seed(derived_seed(self.seed, "order", self.of.epoch))
        order = torch.randperm(len(splits.train), generator=generator)
        size = self.of.experiment.training.batch_size
        first = self.of.epoch_samples + index * size
        inputs, targets = (
            each[order[first : first + size]] for each in (splits.train.inputs, splits.train.targets)
        )
        for name in ("augmentation", "input_noise", "mixup", "cutmix"):
            if name in self.regularizers:
                alter = getattr(self, f"_{name}")
                inputs, targets = alter(inputs, targets, self.regularizers[name], self.place(name, index))
        return inputs, targets

    def _input_noise(self, inputs: Tensor, targets: Tensor, numbers: Any, seed: int) -> tuple[Tensor, Tensor]:
        noise = torch.randn(inputs.shape, generator=torch.Generator().manual_seed(seed))
        return inputs + numbers["sigma"] * noise, targets

    def _augmentation(
        self, inputs: Tensor, targets: Tensor, numbers: Any, seed: int
    ) -> tuple[Tensor, Tensor]:
        if not self.is_image:
            return self._input_noise(inputs, targets, {"sigma": numbers["jitter"]}, seed)
        draws = torch.rand((5, len(inputs)), generator=torch.Generator().manual_seed(seed))
        angles = (2 * draws[0] - 1) * math.radians(numbers.get("rotate", 0.0))
        sizes = torch.exp((2 * draws[1] - 1) * math.log1p(numbers.get("scale", 0.0)))
        moves = (2 * draws[2:4] - 1) * numbers.get("shift", 1.0)
        images = []
        for image, angle, size, move, mirror in zip(
            inputs, angles, sizes, moves.T, draws[4] < numbers.get("flip", 0.0), strict=True
        ):
            height, width = image.shape
            cosine, sine = torch.cos(angle) / size, torch.sin(angle) / size
            theta = torch.tensor(
                [[cosine, -sine, -2 / width * move[0]], [sine, cosine, -2 / height * move[1]]]
            )
            grid = F.affine_grid(theta[None], [1, 1, height, width], align_corners=False)
            moved = F.grid_sample(image[None, None], grid, padding_mode="border", align_corners=False)[0, 0]
            images.append(moved.flip(1) if mirror else moved)
        return torch.stack(images), targets

    def _mixup(self, inputs: Tensor, targets: Tensor, numbers: Any, seed: int) -> tuple[Tensor, Tensor]:
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(seed)
            drawn = Beta(*torch.full((2,), numbers["alpha"], dtype=torch.float64)).sample().item()
            partners = torch.randperm(len(inputs))
        own = max(drawn, 1 - drawn)
        soft = F.one_hot(targets, self.classes).float() if self.classes else targets
        return (
            own * inputs + (1 - own) * inputs[partners],
            own * soft + (1 - own) * soft[partners],
        )

    def _cutmix(self, inputs: Tensor, targets: Tensor, numbers: Any, seed: int) -> tuple[Tensor, Tensor]:
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(seed)
            drawn = Beta(*torch.full((2,), numbers["alpha"], dtype=torch.float64)).sample().item()
            partners = torch.randperm(len(inputs))
            height, width = inputs.shape[1:]
            x, y = int(torch.randint(width, ())), int(torch.randint(height, ()))
        inside = torch.zeros(height, width, dtype=torch.bool)
        halves = [int(side * math.sqrt(1 - drawn)) // 2 for side in (height, width)]
        inside[max(y - halves[0], 0) : y + halves[0], max(x - halves[1], 0) : x + halves[1]] = True
        share = inside.float().mean().item()
        if share > 0.5:
            inside, share = ~inside, 1 - share
        soft = F.one_hot(targets, self.classes).float()
        return (
            torch.where(inside, inputs[partners], inputs),
            (1 - share) * soft + (1 - (1 - share)) * soft[partners],
        )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        amount = self.regularizers.get("label_smoothing", {}).get("amount", 0.0)
        if self.loss_name == "cross_entropy":
            return F.cross_entropy(outputs, targets, label_smoothing=amount)
        if self.classes and not targets.is_floating_point():
            targets = F.one_hot(targets, self.classes).float()
        if amount:
            targets = targets * (1 - amount) + amount / self.classes
        return F.mse_loss(outputs, targets)

    def penalty(self) -> Tensor | float:
        total: Tensor | float = 0.0
        if "l1" in self.regularizers and self.regularizers["l1"].get("method") != "proximal":
            total = total + sum(
                self.regularizers["l1"]["strength"] * each.abs().sum() for each in self.matrices
            )
        if "elastic_net" in self.regularizers:
            strength, share = (self.regularizers["elastic_net"][key] for key in ("strength", "l1_ratio"))
            for each in self.matrices:
                flat = each.flatten()
                squares = strength * (1 - share) / 2 * torch.dot(flat, flat)
                total = total + (strength * share * each.abs().sum() + squares)
        return total

    def clip(self) -> None:
        clipping = self.regularizers.get("gradient_clipping")
        if clipping is not None and clipping.get("method") == "value":
            torch.nn.utils.clip_grad_value_(self.model.parameters(), clipping["max_value"])
        elif clipping is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), clipping["max_norm"])

    @torch.no_grad()
    def constrain(self) -> None:
        lr = self.optimizer.param_groups[0]["lr"]
        for matrix in self.matrices:
            if self.regularizers.get("l1", {}).get("method") == "proximal":
                distance = lr * self.regularizers["l1"]["strength"]
                nearer = torch.where(matrix > 0, matrix - distance, matrix + distance)
                matrix.copy_(torch.where(matrix.abs() > distance, nearer, torch.zeros(())))
            if "max_norm" in self.regularizers:
                limit = self.regularizers["max_norm"]["limit"]
                norms = matrix.norm(dim=1, keepdim=True)
                # A tensor: torch divides a number by a tensor as the number times its reciprocal.
                factors = torch.where(norms > limit, torch.tensor(limit) / (norms + 1e-7), 1.0)
                matrix.mul_(factors)
