import asyncio
from typing import Any

import pytest

from tests.client.peer import connected
from tui_dl.errors import (
    ChangeRefused,
    ConnectionLost,
    EngineFailed,
    NotAvailable,
    ProtocolError,
    TuiDlError,
)
from tui_dl.wire.commands import (
    ApplyChange,
    Evaluate,
    MeasureMetrics,
    Pause,
    PlanChange,
    Request,
    Restart,
    Run,
    SetPace,
    Step,
    Stop,
    Undo,
)
from tui_dl.wire.messages import (
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    MetricsMeasured,
    Noticed,
    PlanMade,
    RunFailed,
    RunFinished,
    StatusChanged,
)
from tui_dl.wire.plans import Plan, Receipt

CHANGE = {"model.activation": "tanh"}


async def test_a_request_returns_when_it_is_answered() -> None:
    async with connected() as (client, peer):
        stepping = asyncio.create_task(client.step(10))
        request = await peer.request()
        assert request.command == Step(10)
        assert not stepping.done()
        peer.answer(request, step=10)
        assert await stepping == 10


async def test_answers_find_their_requests_in_any_order() -> None:
    async with connected() as (client, peer):
        tasks = [asyncio.create_task(client.request(command)) for command in (Run(), Pause(), SetPace(5.0))]
        requests = [await peer.request() for _ in tasks]
        assert len({request.id for request in requests}) == 3
        for request in reversed(requests):
            peer.answer(request, step=request.id)
        assert [(await task).step for task in tasks] == [request.id for request in requests]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (ApplyChange(CHANGE), ChangeRefused),
        (PlanChange(CHANGE), ChangeRefused),
        (Undo(), ChangeRefused),
        (Restart(), ChangeRefused),
        (SetPace(-1.0), TuiDlError),
    ],
)
async def test_a_refusal_is_raised(command: Any, error: type[TuiDlError]) -> None:
    async with connected() as (client, peer):
        task = asyncio.create_task(client.request(command))
        peer.answer(await peer.request(), error="no: this and that is allowed")
        with pytest.raises(TuiDlError, match="this and that") as raised:
            await task
        assert type(raised.value) is error


PLAN, RECEIPT = Plan(CHANGE, kept=("layers.0.weight",)), Receipt(7, 0, CHANGE, kept=("layers.0.weight",))
OUTCOMES: dict[str, tuple[Any, Any, Any]] = {
    "plan": (lambda client: client.plan(CHANGE), PlanMade(PLAN), PLAN),
    "apply": (lambda client: client.apply(CHANGE, "fresh", 5), ChangeApplied(RECEIPT), RECEIPT),
    "undo": (lambda client: client.undo(), ChangeUndone(1, 5, 0, 7, "x"), ChangeUndone(1, 5, 0, 7, "x")),
    "evaluate": (
        lambda client: client.evaluate("train"),
        EvaluationRecorded(0, 7, 0, "train", {"loss": 0.5}),
        EvaluationRecorded(0, 7, 0, "train", {"loss": 0.5}),
    ),
    "measure": (
        lambda client: client.measure(["lr"]),
        MetricsMeasured(7, {"lr": 0.1}),
        MetricsMeasured(7, {"lr": 0.1}),
    ),
}


@pytest.mark.parametrize("outcome_first", [True, False], ids=["outcome first", "answer first"])
@pytest.mark.parametrize("name", OUTCOMES)
async def test_an_outcome_is_returned(name: str, outcome_first: bool) -> None:
    ask, outcome, expected = OUTCOMES[name]
    async with connected() as (client, peer):
        task = asyncio.create_task(ask(client))
        request = await peer.request()
        if outcome_first:
            peer.say(outcome)
        peer.answer(request, step=7)
        if not outcome_first:
            peer.say(outcome)
        assert await task == expected


async def test_plans_are_told_apart_though_one_is_refused_and_one_forgotten() -> None:
    async with connected() as (client, peer):
        plans = [asyncio.create_task(client.plan({"optimizer.lr": rate})) for rate in (0.1, 0.2, 0.3)]
        refused, forgotten, wanted = [await peer.request() for _ in plans]
        plans[1].cancel()
        peer.answer(refused, error="no")
        peer.say(PlanMade(Plan({"optimizer.lr": 0.2})))
        peer.answer(forgotten)
        peer.say(PlanMade(Plan({"optimizer.lr": 0.3})))
        peer.answer(wanted)
        assert (await plans[2]).change == {"optimizer.lr": 0.3}
        with pytest.raises(ChangeRefused):
            await plans[0]


