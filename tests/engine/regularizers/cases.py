"""Each regularizer of this kind in settings that matter, and how they are written in a change."""

from __future__ import annotations

from typing import Any

Regularizers = dict[str, dict[str, Any]]

CASES: dict[str, Regularizers] = {
    "elastic net": {"elastic_net": {"strength": 0.02, "l1_ratio": 0.3}},
    "proximal l1": {"l1": {"strength": 0.05, "method": "proximal"}},
    "label smoothing": {"label_smoothing": {"amount": 0.1}},
    "mixup": {"mixup": {"alpha": 0.4}},
    "mixup of smoothed labels": {"mixup": {"alpha": 1.0}, "label_smoothing": {"amount": 0.2}},
    "jitter": {"augmentation": {"jitter": 0.2}},
    "input noise": {"input_noise": {"sigma": 0.3}},
    "weight noise": {"weight_noise": {"sigma": 0.05}},
    "clipping by value": {"gradient_clipping": {"method": "value", "max_value": 0.02}},
    "max norm": {"max_norm": {"limit": 0.7}},
    "all": {
        "l1": {"strength": 0.05, "method": "proximal"},
        "label_smoothing": {"amount": 0.1},
        "mixup": {"alpha": 0.5},
        "augmentation": {"jitter": 0.1},
        "input_noise": {"sigma": 0.1},
        "weight_noise": {"sigma": 0.02},
        "gradient_clipping": {"method": "value", "max_value": 0.05},
        "max_norm": {"limit": 1.0},
    },
}
IMAGES: dict[str, Regularizers] = {
    "cutmix": {"cutmix": {"alpha": 1.0}},
    "augmentation": {"augmentation": {"shift": 1.5, "rotate": 20.0, "scale": 0.2, "flip": 0.5}},
    "cutmix of noisy images": {
        "cutmix": {"alpha": 0.3},
        "augmentation": {"shift": 1.0},
        "input_noise": {"sigma": 0.2},
    },
}


def listed(regularizers: Regularizers) -> list[dict[str, Any]]:
    """As an experiment lists them."""
    return [{"name": name, **numbers} for name, numbers in regularizers.items()]


def added(regularizers: Regularizers) -> dict[str, Any]:
    """The change that adds them."""
    return {f"regularizers.{name}": numbers for name, numbers in regularizers.items()}


def removed(regularizers: Regularizers) -> dict[str, Any]:
    """The change that takes them away."""
    return {f"regularizers.{name}": False for name in regularizers}
