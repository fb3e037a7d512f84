"""What strangers may send: bodies of any length, cut anywhere, framed in ways that HTTP allows or does not.

What passes is whole, and the event has of it what the limits say.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1, http2
from .support.configuration import raw_upstream
from .support.upstreams import Connection, Peer, Upstream, sending
from .support.watched import Event, Proxy, Watched

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

#: With every kind of line end, letters of two to four bytes, and an event that is not ended.
SSE = (
    'data: {"content": "Grüße, 世界 🌍"}\n\n: ping\r\n\r\nevent: a\rdata: 1\r\rid: 7\ndata: x\ndata: y\n\n'
    'data: {"usage": {"prompt_tokens": 5, "completion_tokens": 7}}\n\ndata: [DONE]\n\ndata: cut'
).encode()

HEAD, TAIL = 5, 3


@pytest.fixture(scope="module")
def proxy(watched: Watched, raw: Upstream[Peer]) -> Iterator[Proxy]:
    """All paths lead to the upstream; `main` keeps whole what is sent here, and `small` nearly nothing."""

    def listener(**capture: object) -> bootstrap.Message:
        return bootstrap.listener(
            free_port(),
            [bootstrap.route("to-raw", "raw")],
            [watched.filter(capture=capture)],
            delayed_close_timeout="0.1s",
            http_protocol_options={"enable_trailers": True},
            http2_protocol_options={"max_consecutive_inbound_frames_with_empty_payload": 1000},
        )

    limits = {"head": HEAD, "tail": TAIL}
    listeners = {"main": listener(), "small": listener(request_body=limits, response_body=limits)}
    with watched.envoy(listeners, [raw_upstream(raw.port)]) as running:
        yield running


@pytest.fixture(autouse=True)
async def unharmed(proxy: Proxy, raw: Upstream[Peer]) -> AsyncIterator[None]:
    """After each test Envoy serves, and the filter has lost nothing."""
    yield
    async with http1.connect(proxy.port()) as client:
        await client.request(raw.at(sending(OK)))
        assert (await client.answer()).body == b"ok"
    proxy.assert_healthy()


def kept(event: Event, side: str) -> tuple[bytes, bytes]:
    """Head and tail of a body, as bytes."""
    body = event[side]["body"]
    decode = base64.b64decode if body["encoding"] == "base64" else str.encode
    return decode(body["head"]), decode(body["tail"])


def limited(body: bytes) -> tuple[bytes, bytes]:
    """What the small limits keep of a body."""
    return (body, b"") if len(body) <= HEAD + TAIL else (body[:HEAD], body[-TAIL:])


def framed(part: bytes) -> bytes:
    """A chunk of HTTP/1.1."""
    return b"%x\r\n%s\r\n" % (len(part), part)


class InStep:
    """An upstream that sends the next part of its answer when the client has the one before."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts
        self._go_on = asyncio.Semaphore(0)

    def client_has_it(self) -> None:
        """Say so."""
        self._go_on.release()

    async def __call__(self, upstream: Connection) -> None:
        """Have one exchange."""
        await upstream.send(CHUNKED)
        for part in self._parts:
            await upstream.send(framed(part))
            await self._go_on.acquire()
        await upstream.send(b"0\r\n\r\n")


async def receive_in_step(client: http1.Client, raw: Upstream[Peer], parts: Sequence[bytes]) -> str:
    """Have the parts sent one by one, each on its own; return the path."""
    peer = InStep(parts)
    path = raw.at(peer)
    await client.request(path)
    assert (await client.head()).startswith(b"HTTP/1.1 200")
    for part in parts:
        assert await client.reader.readexactly(len(framed(part))) == framed(part)
        peer.client_has_it()
    assert await client.reader.readexactly(5) == b"0\r\n\r\n"
    return path


# --- cut anywhere ---------------------------------------------------------------------------------------------------


