"""What all models have in common: affine maps, and places behind them that can be changed while it trains."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from tui_dl.components.activations import build_activation
from tui_dl.components.inits import Affine
from tui_dl.components.models.fading import fixed
from tui_dl.components.norms import build_norm
from tui_dl.spec.activations import Activation
from tui_dl.spec.regularizers import BatchNorm, LayerNorm

Norm = BatchNorm | LayerNorm


class Stack(nn.Module):
    """Affine maps, and behind each but the last a place: norm, activation, dropout, in this order.

    A place is changed by putting another module there under the same name: what stays keeps its parameters
    as the same objects.

    Attributes:
        layers: the affine maps, so that parameters are called ``layers.0.weight``, ``layers.0.bias``, …
        activations: one module for each place.
        dropouts: one for each place: `nn.Identity`, or `nn.Dropout` while that regularizer is on.
        norms: one for each place: `nn.Identity`, or a norm while such a regularizer is on.
        fading: one for each place: the activation that gives way to the present one, where `shares` says so.
        shares: by the place that fades, the present activation's share α, 0-dim; mostly empty.
    """

    def __init__(self, layers: Sequence[Affine], activations: Sequence[Activation]) -> None:
        super().__init__()
        places = len(layers) - 1
        assert places >= 0, "a model needs an input size and an output size"
        assert len(activations) == places, "every hidden layer needs an activation"
        self.layers = nn.ModuleList(layers)
        self.activations = nn.ModuleList(
            build_activation(activation, self.units(place)) for place, activation in enumerate(activations)
        )
        self.dropouts = nn.ModuleList(nn.Identity() for _ in range(places))
        self.norms = nn.ModuleList(nn.Identity() for _ in range(places))
        self.fading = nn.ModuleList(nn.Identity() for _ in range(places))
        self.shares: dict[int, Tensor] = {}

    @property
    def places(self) -> int:
        """How many places there are."""
        return len(self.activations)

    def units(self, place: int) -> int:
        """Units, or channels, of the layer before a place."""
        layer = cast("Affine", self.layers[place])
        return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels

    def set_activation(self, activation: Activation, index: int | None = None) -> None:
        """Put fresh activations at one place or all; all other parameters stay the same objects."""
        for place in range(self.places) if index is None else (index,):
            self.activations[place] = self._placed(build_activation(activation, self.units(place)), place)

    def set_dropout(self, p: float, index: int | None = None) -> None:
        """Drop hidden units with probability p while training, at one place or all; 0 takes dropout out."""
        for place in range(self.places) if index is None else (index,):
            self.dropouts[place] = self._placed(nn.Dropout(p) if p > 0 else nn.Identity(), place)

    def set_norm(self, norm: Norm | None, index: int) -> None:
        """Put a fresh norm at a place, γ=1 and β=0, or take it out with None."""
        is_image = isinstance(self.layers[index], nn.Conv2d)
        made = nn.Identity() if norm is None else build_norm(norm, self.units(index), is_image=is_image)
        self.norms[index] = self._placed(made, index)

    def set_fading(self, old: nn.Module, index: int) -> None:
        """Let an activation give way to the present one at a place; what it has learnt stays as it is."""
        self.fading[index] = self._placed(fixed(old), index)

    def set_shares(self, shares: Mapping[int, float]) -> None:
        """Say how far the places that fade have come; whatever else faded is taken out.

        Shares are tensors, as another Python number would make a compiled step be compiled anew.
        """
        for place in self.shares.keys() - shares.keys():
            self.fading[place] = nn.Identity()
            del self.shares[place]
        for place, share in shares.items():
            weight = cast("Affine", self.layers[place]).weight
            self.shares.setdefault(place, torch.empty((), dtype=weight.dtype, device=weight.device))
            self.shares[place].fill_(share)

    def behind(self, place: int, values: Tensor) -> Tensor:
        """What a place makes of what its layer gives: (N, units) or (N, channels, height, width)."""
        return self.dropped(place, self.activated(place, values))

    def activated(self, place: int, values: Tensor) -> Tensor:
        """Norm and activation alone."""
        return self.bent(place, self.normed(place, values))

    def bent(self, place: int, values: Tensor) -> Tensor:
        """Activation alone: (1-α)·old + α·new while one gives way to another."""
        new = cast("Tensor", self.activations[place](values))
        share = self.shares.get(place)
        return new if share is None else torch.lerp(self.fading[place](values), new, share)

    def normed(self, place: int, values: Tensor) -> Tensor:
        """Norm alone."""
        norm = self.norms[place]
        return values if type(norm) is nn.Identity else cast("Tensor", norm(values))

    def dropped(self, place: int, values: Tensor) -> Tensor:
        """Dropout alone."""
        dropout = self.dropouts[place]
        return values if type(dropout) is nn.Identity else cast("Tensor", dropout(values))

    def _placed(self, module: nn.Module, place: int) -> nn.Module:
        """In the model's mode, and where the place's layer is."""
        weight = cast("Affine", self.layers[place]).weight
        return module.to(weight.device, weight.dtype).train(self.training)
