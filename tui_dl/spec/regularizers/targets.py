"""Regularizers of what is to be learned: softened and mixed targets. Training batches alone are altered."""

from typing import Annotated

from tui_dl.spec.component import number
from tui_dl.spec.regularizers.base import Regularizer


class LabelSmoothing(Regularizer, frozen=True, tag="label_smoothing"):
    """Train on (1 - amount)·one-hot + amount/classes; evaluations go by the true labels (Szegedy 2016)."""

    source = "torch.nn.functional.cross_entropy(label_smoothing=)"

    amount: Annotated[float, number("Probability that is spread over all classes", ge=0, le=1)] = 0.1


class Mixup(Regularizer, frozen=True, tag="mixup"):
    """Train on mixed pairs, λ·x + (1-λ)·x' and λ·y + (1-λ)·y' with λ from Beta(α, α) (Zhang 2018)."""

    source = "Zhang et al., 2018, mixup: Beyond Empirical Risk Minimization"

    alpha: Annotated[
        float, number("Of the Beta distribution: 1 mixes evenly, small ones hardly", gt=0, le=100)
    ] = 0.2


class CutMix(Regularizer, frozen=True, tag="cutmix"):
    """Paste a box of one image into another and mix the targets by area, Beta(α, α) (Yun 2019)."""

    source = "Yun et al., 2019, CutMix: Regularization Strategy to Train Strong Classifiers"

    alpha: Annotated[
        float, number("Of the Beta distribution: 1 makes all areas alike likely", gt=0, le=100)
    ] = 1.0
