import asyncio
import tempfile
from pathlib import Path

import msgspec
import pytest

from tests.client.peer import WELCOME, connected, streams
from tui_dl.client import EngineClient, connect_unix
from tui_dl.errors import ConnectionLost, ProtocolError
from tui_dl.wire.commands import Hello
from tui_dl.wire.framing import frame
from tui_dl.wire.messages import PROTOCOL, Noticed


async def test_it_introduces_itself_and_is_welcomed() -> None:
    async with connected(client="ui", control=False, scalars="every_step", owner=True) as (client, peer):
        assert peer.hello == Hello(PROTOCOL, "ui", False, "every_step", True)
        assert client.welcome == WELCOME
        assert client.controls


async def test_what_comes_with_the_welcome_is_not_lost() -> None:
    async with streams() as (reader, writer, peer):
        peer.say(WELCOME, Noticed("info", "first"), Noticed("info", "second"))
        async with await EngineClient.connect(reader, writer) as client:
            messages = client.messages()
            assert await anext(messages) == Noticed("info", "first")
            assert await anext(messages) == Noticed("info", "second")
            await messages.aclose()


async def test_another_version_is_named() -> None:
    async with streams() as (reader, writer, peer):
        peer.say(msgspec.structs.replace(WELCOME, protocol=99, version="7.0"))
        with pytest.raises(ProtocolError, match=f"tui-dl 7.0.* protocol 99, this program {PROTOCOL}"):
            await EngineClient.connect(reader, writer)
        with pytest.raises(OSError, match="descriptor"):
            await reader.read(1)


async def test_a_refusal_is_passed_on() -> None:
    async with streams() as (reader, writer, peer):
        peer.say(msgspec.structs.replace(WELCOME, refused="the run is owned by another"))
        with pytest.raises(ProtocolError, match="owned by another"):
            await EngineClient.connect(reader, writer)


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\n\r\n", frame(Noticed("info", "hi")), frame(Hello(1, "x")), b"\x00\x00\x00\x02{}"],
    ids=["http", "another message", "a hello", "json"],
)
async def test_what_is_no_engine_is_refused(said: bytes) -> None:
    async with streams() as (reader, writer, peer):
        peer.writer.write(said)
        with pytest.raises(ProtocolError):
            await EngineClient.connect(reader, writer)


@pytest.mark.parametrize("said", [b"", b"\x00\x00"], ids=["nothing", "half a length"])
async def test_an_engine_that_ends_first_is_lost(said: bytes) -> None:
    async with streams() as (reader, writer, peer):
        peer.writer.write(said)
        await peer.close()
        with pytest.raises(ConnectionLost, match="ended before"):
            await EngineClient.connect(reader, writer)


async def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(ConnectionLost, match=r"nothing\.sock"):
        await connect_unix(tmp_path / "nothing.sock")


async def test_through_a_unix_socket() -> None:
    async def welcome(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(WELCOME))
        await writer.drain()
        writer.close()

    with tempfile.TemporaryDirectory(prefix="tdl", dir="/tmp") as folder:
        path = Path(folder) / "engine.sock"
        async with await asyncio.start_unix_server(welcome, path):
            client = await connect_unix(path)
            assert client.welcome == WELCOME
            await client.close()
