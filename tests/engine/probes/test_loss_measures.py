"""What is measured of heads and of pairs of losses, against plain torch."""

import math

import pytest
import torch
from torch.nn import functional as F

from tests.engine.plain_loop import continuation, trainer
from tui_dl.engine.probes.measure import Evidence, Measurer
from tui_dl.engine.probes.registry import measures
from tui_dl.engine.training.trainer import Trainer

LINE = {"name": "line", "samples": 80, "slope": 0.5, "intercept": 2.0}


def measure(of: Trainer, *names: str) -> list[float | None]:
    return list(Measurer(of, Evidence(), measures()).measure(names).values())


def after(steps: int, **change: object) -> Trainer:
    of = trainer(**{"model__hidden": [6], "optimizer": {"name": "adam", "lr": 0.01}, **change})
    continuation(of, steps)
    return of


def test_unit_variance_makes_squared_errors_of_a_likelihood() -> None:
    of = after(30, data=LINE, loss="mse")
    cosine, ratio = measure(of, "losses.gaussian_nll.mse.cosine", "losses.gaussian_nll.mse.ratio")
    assert cosine == pytest.approx(1.0, abs=1e-6)
    assert ratio == pytest.approx(0.5, rel=1e-6)
    # Of a head that has no variance of its own, and of one that has.
    of.apply({"loss": "gaussian_nll"})
    learned = measure(of, "losses.mse.gaussian_nll.cosine")[0]
    assert learned is not None
    assert 0 < learned < 1.0


@pytest.mark.parametrize(
    ("first", "second", "world"),
    [("cross_entropy", "mse", {}), ("hinge", "focal", {}), ("l1", "mse", {"data": LINE, "loss": "huber"})],
)
def test_angle_and_ratio_of_two_losses_are_those_of_their_gradients(
    first: str, second: str, world: dict[str, object]
) -> None:
    of = after(20, **world)
    plain = {
        "cross_entropy": F.cross_entropy,
        "hinge": F.multi_margin_loss,
        "l1": F.l1_loss,
        "mse": F.mse_loss if world else lambda o, t: F.mse_loss(o, F.one_hot(t, 2).float()),
        "focal": lambda o, t: (
            -((1 - o.softmax(1).gather(1, t[:, None])) ** 2) * o.log_softmax(1).gather(1, t[:, None])
        ).mean(),
    }
    assert of.splits is not None
    inputs, targets = of.splits.train.inputs[:256], of.splits.train.targets[:256]

    def gradient(name: str) -> torch.Tensor:
        found = torch.autograd.grad(plain[name](of.model(inputs), targets), list(of.model.parameters()))
        return torch.cat([each.flatten().double() for each in found])

    one, other = gradient(first), gradient(second)
    before = of.state_dict()
    pair = f"losses.{first}.{second}"
    cosine, ratio, back = measure(of, f"{pair}.cosine", f"{pair}.ratio", f"losses.{second}.{first}.ratio")
    assert cosine == pytest.approx(float(F.cosine_similarity(one, other, 0)), abs=1e-5)
    assert ratio == pytest.approx(float(one.norm() / other.norm()), rel=1e-4)
    assert ratio is not None
    assert back == pytest.approx(1 / ratio)
    assert torch.equal(of.state_dict()["model"]["layers.0.weight"], before["model"]["layers.0.weight"])


def test_what_a_head_does_not_tell_has_no_value() -> None:
    of = after(5, data=LINE, loss="mse")
    names = (
        "losses.poisson_nll.mse.cosine",
        "band.coverage",
        "band.mean_sigma",
        "band.correlation",
        "margin",
    )
    assert measure(of, *names) == [None] * 5
    assert measure(after(2), "losses.cross_entropy.gaussian_nll.cosine", "band.coverage") == [None, None]


def test_the_band_is_measured_on_the_validation_split() -> None:
    of = after(40, data=LINE, loss="gaussian_nll")
    coverage, sigma, correlation = measure(of, "band.coverage", "band.mean_sigma", "band.correlation")
    values = of.evaluate()
    assert coverage == pytest.approx(values["coverage"])
    assert sigma == pytest.approx(values["sigma"], rel=1e-6)
    assert of.splits is not None
    inputs, targets = of.splits.validation.inputs, of.splits.validation.targets
    outputs = of.model(inputs).detach().double()
    spread = ((1 + outputs[:, 1:].exp()).log() + 1e-6).sqrt()
    pair = torch.cat([spread, (targets - outputs[:, :1]).abs()], 1).T
    assert correlation == pytest.approx(float(torch.corrcoef(pair)[0, 1]), abs=1e-4)


def test_margin_is_of_train_and_confidence_of_validation() -> None:
    of = after(200)
    assert of.splits is not None
    train, validation = of.splits.train, of.splits.validation
    logits = of.model(train.inputs).detach()
    lead = logits.gather(1, train.targets[:, None]) - logits.gather(1, 1 - train.targets[:, None])
    shares = of.model(validation.inputs).detach().softmax(1)
    margin, confident = measure(of, "margin", "confidence.share_above_0.99")
    assert margin == pytest.approx(lead.mean().item(), rel=1e-5)
    assert margin == pytest.approx(of.evaluate("train")["margin"])
    assert confident == (shares.amax(1) > 0.99).double().mean().item()
    assert 0 < confident < 1
    with torch.no_grad():
        next(of.model.parameters()).fill_(math.nan)
    assert measure(of, "margin", "confidence.share_above_0.99") == [None, None]