async def test_a_scripts_change_is_not_mistaken_for_ones_own() -> None:
    async with connected() as (client, peer):
        task = asyncio.create_task(client.apply(CHANGE))
        request = await peer.request()
        peer.say(ChangeApplied(Receipt(1, 0, {"optimizer.lr": 1.0}, source="script")))
        peer.say(ChangeApplied(RECEIPT))
        peer.answer(request)
        assert await task == RECEIPT


async def test_only_plans_and_measurements_are_private() -> None:
    async with connected() as (client, peer):
        tasks = [
            asyncio.create_task(ask)
            for ask in (
                client.plan(CHANGE),
                client.measure(["lr"]),
                client.apply(CHANGE),
                client.evaluate("train"),
            )
        ]
        for task, outcome in zip(tasks, ("plan", "measure", "apply", "evaluate"), strict=True):
            request = await peer.request()
            peer.say(OUTCOMES[outcome][1])
            peer.answer(request)
            await task
        peer.say(Noticed("info", "end"))
        messages = client.messages()
        assert [await anext(messages) for _ in range(3)] == [
            OUTCOMES["apply"][1],
            OUTCOMES["evaluate"][1],
            Noticed("info", "end"),
        ]
        await messages.aclose()


async def test_the_commands_carry_their_arguments() -> None:
    async with connected() as (client, peer):
        calls = [
            (client.run(50, until_epoch_end=True), Run(50, True)),
            (client.pause(), Pause()),
            (client.apply(CHANGE, "calibrate", 9), ApplyChange(CHANGE, "calibrate", 9)),
            (client.plan(CHANGE, "fresh", 3), PlanChange(CHANGE, "fresh", 3)),
            (client.evaluate(), Evaluate("validation")),
            (client.measure(("lr", "gap.loss")), MeasureMetrics(["lr", "gap.loss"])),
        ]
        for call, command in calls:
            task = asyncio.ensure_future(call)
            request = await peer.request()
            assert request.command == command
            peer.answer(request, error="enough")
            with pytest.raises(TuiDlError, match="enough"):
                await task


async def test_a_lost_engine_ends_every_request() -> None:
    async with connected() as (client, peer):
        tasks = [asyncio.create_task(ask) for ask in (client.step(5), client.plan(CHANGE))]
        for _ in tasks:
            await peer.request()
        await peer.close()
        for task in tasks:
            with pytest.raises(ConnectionLost):
                await task
        with pytest.raises(ConnectionLost):
            await client.pause()


@pytest.mark.parametrize(("code", "error"), [(1, EngineFailed), (3, NotAvailable)])
async def test_what_a_failing_engine_said_is_the_reason(code: int, error: type[TuiDlError]) -> None:
    async with connected() as (client, peer):
        task = asyncio.create_task(client.step())
        await peer.request()
        peer.say(RunFailed("CUDA is not here", code))
        await peer.close()
        with pytest.raises(error, match="CUDA is not here"):
            await task


async def test_garbage_ends_every_request() -> None:
    async with connected() as (client, peer):
        task = asyncio.create_task(client.step())
        await peer.request()
        peer.writer.write(b"\x00\x00\x00\x03abc")
        with pytest.raises(ProtocolError):
            await task
        with pytest.raises(ProtocolError):
            await anext(client.messages())


async def test_an_unknown_answer_is_ignored() -> None:
    async with connected() as (client, peer):
        task = asyncio.create_task(client.pause())
        request = await peer.request()
        peer.say(PlanMade(PLAN))
        peer.answer(Request(999, request.command), step=1)
        peer.answer(request, step=2)
        assert await task == 2


@pytest.mark.parametrize("answers", [True, False])
async def test_stopping_waits_for_the_end(answers: bool) -> None:
    async with connected() as (client, peer):
        stopping = asyncio.create_task(client.stop("interrupted", keep=False))
        request = await peer.request()
        assert request.command == Stop("interrupted", False)
        peer.say(RunFinished("interrupted", 5))
        if answers:
            peer.answer(request, 5)
        await peer.writer.drain()
        assert not stopping.done()
        await peer.close()
        await stopping
        await client.stop()
        assert [message async for message in client.messages()] == [RunFinished("interrupted", 5)]


async def test_an_engine_that_dies_while_it_should_stop_is_lost() -> None:
    async with connected() as (client, peer):
        stopping = asyncio.create_task(client.stop())
        await peer.request()
        peer.say(StatusChanged("running"))
        await peer.close()
        with pytest.raises(ConnectionLost):
            await stopping
