"""The pair of byte streams that a client speaks through, and a Unix socket as one.

asyncio's own socket streams fit too, but lose what was received and not yet read as soon as a write fails:
the engine's last words, just when they matter. A socket read and written by itself delivers them to the end.
"""

import asyncio
import socket
from pathlib import Path
from typing import Protocol, final


class ByteSource(Protocol):
    """What an engine says; `asyncio.StreamReader` is one."""

    async def read(self, n: int, /) -> bytes:
        """At least one and at most n bytes, none at the end. Raises OSError."""
        ...


class ByteSink(Protocol):
    """What an engine is told; `asyncio.StreamWriter` is one."""

    def write(self, data: bytes, /) -> None:
        """Put bytes on their way."""
        ...

    async def drain(self) -> None:
        """Wait until there is room for more. Raises OSError."""
        ...

    def close(self) -> None:
        """End it."""
        ...

    async def wait_closed(self) -> None:
        """Wait until it has ended."""
        ...


@final
class SocketStream:
    """Both directions of a connected socket; closing it ends both."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._outgoing = bytearray()
        self._writing = asyncio.Lock()
        connection.setblocking(False)

    @classmethod
    async def open(cls, path: Path) -> "SocketStream":
        """Connect to a Unix socket. Raises OSError."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connection, str(path))
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    async def read(self, n: int, /) -> bytes:
        """As of `ByteSource`; an end that the other side made in haste is an end like any other."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._connection, n)
        except ConnectionResetError:
            return b""

    def write(self, data: bytes, /) -> None:
        """Add bytes to those that `drain` sends."""
        self._outgoing += data

    async def drain(self) -> None:
        """Send all that was written. Raises OSError.

        Cancelling it leaves the rest to the next call: half a frame would spoil all that follow.
        """
        async with self._writing:
            while self._outgoing:
                try:
                    sent = self._connection.send(self._outgoing)
                except BlockingIOError:
                    await self._writable()
                else:
                    del self._outgoing[:sent]

    def close(self) -> None:
        """End both directions at once."""
        if self._connection.fileno() >= 0:
            loop = asyncio.get_running_loop()
            # A wait that was cut short in this very moment may not have taken its watch away yet.
            loop.remove_reader(self._connection)
            loop.remove_writer(self._connection)
            self._connection.close()

    async def wait_closed(self) -> None:
        """Closing is immediate."""

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_writer(self._connection, wake)
        try:
            await ready
        finally:
            if self._connection.fileno() >= 0:
                loop.remove_writer(self._connection)
