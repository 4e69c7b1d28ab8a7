"""The two queues between the threads, and how many threads torch gets."""

import threading

import pytest
import torch
from torch import nn

from tui_dl.engine.serving.inbox import Inbox, Ticket
from tui_dl.engine.serving.outbox import Outbox, ToAll, ToOne
from tui_dl.engine.session.threads import physical_cores, set_threads
from tui_dl.spec.training import Training
from tui_dl.wire.commands import Pause, Run
from tui_dl.wire.messages import Noticed


def test_the_reader_is_woken_once_for_all_that_piled_up() -> None:
    woken: list[int] = []
    outbox = Outbox(lambda: woken.append(1))
    for number in range(5):
        outbox.publish(Noticed("info", str(number)))
    outbox.reply(3, Noticed("info", "private"))
    assert len(woken) == 1
    taken = outbox.take()
    assert [each.message.text for each in taken if isinstance(each, ToAll)] == list("01234")  # type: ignore[attr-defined]
    assert taken[-1] == ToOne(3, Noticed("info", "private"))
    assert outbox.take() == []
    outbox.publish(Noticed("info", "more"))
    assert len(woken) == 2


def test_nothing_is_lost_between_two_threads() -> None:
    ready = threading.Event()
    outbox = Outbox(ready.set)
    total, got = 20_000, list[str]()

    def write() -> None:
        for number in range(total):
            outbox.publish(Noticed("info", str(number)))

    writer = threading.Thread(target=write)
    writer.start()
    while len(got) < total:
        assert ready.wait(20.0)
        ready.clear()
        got += [each.message.text for each in outbox.take() if isinstance(each, ToAll)]  # type: ignore[attr-defined]
    writer.join()
    assert got == [str(number) for number in range(total)]


def test_a_command_wakes_whoever_waits_and_keeps_its_place() -> None:
    inbox = Inbox()
    inbox.post(Ticket(Run()))
    inbox.wait(None)
    threading.Timer(0.0, lambda: inbox.post(Ticket(Pause()))).start()
    while len(inbox.tickets) < 2:
        inbox.wait(0.001)
    assert [type(ticket.command) for ticket in inbox.tickets] == [Run, Pause]


@pytest.fixture
def threads_restored() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads_restored")
def test_small_batches_get_one_thread_and_a_wish_is_heard() -> None:
    small, large = nn.Linear(64, 64), nn.Linear(2000, 2000)
    torch.set_num_threads(2)
    assert set_threads(small, Training(), 64, (64,)) == 1
    assert torch.get_num_threads() == 1
    torch.set_num_threads(2)
    assert set_threads(large, Training(), 64, (2000,)) == min(physical_cores(), 2)
    # Its 9 weights are used at each of 16,384 places.
    picture = nn.Conv2d(1, 1, 3)
    assert set_threads(picture, Training(), 64, (1, 130, 130)) == min(physical_cores(), 2)
    assert set_threads(small, Training(threads=2), 64, (64,)) == 2
    assert torch.get_num_threads() == 2
    assert physical_cores() >= 1
