import contextlib
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.values import COMMANDS, MESSAGES, structs
from tui_dl.errors import ProtocolError
from tui_dl.wire.commands import Hello, Pause, Request
from tui_dl.wire.framing import (
    MAX_FRAME_BYTES,
    FrameSplitter,
    decode_hello,
    decode_message,
    decode_request,
    frame,
)
from tui_dl.wire.messages import Answered, Noticed

FEW = settings(max_examples=25)


def body_of(framed: bytes) -> bytes:
    (body,) = FrameSplitter().feed(framed)
    return body


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@FEW
@given(data=st.data())
def test_every_message_comes_back_equal(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    message = data.draw(structs(kind))
    assert decode_message(body_of(frame(message))) == message


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
@FEW
@given(data=st.data())
def test_every_command_comes_back_equal(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    request = Request(data.draw(st.integers(0, 2**63 - 1)), data.draw(structs(kind)))
    assert decode_request(body_of(frame(request))) == request


@FEW
@given(structs(Hello))
def test_a_hello_comes_back_equal(hello: Hello) -> None:
    assert decode_hello(body_of(frame(hello))) == hello


def test_no_two_messages_or_commands_share_a_tag() -> None:
    for kinds in (MESSAGES, COMMANDS):
        tags = [kind.__struct_config__.tag for kind in kinds]
        assert len(set(tags)) == len(tags)
        assert all(isinstance(tag, str) for tag in tags)


@given(st.lists(st.sampled_from(["", "a", "b" * 300]), max_size=8), st.data())
def test_frames_survive_any_cutting(texts: list[str], data: st.DataObject) -> None:
    stream = b"".join(frame(Noticed("info", text)) for text in texts)
    splitter, bodies = FrameSplitter(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        bodies += splitter.feed(stream[:size])
        stream = stream[size:]
    assert [decode_message(body) for body in bodies] == [Noticed("info", text) for text in texts]


@given(st.binary(max_size=200))
def test_a_stream_of_garbage_is_a_protocol_error_or_waits_for_more(garbage: bytes) -> None:
    splitter = FrameSplitter()
    with contextlib.suppress(ProtocolError):
        for body in splitter.feed(garbage) + splitter.feed(garbage):
            decode_message(body)


@given(st.binary(min_size=1, max_size=300), st.sampled_from([decode_message, decode_request, decode_hello]))
def test_a_body_of_garbage_never_raises_anything_else(body: bytes, decode: Any) -> None:
    try:
        value = decode(body)
    except ProtocolError:
        return
    assert isinstance(value, msgspec.Struct)


@pytest.mark.parametrize("cut", [0, 1, 5, -1])
def test_a_truncated_body_is_a_protocol_error(cut: int) -> None:
    body = body_of(frame(Request(7, Pause())))
    with pytest.raises(ProtocolError):
        decode_request(body[:cut])


def test_a_truncated_frame_waits_and_then_completes() -> None:
    framed, splitter = frame(Answered(1, 2)), FrameSplitter()
    assert splitter.feed(framed[:-1]) == []
    assert [decode_message(body) for body in splitter.feed(framed[-1:])] == [Answered(1, 2)]


def test_an_oversized_claim_is_refused_before_it_is_buffered() -> None:
    with pytest.raises(ProtocolError, match="not the protocol"):
        FrameSplitter().feed(struct.pack(">I", MAX_FRAME_BYTES + 1))


def test_an_oversized_message_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="over the limit"):
        frame(Noticed("info", "x" * MAX_FRAME_BYTES))


def test_http_on_the_socket_is_refused() -> None:
    with pytest.raises(ProtocolError):
        FrameSplitter().feed(b"GET / HTTP/1.1\r\n\r\n")


def test_deep_nesting_is_a_protocol_error() -> None:
    # The change of a plan is a mapping of anything: fixarray of one element, a hundred thousand deep.
    body = msgspec.msgpack.encode({"id": 1, "command": {"type": "plan_change", "change": {"a": 0}}})
    with pytest.raises(ProtocolError):
        decode_request(body[:-1] + b"\x91" * 100_000 + b"\x00")
