"""Soft targets: smoothed labels, and pairs of samples mixed with their targets."""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.losses import WeightedLoss
from tui_dl.components.regularizers.finding import find
from tui_dl.spec import regularizers as spec

LossFunction = Callable[[Tensor, Tensor], Tensor]


def smoothing(regularizers: Iterable[spec.Regularizer]) -> float:
    """Probability that is spread over all classes; 0 is none."""
    found = find(regularizers, spec.LabelSmoothing)
    return found.amount if found else 0.0


def smoothed(function: LossFunction, classes: int, amount: float) -> LossFunction:
    """The loss on (1 - amount)·target + amount/classes (Szegedy et al., 2016, section 7).

    Cross entropy is torch's own with `label_smoothing`, the same bits; other losses get the soft targets
    (N, classes) themselves.

    Args:
        function: (outputs, targets) with classes (N,) or probabilities (N, classes) as targets.
        classes: how many there are.
        amount: of probability that is spread evenly.
    """
    if function is F.cross_entropy:
        return partial(F.cross_entropy, label_smoothing=amount)
    if isinstance(function, WeightedLoss) and function.counts_soft_evenly:  # cross entropy by class
        return partial(F.cross_entropy, weight=function.class_weights, label_smoothing=amount)

    def on_soft_targets(outputs: Tensor, targets: Tensor) -> Tensor:
        certain = probabilities(targets, classes, outputs.dtype)
        return function(outputs, certain * (1 - amount) + amount / classes)

    return on_soft_targets


def probabilities(targets: Tensor, classes: int, dtype: torch.dtype) -> Tensor:
    """Targets as probabilities (N, classes): one-hot from classes (N,), as they are if they are soft."""
    if targets.is_floating_point():
        return targets
    return torch.eye(classes, dtype=dtype, device=targets.device)[targets]


def mixed_up(inputs: Tensor, targets: Tensor, alpha: float, seed: int) -> tuple[Tensor, Tensor]:
    """mixup: λ·x + (1-λ)·x[π] and the same of the targets (N, values or classes).

    From a CPU generator with this seed come λ' ~ Beta(α, α), in float64, and then the permutation π of the
    batch. λ = max(λ', 1-λ'): a pair mixed the other way round is as likely, and so each sample's own part is
    the larger one.
    """
    generator = torch.Generator().manual_seed(seed)
    own = _own_part(alpha, generator)
    partners = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    return _blend(inputs, partners, own), _blend(targets, partners, own)


def cut_mixed(inputs: Tensor, targets: Tensor, alpha: float, seed: int) -> tuple[Tensor, Tensor]:
    """CutMix: a box of each image (…, H, W) comes from its partner, and its share of the target with it.

    From a CPU generator with this seed come λ' ~ Beta(α, α), in float64, the permutation π, and the box's
    centre (x, y), uniform integers; its sides are √(1-λ') of the image's, cut off at its edges, and λ is the
    share of the area outside it (Yun et al., 2019, appendix A). Where the box is more than half, own and
    partner change places: each image's own part is the larger one.
    """
    generator = torch.Generator().manual_seed(seed)
    outside = _beta(alpha, generator)
    partners = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    height, width = inputs.shape[-2:]
    across, down = (int(torch.randint(side, (), generator=generator)) for side in (width, height))
    rows, columns = _span(down, height, outside), _span(across, width, outside)
    share = (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
    if share <= 0.5:
        images = inputs.clone()
        images[..., rows, columns] = inputs[partners][..., rows, columns]
    else:
        images = inputs[partners]
        images[..., rows, columns] = inputs[..., rows, columns]
    return images, _blend(targets, partners, max(share, 1 - share))


def _blend(values: Tensor, partners: Tensor, own: float) -> Tensor:
    return own * values + (1 - own) * values[partners]


def _own_part(alpha: float, generator: torch.Generator) -> float:
    drawn = _beta(alpha, generator)
    return max(drawn, 1 - drawn)


def _beta(alpha: float, generator: torch.Generator) -> float:
    """One draw of Beta(α, α), as torch.distributions.Beta makes it, which takes no generator."""
    pair = torch._sample_dirichlet(torch.tensor([alpha, alpha], dtype=torch.float64), generator)
    return float(pair[0])


def _span(centre: int, side: int, outside: float) -> slice:
    """The box along one axis."""
    half = int(side * (1 - outside) ** 0.5) // 2
    return slice(max(centre - half, 0), min(centre + half, side))
