"""Multi-layer perceptron, of which the linear model is the one without hidden layers."""

from typing import cast, final

from torch import Tensor, nn

from tui_dl.components.models.stack import Stack


@final
class Mlp(Stack):
    """Dense layers with a place behind each but the last."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map inputs (N, *input_shape), flattened, to outputs (N, outputs): logits or values."""
        values = inputs if inputs.ndim == 2 else inputs.flatten(1)
        *hidden, last = self.layers
        if self.shares:
            for place, layer in enumerate(hidden):
                values = self.behind(place, layer(values))
            return cast("Tensor", last(values))
        places = zip(hidden, self.norms, self.activations, self.dropouts, strict=True)
        for layer, norm, activation, dropout in places:
            values = layer(values)
            # Calling absent dropout and indexing the lists took 13 % of a small model's forward pass.
            if type(norm) is not nn.Identity:
                values = norm(values)
            values = activation(values)
            if type(dropout) is not nn.Identity:
                values = dropout(values)
        return cast("Tensor", last(values))
