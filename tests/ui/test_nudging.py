import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tui_dl.errors import ChangeRefused
from tui_dl.spec.change import apply_change
from tui_dl.spec.preset import load_preset
from tui_dl.ui.nudging import Nudging, find_setting
from tui_dl.ui.run_model import RunModel

EXPERIMENT = load_preset("digits-mlp", {"regularizers": ["l2", "dropout"], "model.activation": "leaky_relu"})


class Desk:
    """Takes changes as an engine would, but answers only when it is told to."""

    def __init__(self) -> None:
        self.model = RunModel(experiment=EXPERIMENT)
        self.given: list[dict[str, Any]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.nudging = Nudging(self.model, self.apply)

    async def apply(self, change: Mapping[str, Any]) -> None:
        await self.may_answer.wait()
        self.given.append(dict(change))
        assert self.model.experiment is not None
        self.model.experiment = apply_change(self.model.experiment, change)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("optimizer.beta1", 0.92),
        ("regularizers.l2.strength", 1.1e-4),
        ("regularizers.dropout.p", 0.55),
        ("model.activation.negative_slope", 0.06),
        ("training.batch_size", 128),
        ("optimizer.amsgrad", True),
    ],
)
async def test_any_setting_is_moved_through_the_ordinary_door(path: str, wanted: Any) -> None:
    desk = Desk()
    await desk.nudging.nudge(path, 1)
    assert list(desk.given[0]) == [path]
    assert desk.given[0][path] == pytest.approx(wanted)


async def test_presses_that_come_faster_than_answers_make_few_changes() -> None:
    desk = Desk()
    desk.may_answer.clear()
    held = asyncio.gather(*(desk.nudging.nudge("regularizers.dropout.p", 1) for _ in range(5)))
    await asyncio.sleep(0)
    desk.may_answer.set()
    await held
    assert [change["regularizers.dropout.p"] for change in desk.given] == pytest.approx([0.55, 0.75])


async def test_two_settings_do_not_wait_for_each_other() -> None:
    desk = Desk()
    await asyncio.gather(desk.nudging.nudge("optimizer.lr", 1), desk.nudging.nudge("training.batch_size", 1))
    assert len(desk.given) == 2


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("model.hidden", "starts over"),
        ("data.validation_share", "starts over"),
        ("training.threads", "starts over"),
        ("regularizers.l1.strength", "no setting of what runs now"),
        ("optimizer.momentum", "no setting of what runs now"),
    ],
)
async def test_what_cannot_be_moved_is_refused_in_words_and_nothing_is_given(path: str, words: str) -> None:
    desk = Desk()
    with pytest.raises(ChangeRefused, match=words):
        await desk.nudging.nudge(path, 1)
    assert desk.given == []


async def test_at_its_bound_it_says_so() -> None:
    desk = Desk()
    await desk.nudging.nudge("regularizers.dropout.p", 100)
    with pytest.raises(ChangeRefused, match="goes no further"):
        await desk.nudging.nudge("regularizers.dropout.p", 1)


def test_a_setting_is_found_with_its_value() -> None:
    field, value = find_setting(EXPERIMENT, "regularizers.dropout.p")
    assert (field.name, value) == ("p", 0.5)
