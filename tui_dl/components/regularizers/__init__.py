"""Regularizers in torch: penalties themselves, and what trainer and model do for the others."""

from tui_dl.components.regularizers.batches import batch_transform
from tui_dl.components.regularizers.gradients import clip_norm, clip_value
from tui_dl.components.regularizers.penalties import decay_rate, penalty, proximal_strength, soft_threshold_
from tui_dl.components.regularizers.stopping import early_stopping
from tui_dl.components.regularizers.targets import smoothed, smoothing
from tui_dl.components.regularizers.weights import bound_norms_, largest_norm, noise_like, noisy, weight_noise

__all__ = [
    "batch_transform",
    "bound_norms_",
    "clip_norm",
    "clip_value",
    "decay_rate",
    "early_stopping",
    "largest_norm",
    "noise_like",
    "noisy",
    "penalty",
    "proximal_strength",
    "smoothed",
    "smoothing",
    "soft_threshold_",
    "weight_noise",
]
