"""What regularizers must not touch: evaluations, other streams of random numbers, weights at rest."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.engine.plain_loop import assert_same, continuation, trainer, weights
from tests.engine.regularizers.cases import CASES, IMAGES, listed
from tui_dl.engine.training.phase_facts import PhaseTeller
from tui_dl.engine.training.trainer import Trainer

ALL = listed(CASES["all"])


def test_an_evaluation_is_of_the_data_as_it_is() -> None:
    of = trainer(regularizers=ALL)
    continuation(of, 20)
    assert of.splits is not None
    for split, data in (("validation", of.splits.validation), ("train", of.splits.train)):
        measured = of.evaluate(split)
        outputs = copy.deepcopy(of.model).eval()(data.inputs)
        clean = F.cross_entropy(outputs, data.targets).item()
        assert measured["loss"] == pytest.approx(clean, rel=1e-5)
        assert measured["cross_entropy"] == pytest.approx(clean, rel=1e-5)
        assert measured["accuracy"] == (outputs.argmax(1) == data.targets).double().mean().item()


@pytest.mark.parametrize("name", ["mixup", "mixup of smoothed labels", "label smoothing"])
def test_metrics_of_a_batch_go_by_its_own_classes(name: str) -> None:
    of = trainer(regularizers=listed(CASES[name]))
    plain = trainer()
    losses = []
    for _ in range(12):
        (inputs, _), (_, classes) = of.peek_batch(), plain.peek_batch()
        outputs = copy.deepcopy(of.model)(inputs)
        result = of.train_batch()
        plain.train_batch()
        assert result["accuracy"] == pytest.approx((outputs.argmax(1) == classes).float().mean().item())
        assert result["cross_entropy"] == pytest.approx(F.cross_entropy(outputs, classes).item(), rel=1e-5)
        losses.append((result.loss, result["cross_entropy"]))
    assert sum(loss != pytest.approx(measured, rel=1e-4) for loss, measured in losses) > 6
    columns = of.drain_scalars()
    loss, measured = (columns.values[columns.names.index(each)] for each in ("loss", "cross_entropy"))
    assert not np.allclose(loss, measured)


def test_the_larger_part_of_a_mixed_sample_is_its_own() -> None:
    of, plain = (trainer(regularizers=more, data="digits") for more in ([{"name": "cutmix"}], []))
    for _ in range(10):
        (_, soft), (_, classes) = of.peek_batch(), plain.peek_batch()
        own = soft[torch.arange(len(classes)), classes]
        assert (own >= 0.5).all()
        assert torch.allclose(soft.sum(1), torch.ones(len(classes)))
        of.train_batch()
        plain.train_batch()


@pytest.mark.parametrize("name", ["all", "augmentation", "cutmix"])
def test_no_other_stream_of_random_numbers_moves(name: str) -> None:
    data = {"data": "digits"} if name in IMAGES else {}
    regularizers = listed({**CASES, **IMAGES}[name])
    dropout = {"name": "dropout", "p": 0.3}
    of, plain = (
        trainer(regularizers=[*regularizers, dropout], **data),
        trainer(regularizers=[dropout], **data),
    )
    assert_same(weights(of.model), weights(plain.model))
    outside = torch.get_rng_state()
    for _ in range(12):
        of.train_batch()
        plain.train_batch()
        assert_same(of._loop.parts.batches.fetch(), plain._loop.parts.batches.fetch())
        assert_same(of._loop.parts.random.state, plain._loop.parts.random.state)
    assert torch.equal(torch.get_rng_state(), outside)


def test_the_same_batch_is_the_same_however_often_it_is_looked_at() -> None:
    of = trainer(regularizers=listed(IMAGES["cutmix of noisy images"]), data="digits")
    first = of.peek_batch()
    assert_same(of.peek_batch(), first)
    assert_same(of.rehearsal().peek_batch(), first)
    for phase in of.phases():
        assert_same((of.batch.inputs, of.batch.targets), first)
        assert_same(of.peek_batch(), of.peek_batch())
        if phase == "clip":
            assert_same(of.peek_batch(), first)
            break
    assert of.rehearsal().train_batch().loss == of.train_batch().loss
    assert not torch.equal(of.peek_batch()[0], first[0])


def test_the_order_in_which_they_are_listed_does_not_matter() -> None:
    of, other = trainer(regularizers=ALL), trainer(regularizers=ALL[::-1])
    assert continuation(of) == continuation(other)
    added = trainer()
    for each in ALL[::-1]:
        added.apply({f"regularizers.{each['name']}": each})
    assert_same(added.state_dict(), trainer(regularizers=ALL).state_dict())
    assert continuation(added) == continuation(trainer(regularizers=ALL))


def test_every_batch_and_every_epoch_has_draws_of_its_own() -> None:
    of, plain = trainer(regularizers=[{"name": "input_noise", "sigma": 1.0}]), trainer()
    seen = []
    for _ in range(21):
        seen.append(of.peek_batch()[0][:8] - plain.peek_batch()[0][:8])
        of.train_batch()
        plain.train_batch()
    for index, one in enumerate(seen):
        assert not any(torch.allclose(one, other) for other in seen[:index])
    every = torch.cat(seen)
    assert every.mean().abs() < 0.15
    assert 0.9 < every.std() < 1.1


def test_noise_is_never_seen_on_the_weights_between_phases() -> None:
    of = trainer(regularizers=[{"name": "weight_noise", "sigma": 0.5}])
    continuation(of, 3)
    before = weights(of.model)
    for phase in of.phases():
        if phase == "update":
            break
        assert_same(weights(of.model), before)
        assert of.evaluate()["loss"] == of.evaluate()["loss"]
    assert not any(isinstance(module, nn.modules.lazy.LazyModuleMixin) for module in of.model.modules())
    assert all(isinstance(each, nn.Parameter) for each in of.model.parameters())


def test_proximal_l1_makes_zeros_and_the_penalty_none() -> None:
    def zeros(method: str) -> float:
        of = trainer(
            data="digits",
            model="linear",
            optimizer={"name": "sgd", "lr": 0.1},
            regularizers=[{"name": "l1", "strength": 0.01, "method": method}],
            training__batch_size=64,
        )
        start = weights(of.model)["layers.0.weight"]
        continuation(of, 150)
        weight = of.model.layers[0].weight  # type: ignore[index, union-attr]
        # Under pixels that are always the same nothing moves but by the penalty itself.
        assert (start != 0).all()
        return float((weight == 0).float().mean())

    assert zeros("proximal") > 0.2
    assert zeros("penalty") == 0.0


def test_data_loss_and_penalty_stay_apart() -> None:
    of = trainer(regularizers=[{"name": "elastic_net", "strength": 0.1}, {"name": "label_smoothing"}])
    continuation(of, 5)
    of.apply({"regularizers.elastic_net": False})
    first = of.drain_scalars()
    columns = dict(zip(first.names, first.values, strict=True))
    assert columns["loss"] == pytest.approx(columns["data_loss"] + columns["penalty"], rel=1e-6)
    assert (columns["penalty"] > 0).all()
    of.train_batch()
    second = of.drain_scalars()
    assert second.values[second.names.index("penalty")].tolist() == [0.0]


def test_somebody_elses_network_takes_those_of_weights_and_gradients() -> None:
    def own(**regularizers: Any) -> Trainer:
        torch.manual_seed(4)
        model = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
        batches = [(torch.randn(8, 2), torch.randn(8, 1)) for _ in range(4)]
        of = Trainer.from_parts(
            model=model,
            loss=F.mse_loss,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            batches=batches,
        )
        continuation(of, 3)
        if regularizers:
            of.apply({f"regularizers.{name}": numbers for name, numbers in regularizers.items()})
        return of

    plain = continuation(own(), 6)
    for name, numbers in (
        ("elastic_net", {"strength": 0.1}),
        ("weight_noise", {"sigma": 0.3}),
        ("max_norm", {"limit": 0.1}),
        ("gradient_clipping", {"method": "value", "max_value": 0.01}),
    ):
        of = own(**{name: numbers})
        assert continuation(of, 6) != plain
        of.undo()
        assert continuation(of, 6) == plain
    limited = own(max_norm={"limit": 0.1})
    limited.train_batch()
    assert (limited.model[0].weight.norm(dim=1) <= 0.1).all()  # type: ignore[index, union-attr]


def test_who_steps_through_a_batch_is_told_what_was_altered_and_cut() -> None:
    of = trainer(
        regularizers=[
            {"name": "mixup"},
            {"name": "input_noise"},
            {"name": "gradient_clipping", "method": "value", "max_value": 0.001},
        ]
    )
    teller, told = PhaseTeller(), {}
    for phase in of.phases():
        told[phase] = teller.tell(of, phase)
    assert "altered by input_noise, then mixup" in told["fetch"][1]
    values, words = told["clip"]
    assert values["clipped_norm"] < values["grad_norm"]
    assert words[0].startswith("numbers cut to ±0.001: norm")
    plain = trainer()
    for phase in plain.phases():
        if phase == "fetch":
            assert not any("altered" in line for line in PhaseTeller().tell(plain, phase)[1])
