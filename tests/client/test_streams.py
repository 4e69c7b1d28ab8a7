import asyncio
import socket

import pytest

from tests.client.peer import WELCOME, Peer
from tui_dl.client import EngineClient
from tui_dl.client.streams import SocketStream
from tui_dl.wire.messages import Noticed


async def test_any_pair_of_byte_streams_will_do() -> None:
    near, far = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=near)
    peer = Peer(*await asyncio.open_connection(sock=far))
    client, _ = await asyncio.gather(EngineClient.connect(reader, writer), peer.greet())
    async with client:
        assert client.welcome == WELCOME
        peer.say(Noticed("info", "x"))
        assert await anext(client.messages()) == Noticed("info", "x")
    await peer.close()


async def test_a_write_that_was_cut_short_goes_on_where_it_was() -> None:
    near, far = socket.socketpair()
    far.setblocking(False)
    stream, sent = SocketStream(near), bytes(range(256)) * 8000
    stream.write(sent)
    draining = asyncio.create_task(stream.drain())
    received = await asyncio.get_running_loop().sock_recv(far, 1000)
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    stream.write(b"end")
    draining = asyncio.create_task(stream.drain())
    while not received.endswith(b"end"):
        received += await asyncio.get_running_loop().sock_recv(far, 65536)
    await draining
    assert received == sent + b"end"
    stream.close()
    stream.close()
    far.close()
