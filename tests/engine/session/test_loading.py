"""Data that is downloaded first: told to whoever looks on, ended by a stop, refused in a change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.data.served import Server, mnist_files, remote_set, serving
from tests.engine.session_bench import BASE, Driver, experiment
from tui_dl.components.data import download
from tui_dl.engine.serving.inbox import Inbox, Ticket
from tui_dl.engine.session.loading import StoppedWhileLoading, have_data
from tui_dl.errors import NotAvailable
from tui_dl.launcher import start
from tui_dl.spec.data import Mnist
from tui_dl.wire.commands import ApplyChange, Stop
from tui_dl.wire.messages import StatusChanged


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """MNIST's files on loopback; an empty cache."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("TUI_DL_HOME", str(tmp_path))
    with serving(mnist_files()) as server:
        monkeypatch.setattr(download, "REMOTE_SETS", {"mnist": remote_set(server.files, server.address)})
        yield server


def test_it_is_told_now_and_then(server: Server) -> None:
    times = iter(range(1000))
    said: list[str] = []
    have_data(Mnist(), Inbox(), said.append, clock=lambda: next(times) / 10)
    assert all(words.startswith("downloading mnist, ") for words in said)
    assert 1 < len(said) < len(server.files) * 3
    said.clear()
    have_data(Mnist(), Inbox(), said.append)
    assert not said


def test_a_stop_ends_it(server: Server) -> None:
    inbox = Inbox()
    inbox.post(Ticket(Stop("interrupted", keep=False), 3, 7))
    with pytest.raises(StoppedWhileLoading) as caught:
        have_data(Mnist(), inbox, lambda _: None)
    assert (caught.value.reason, caught.value.keep, caught.value.ticket.request) == ("interrupted", False, 7)
    assert not server.asked


CHANGE = ApplyChange({"data": {"name": "mnist", "validation_share": 0.2}})


def test_a_run_can_go_over_to_it(server: Server) -> None:
    driver = Driver(experiment())
    answer = driver.tell(CHANGE)
    assert answer is not None
    assert not answer.error
    assert driver.session.splits.input_shape == (28, 28)
    told = [status.detail for status in driver.sink.of(StatusChanged)]
    assert any(detail.startswith("downloading mnist") for detail in told)
    assert told[-1] == ""


def test_a_change_to_data_that_cannot_be_had_is_refused(server: Server) -> None:
    server.files.clear()
    driver = Driver(experiment())
    before = driver.session.experiment
    answer = driver.tell(CHANGE)
    assert answer is not None
    assert "was answered with 404" in answer.error
    assert driver.session.experiment == before
    assert driver.session.splits.input_shape == (2,)


async def test_an_engine_says_how_far_it_is_and_why_it_cannot_go_on(server: Server) -> None:
    """The files are not those that were published, so their checksums are wrong."""
    server.may_answer.clear()
    base = BASE.replace('name = "moons"\nsamples = 100', f'name = "mnist"\nmirror = "{server.address}"')
    engine = start(experiment(base=base), paused=True)
    client = await engine.connect()
    try:
        async for message in client.messages():
            if isinstance(message, StatusChanged) and message.detail.startswith("downloading"):
                assert message.state == "starting"
                assert message.detail == "downloading mnist, 0.0 of 11.6 MB (0%)"
                break
        server.may_answer.set()
        with pytest.raises(NotAvailable, match="has the wrong checksum"):
            await client.step(1)
    finally:
        server.may_answer.set()
        await client.close()
    assert await engine.ended(30.0)
    assert engine.process is not None
    assert engine.process.returncode == 3
