"""The other end of a client's connection: speaks real frames over a socket pair, says what a test wants."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tui_dl.client import EngineClient
from tui_dl.client.streams import SocketStream
from tui_dl.wire.commands import Hello, Request
from tui_dl.wire.framing import FrameSplitter, decode_hello, decode_request, frame
from tui_dl.wire.messages import PROTOCOL, Answered, AnyMessage, Welcomed

WELCOME = Welcomed(PROTOCOL, "a-run", os.getpid(), "0.1.0", controls=True)


class Peer:
    """An engine's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._splitter = FrameSplitter()
        self._bodies: list[bytes] = []
        self.hello: Hello | None = None

    async def body(self) -> bytes:
        while not self._bodies:
            chunk = await self._reader.read(65536)
            assert chunk, "the client has gone"
            self._bodies = self._splitter.feed(chunk)
        return self._bodies.pop(0)

    async def greet(self, welcome: AnyMessage = WELCOME) -> None:
        self.hello = decode_hello(await self.body())
        self.say(welcome)

    async def request(self) -> Request:
        return decode_request(await self.body())

    def say(self, *messages: AnyMessage) -> None:
        for message in messages:
            self.writer.write(frame(message))

    def answer(self, request: Request, step: int = 0, error: str = "") -> None:
        self.say(Answered(request.id, step, error))

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@asynccontextmanager
async def streams() -> AsyncIterator[tuple[SocketStream, SocketStream, Peer]]:
    """A client's pair of streams and the peer at their other end."""
    near, far = socket.socketpair()
    stream = SocketStream(near)
    peer = Peer(*await asyncio.open_connection(sock=far))
    try:
        yield stream, stream, peer
    finally:
        stream.close()
        peer.writer.close()


@asynccontextmanager
async def connected(**arguments: Any) -> AsyncIterator[tuple[EngineClient, Peer]]:
    """A client and its peer after the handshake."""
    async with streams() as (reader, writer, peer):
        client, _ = await asyncio.gather(EngineClient.connect(reader, writer, **arguments), peer.greet())
        async with client:
            yield client, peer
