"""Changes of networks that take images: norms, skip connections, and data they have no use for."""

import pytest

from tests.engine.plain_loop import (
    continuation,
    trainer,
)
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused, SpecError
from tui_dl.spec.preset import from_toml


def test_a_cnn_is_refused_where_samples_are_no_images() -> None:
    with pytest.raises(SpecError, match="cnn takes images"):
        trainer(model="cnn")


IMAGES = """
[data]
name = "digits"
[model]
name = "cnn"
channels = [3, 4]
kernel = 3
hidden = [6]
[training]
batch_size = 64
"""


def test_a_preserving_batch_norm_of_images_computes_the_same_in_eval_mode() -> None:
    of = Trainer(from_toml(IMAGES, "images"))
    continuation(of, 5)
    before = of.evaluate()
    receipt = of.apply({"regularizers.batch_norm.insertion": "preserving"})
    assert receipt.converted == ("norms.0", "norms.1", "norms.2")
    assert [type(norm).__name__ for norm in of.model.norms] == [*["BatchNorm2d"] * 2, "BatchNorm1d"]  # type: ignore[union-attr]
    assert of.evaluate()["loss"] == pytest.approx(before["loss"], abs=1e-5)
    continuation(of, 3)
    of.undo()
    assert of.evaluate() == before


def test_skip_connections_are_switched_with_all_weights_kept() -> None:
    of = Trainer(from_toml(IMAGES, "images", {"model": {"name": "resnet", "width": 3}}))
    continuation(of, 3)
    never = Trainer(of.experiment)  # type: ignore[arg-type]
    continuation(never, 3)
    before, kept = of.evaluate(), list(of.model.parameters())
    receipt = of.apply({"model.skip": False})
    assert receipt.reset == ()
    assert "weights" in receipt.kept
    assert of.evaluate() != before
    assert all(one is other for one, other in zip(kept, of.model.parameters(), strict=True))
    twin = Trainer(never.experiment)  # type: ignore[arg-type]
    twin.load_state_dict(of.state_dict())
    assert continuation(of, 3) == continuation(twin, 3)
    of.undo()
    assert of.evaluate() == before
    assert continuation(of, 3) == continuation(never, 3)


def test_a_model_that_can_t_take_the_data_is_refused_and_the_run_goes_on() -> None:
    of, never = (Trainer(from_toml(IMAGES, "images")) for _ in range(2))
    for change in ({"model.channels": [2, 2, 2, 2]}, {"data": "moons"}):
        for refuse in (of.plan, of.apply):
            with pytest.raises(ChangeRefused, match=r"halved 4 times|cnn takes images"):
                refuse(change)
    assert continuation(of, 3) == continuation(never, 3)
