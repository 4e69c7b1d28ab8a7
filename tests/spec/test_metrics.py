import pytest

from tui_dl.spec.loss_metrics import PAIR_METRICS, pair_names
from tui_dl.spec.metrics import (
    LAYER_METRICS,
    METRICS,
    documented_metrics,
    layer_metric,
    metric_info,
    nearest_metrics,
)

PROMISED = """
train.loss validation.loss data_loss penalty lr grad_norm validation.accuracy validation.cross_entropy
validation.mse validation.mae layers.0.grad_norm layers.0.weight_norm layers.0.update_ratio
layers.0.dead_share layers.0.saturated_share grad_ratio weights.share_below_1e-3 gap.loss
optimizer.effective_step fit.slope collapse.residual
band.coverage margin confidence.share_above_0.99 losses.mse.l1.cosine losses.gaussian_nll.mse.ratio
"""


@pytest.mark.parametrize("name", PROMISED.split())
def test_every_promised_metric_is_there(name: str) -> None:
    info = metric_info(name)
    assert info is not None
    assert info.name == name
    assert info.help


def test_names_are_unique_and_explained() -> None:
    names = [metric.name for metric in documented_metrics()]
    assert len(names) == len(set(names)) == len(METRICS) + len(LAYER_METRICS) + len(PAIR_METRICS)
    assert all(metric.help and metric.tasks for metric in METRICS)


@pytest.mark.parametrize(
    "name",
    [
        "loss",
        "accuracy",
        "validation.dead_share",
        "layers.0.loss",
        ".grad_norm",
        "a..grad_norm",
        "",
        "x",
        "losses.mse.mse.cosine",
        "losses.mse.huge.ratio",
        "losses.mse.l1.angle",
        "losses.mse.l1",
    ],
)
def test_what_is_not_measured(name: str) -> None:
    assert metric_info(name) is None


def test_metrics_of_a_task() -> None:
    def names(task: str) -> set[str]:
        return {
            metric.name.partition(".")[2]
            for metric in METRICS
            if task in metric.tasks and "validation." in metric.name
        }

    assert names("classification") == {"loss", "accuracy", "cross_entropy", "mse", "margin"}
    assert names("regression") == {"loss", "mse", "mae", "nll", "coverage", "sigma"}


def test_pairs_of_losses_belong_to_the_tasks_that_they_share() -> None:
    def tasks(name: str) -> tuple[str, ...]:
        info = metric_info(name)
        return () if info is None else info.tasks

    assert tasks("losses.mse.l1.cosine") == ("classification", "regression")
    assert tasks("losses.cross_entropy.mse.ratio") == ("classification",)
    assert tasks("losses.mse.gaussian_nll.cosine") == ("regression",)
    assert tasks("losses.hinge.poisson_nll.cosine") == ()
    assert "losses.hinge.poisson_nll.cosine" not in pair_names()


def test_layers_go_by_their_modules_names() -> None:
    assert layer_metric("blocks.3.fc", "grad_norm") == "blocks.3.fc.grad_norm"
    assert metric_info("blocks.3.fc.grad_norm") is not None
    with pytest.raises(KeyError):
        layer_metric("layers.0", "loss")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("validation.acuracy", ("validation.accuracy",)),
        ("accuracy", ("validation.accuracy", "train.accuracy")),
        ("layers.0.gradnorm", ("layers.0.grad_norm",)),
        ("gradient_norm", ("grad_norm",)),
        ("zzzz", ()),
        ("losses.mse.l2.cosine", ("losses.mse.l1.cosine",)),
    ],
)
def test_the_nearest(name: str, nearest: tuple[str, ...]) -> None:
    assert nearest_metrics(name) == nearest