async def test_a_stream_cut_in_two_anywhere_is_kept_whole(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    async with http1.connect(proxy.port()) as client:
        cuts = range(1, len(SSE))
        paths = [await receive_in_step(client, raw, [SSE[:cut], SSE[cut:]]) for cut in cuts]
    for path in paths:
        event = await watched.event(path=path)
        assert (event["response"]["chunks"], kept(event, "response")) == (2, (SSE, b""))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_a_stream_cut_into_small_parts_is_kept_whole(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, size: int
) -> None:
    parts = [SSE[at : at + size] for at in range(0, len(SSE), size)]
    async with http1.connect(proxy.port()) as client:
        path = await receive_in_step(client, raw, parts)
    event = await watched.event(path=path)
    assert (event["response"]["chunks"], kept(event, "response")) == (len(parts), (SSE, b""))


@pytest.mark.parametrize("size", range(1, HEAD + TAIL + 4))
async def test_a_body_of_any_size_around_the_limits_cut_anywhere_is_kept_within_them(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, size: int
) -> None:
    body = b"abcdefghijklmnop"[:size]
    cuts = [(first, second) for first in range(1, size + 1) for second in range(first, size + 1)]
    splits = [[part for part in (body[:a], body[a:b], body[b:]) if part] for a, b in cuts]
    async with http1.connect(proxy.port("small")) as client:
        paths = [await receive_in_step(client, raw, parts) for parts in splits]
    for path in paths:
        event = await watched.event(path=path)
        assert (event["response"]["body"]["size"], kept(event, "response")) == (size, limited(body))


@pytest.mark.parametrize("size", range(1, HEAD + TAIL + 4))
async def test_a_request_of_any_size_around_the_limits_is_kept_within_them(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, size: int
) -> None:
    body = b"abcdefghijklmnop"[:size]

    async def take(upstream: Connection) -> None:
        received = 0
        while received < size:
            await upstream.reader.readuntil(b"\r\n")
            received += len(await upstream.reader.readuntil(b"\r\n")) - 2
            has_it.release()
        await upstream.reader.readuntil(b"0\r\n\r\n")
        await upstream.send(OK)

    paths = []
    async with http2.connect(proxy.port("small")) as client:
        for cut in range(1, size + 1):
            has_it = asyncio.Semaphore(0)
            paths.append(raw.at(take))
            stream = await client.request(paths[-1], method="POST", last=False)
            for part in filter(None, (body[:cut], body[cut:])):
                await client.data(stream, part)
                await has_it.acquire()
            await client.data(stream, b"", last=True)
            assert (await client.answer(stream)).body == b"ok"
    for path in paths:
        event = await watched.event(path=path)
        assert (event["request"]["body"]["size"], kept(event, "request")) == (size, limited(body))


# --- framed oddly ---------------------------------------------------------------------------------------------------


async def test_chunks_with_extensions_and_trailers_are_a_body(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    async def take(upstream: Connection) -> None:
        await upstream.reader.readuntil(b"x-sum: 7\r\n\r\n")
        await upstream.send(OK)

    path = raw.at(take)
    odd = b'0005;name="va;lue"\r\nhello\r\n00000001\r\n!\r\n000;last\r\nx-sum: 7\r\n\r\n'
    async with http1.connect(proxy.port()) as client:
        await client.request(path, b"transfer-encoding: chunked", method="POST", body=odd)
        assert (await client.answer()).body == b"ok"
    assert kept(await watched.event(path=path), "request") == (b"hello!", b"")


async def test_frames_of_nothing_are_no_chunks(proxy: Proxy, raw: Upstream[Peer], watched: Watched) -> None:
    async def take(upstream: Connection) -> None:
        await upstream.reader.readuntil(b"0\r\n\r\n")
        await upstream.send(OK)

    path = raw.at(take)
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, method="POST", last=False)
        for data in (b"", b"", b"hello", b"", b"", b"!", b"", b""):
            await client.data(stream, data)
        await client.data(stream, b"", last=True)
        assert (await client.answer(stream)).body == b"ok"
    event = await watched.event(path=path)
    assert (event["request"]["body"]["size"], kept(event, "request")) == (6, (b"hello!", b""))


async def test_one_chunk_of_many_megabytes_passes(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    body = b"0123456789abcde " * 524_288
    path = raw.at(sending(CHUNKED + framed(body) + b"0\r\n\r\n"))
    async with http1.connect(proxy.port()) as client:
        await client.request(path)
        assert (await client.answer()).body == body
    event = await watched.event(path=path)
    assert event["response"]["body"]["size"] == len(body)
    assert kept(event, "response") == (body[:8192], body[-8192:])


#: Chunks whose size is none, or is more than there can be.
BROKEN = [b"fffffffffffffffffffff\r\nhello", b"-1\r\nhello", b"\r\n\r\n", b"zz"]


@pytest.mark.parametrize("chunk", BROKEN)
async def test_a_request_of_a_broken_chunk_is_one_event(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, chunk: bytes
) -> None:
    path = raw.at(Connection.closed)
    async with http1.connect(proxy.port()) as client:
        await client.request(path, b"transfer-encoding: chunked", method="POST", body=framed(b"good") + chunk)
        assert (await client.answer()).status == 400
    event = await watched.event(path=path)
    assert (event["status"], event["outcome"]) == (400, "completed")
    assert event["proxy"]["response_flags"] == ["DPE"]


async def test_a_request_of_a_chunk_without_end_is_a_disconnect(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(Connection.closed)
    async with http1.connect(proxy.port()) as client:
        endless = framed(b"good") + b"ffffffffffffffff\r\nhello"
        await client.request(path, b"transfer-encoding: chunked", method="POST", body=endless)
        await client.gone()
    event = await watched.event(path=path)
    assert event["outcome"] == "client_disconnected"
    assert kept(event, "request") == (b"goodhello", b"")


@pytest.mark.parametrize("chunk", [*BROKEN, b"ffffffffffffffff\r\nhello", b"5 5\r\nhello"])
async def test_a_response_of_a_broken_chunk_is_the_upstreams_error(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, chunk: bytes
) -> None:
    async def answer(upstream: Connection) -> None:
        await upstream.send(CHUNKED + framed(b"good") + chunk)
        upstream.close()

    path = raw.at(answer)
    async with http1.connect(proxy.port()) as client:
        await client.request(path)
        await client.rest()
    assert (await watched.event(path=path))["outcome"] == "upstream_error"


#: Heads that no upstream should send.
BROKEN_ANSWERS = {
    "status 999": b"HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 What\r\ncontent-length: 0\r\n\r\n",
    "status 0": b"HTTP/1.1 000 What\r\ncontent-length: 0\r\n\r\n",
    "101 that nobody asked for": b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello",
    "a body to 204": b"HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\nhello",
    "two answers": OK + OK,
    "a hundred hints": b"HTTP/1.1 103 Hint\r\nlink: </>\r\n\r\n" * 100 + OK,
    "no length": b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok",
    "a head that is too long": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 500_000,
}


@pytest.mark.parametrize("is_2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("name", BROKEN_ANSWERS)
async def test_an_answer_of_any_shape_is_one_event(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, name: str, is_2: bool
) -> None:
    async def answer(upstream: Connection) -> None:
        await upstream.send(BROKEN_ANSWERS[name])
        upstream.close()

    path = raw.at(answer)
    if is_2:
        async with http2.connect(proxy.port()) as two:
            await two.ended(await two.request(path))
    else:
        async with http1.connect(proxy.port()) as one:
            await one.request(path)
            await one.answer()
    event = await watched.event(path=path)
    assert event["proxy"]["response_code_details"]
