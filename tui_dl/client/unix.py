"""Connects a client through a Unix socket; the only place that knows that there is one."""

from pathlib import Path
from typing import Literal

from tui_dl.client.engine_client import EngineClient
from tui_dl.client.streams import SocketStream
from tui_dl.errors import ConnectionLost


async def connect_unix(
    path: Path,
    *,
    client: str = "python",
    control: bool = True,
    scalars: Literal["bounded", "every_step"] = "bounded",
    owner: bool = False,
    keep: bool = True,
    past_readings: bool = False,
) -> EngineClient:
    """Connect to the engine that listens at `path`, as `EngineClient.connect` does.

    Raises ConnectionLost if nobody listens there, and what `EngineClient.connect` raises.
    """
    try:
        stream = await SocketStream.open(path)
    except OSError as error:
        raise ConnectionLost(f"{path}: no engine answers there ({error.strerror or error})") from error
    return await EngineClient.connect(
        stream,
        stream,
        client=client,
        control=control,
        scalars=scalars,
        owner=owner,
        keep=keep,
        past_readings=past_readings,
    )
