"""Frames on the byte stream: four bytes of length, big-endian, then one msgpack object."""

import struct
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from tui_dl.errors import ProtocolError
from tui_dl.wire.commands import Hello, Request
from tui_dl.wire.messages import AnyMessage, Message

MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
_encoder: Final = msgspec.msgpack.Encoder()
_message_decoder: Final[msgspec.msgpack.Decoder[AnyMessage]] = msgspec.msgpack.Decoder(AnyMessage)
_request_decoder: Final = msgspec.msgpack.Decoder(Request)
_hello_decoder: Final = msgspec.msgpack.Decoder(Hello)
_T = TypeVar("_T")


def frame(value: Message | Request | Hello) -> bytes:
    """Encode one object with its length before it."""
    return _framed(_encoder.encode(value))


def _framed(body: bytes) -> bytes:
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(body)) + body


class _PastFrames(msgspec.Struct, frozen=True, tag_field="type", tag="past_readings"):
    """`PastReadings` of readings that are encoded already."""

    readings: list[msgspec.Raw]
    is_first: bool


def frame_of_past(frames: Iterable[bytes], *, is_first: bool) -> bytes:
    """Frame a `PastReadings` of frames of `ReadingTaken`: they are copied as they are."""
    readings = [msgspec.Raw(each[_LENGTH.size :]) for each in frames]
    return _framed(_encoder.encode(_PastFrames(readings, is_first)))


class FrameSplitter:
    """Turns received chunks of any size into whole frame bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Bodies completed by this chunk. Raises ProtocolError on an impossible length."""
        self._buffer += chunk
        bodies = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME_BYTES:
                raise ProtocolError(f"a frame claims {length} bytes: this is not the protocol")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            bodies.append(bytes(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return bodies


def decode_message(body: bytes) -> AnyMessage:
    """What an engine said. Raises ProtocolError on anything else."""
    return _decode(_message_decoder, body)


def decode_request(body: bytes) -> Request:
    """What a client asks. Raises ProtocolError on anything else."""
    return _decode(_request_decoder, body)


def decode_hello(body: bytes) -> Hello:
    """A client's first frame. Raises ProtocolError on anything else."""
    return _decode(_hello_decoder, body)


def _decode(decoder: "msgspec.msgpack.Decoder[_T]", body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"a frame could not be read: {error}") from error
