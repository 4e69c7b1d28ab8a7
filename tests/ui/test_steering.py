import asyncio

import pytest

from tests.ui.fake_engine import FakeEngine, described, status
from tui_dl.errors import ChangeRefused
from tui_dl.ui.run_link import RunLink
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.steering import PACES_PER_S, Steering, next_pace
from tui_dl.wire.commands import AnyCommand, ApplyChange, Pause, Run, SetPace, TakeControl, Watch
from tui_dl.wire.messages import Answered


class Desk:
    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.model = RunModel()
        self.link = RunLink(self.engine.opening(), self.model.apply, lambda *_: None)
        self.steering = Steering(self.model, self.link)
        self.task = asyncio.create_task(self.link.follow())

    async def ready(self, state: str = "paused") -> "Desk":
        self.engine.post(described(), status(state, 10))
        while self.model.described is None or self.model.status.state != state:
            await asyncio.sleep(0)
        return self


async def test_space_pauses_what_runs_and_runs_what_rests() -> None:
    desk = await Desk().ready("running")
    await desk.steering.toggle_run()
    desk.model.apply(status("paused", 11))
    await desk.steering.toggle_run()
    assert desk.engine.commands == [Pause(), Run()]


async def test_nudges_go_on_from_each_other() -> None:
    desk = await Desk().ready()
    for _ in range(3):
        await desk.steering.nudge_rate(1)
    assert rates_given(desk) == [0.0011, 0.00121, 0.001331]


async def test_nudges_that_come_faster_than_answers_make_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await Desk().ready()
    answers, request = asyncio.Event(), desk.engine.request

    async def answer_later(command: AnyCommand) -> Answered:
        await answers.wait()
        return await request(command)

    monkeypatch.setattr(desk.engine, "request", answer_later)
    held = asyncio.gather(*(desk.steering.nudge_rate(1) for _ in range(300)), desk.steering.nudge_rate(-1))
    # All are pressed before the first answer: the tasks stand in the queue before this does.
    asyncio.get_running_loop().call_soon(answers.set)
    await held
    first, together = rates_given(desk)
    assert first == 0.0011
    assert together == pytest.approx(0.001 * 1.1**299, rel=1e-3)


def rates_given(desk: Desk) -> list[float]:
    return [command.change["optimizer.lr"] for command in desk.engine.given(ApplyChange)]


async def test_a_refused_nudge_is_forgotten() -> None:
    desk = await Desk().ready()
    desk.engine.refusal = ChangeRefused("not now")
    with pytest.raises(ChangeRefused):
        await desk.steering.nudge_rate(-1)
    desk.engine.refusal = None
    await desk.steering.nudge_rate(-1)
    assert rates_given(desk)[-1] == pytest.approx(0.001 / 1.1, rel=1e-4)


async def test_what_is_watched_is_told_once() -> None:
    desk = await Desk().ready()
    for _ in range(2):
        await desk.steering.watch(["layers"], 10.0)
    await desk.steering.watch(["task"], 10.0)
    assert [command.probes for command in desk.engine.given(Watch)] == [["layers"], ["task"]]
    assert desk.engine.given(Watch)[-1].background == ["layers", "histograms", "optimizer"]
    desk.steering.forget_watch()
    await desk.steering.watch(["task"], 10.0)
    assert len(desk.engine.given(Watch)) == 3


async def test_taking_control_makes_a_watcher_steer() -> None:
    desk = await Desk().ready()
    desk.model.controls = False
    await desk.steering.take_control()
    assert desk.model.can_steer
    assert desk.engine.commands == [TakeControl()]


async def test_the_pace_is_given_in_batches_per_second() -> None:
    desk = await Desk().ready()
    assert await desk.steering.change_pace(-1) == PACES_PER_S[-1]
    assert desk.engine.commands == [SetPace(PACES_PER_S[-1])]


def test_paces_go_from_one_to_flat_out_and_stay_there() -> None:
    seen = [1.0]
    while seen[-1]:
        seen.append(next_pace(seen[-1], 1))
    assert seen == [*PACES_PER_S, 0.0]
    assert next_pace(0.0, 1) == 0.0
    assert next_pace(1.0, -1) == 1.0
    assert next_pace(40.0, 1) == 50.0
    assert next_pace(40.0, -1) == 20.0
