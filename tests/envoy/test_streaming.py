"""Bodies that come in parts: each part goes on at once and unchanged, and the event has all of them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from .support import http2
from .support.upstreams import App, Receive, Scope, Send, Upstream, answering, chunk, start
from .support.watched import Proxy, Watched

pytestmark = pytest.mark.anyio

SSE = [(b"content-type", b"text/event-stream")]

EVENTS = [b'data: {"token": "%d"}\n\n' % number for number in range(20)]


@pytest.fixture(scope="module")
def proxy(watched: Watched, app: Upstream[App]) -> Iterator[Proxy]:
    """All paths lead to the app."""
    with watched.before(app.port) as running:
        yield running


class Steps:
    """What one side has received, for the other to wait for."""

    def __init__(self) -> None:
        self._received = b""
        self._more = asyncio.Event()

    def take(self, data: bytes) -> None:
        """Say that this was received."""
        self._received += data
        self._more.set()

    async def until(self, data: bytes) -> None:
        """Wait until all of this was received."""
        while self._received != data:
            self._more.clear()
            await self._more.wait()


# --- responses ------------------------------------------------------------------------------------------------------


async def test_each_event_of_a_stream_reaches_the_client_before_the_next_is_sent(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    client_has = Steps()

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(headers=SSE))
        for number, event in enumerate(EVENTS):
            await send(chunk(event))
            await client_has.until(b"".join(EVENTS[: number + 1]))
        await send(chunk(last=True))

    path = app.at(stream)
    async with client.stream("GET", path) as response:
        received = []
        async for part in response.aiter_raw():
            received.append(part)
            client_has.take(part)
    assert received == EVENTS
    event = await watched.event(path=path)
    assert (event["response"]["chunks"], event["outcome"]) == (len(EVENTS), "completed")
    assert event["response"]["body"]["head"].encode() == b"".join(EVENTS)


async def test_a_stream_of_thousands_of_events_arrives_as_it_was_sent(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    sent = [b"data: item %d\n\n" % number for number in range(5000)]

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(headers=SSE))
        for event in sent:
            await send(chunk(event))
        await send(chunk(last=True))

    path = app.at(stream)
    response = await client.get(path)
    assert response.content == b"".join(sent)
    body = (await watched.event(path=path))["response"]["body"]
    head, tail = body["head"].encode(), body["tail"].encode()
    assert (body["size"], body["kept"]) == (len(response.content), len(head) + len(tail))
    # As many whole events as there is room for.
    longest = len(sent[-1])
    assert response.content.startswith(head)
    assert response.content.endswith(tail)
    assert all(part.startswith(b"data: ") and part.endswith(b"\n\n") for part in (head, tail))
    assert all(8192 - longest < len(part) <= 8192 for part in (head, tail))


async def test_a_compressed_stream_passes_as_it_is_and_is_kept_as_what_it_says(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    sent = gzip.compress(b"".join(EVENTS))
    path = app.at(answering(sent, headers=[*SSE, (b"content-encoding", b"gzip")]))
    async with client.stream("GET", path) as response:
        assert b"".join([part async for part in response.aiter_raw()]) == sent
    body = (await watched.event(path=path))["response"]["body"]
    assert (body["size"], body["decoded"]) == (len(sent), "gzip")
    assert body["head"].encode() == b"".join(EVENTS)


async def test_a_stream_gives_its_event_when_it_is_over(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    end = asyncio.Event()

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(headers=SSE))
        await send(chunk(EVENTS[0]))
        await end.wait()
        await send(chunk(EVENTS[1], last=True))

    path, other = app.at(stream), app.at(answering())
    async with client.stream("GET", path) as response:
        parts = response.aiter_raw()
        assert await anext(parts) == EVENTS[0]
        await client.get(other)
        await watched.event(path=other)
        assert watched.events(path=path) == []
        end.set()
        assert [part async for part in parts] == [EVENTS[1]]
    event = await watched.event(path=path)
    assert event["response"]["body"]["head"].encode() == EVENTS[0] + EVENTS[1]


# --- requests -------------------------------------------------------------------------------------------------------


async def test_each_part_of_a_request_reaches_the_app_before_the_next_is_sent(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    app_has = Steps()
    received = []

    async def take(_scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            received.append(message["body"])
            app_has.take(message["body"])
        await send(start(204))
        await send(chunk(last=True))

    async def parts() -> AsyncIterator[bytes]:
        for number, event in enumerate(EVENTS):
            yield event
            await app_has.until(b"".join(EVENTS[: number + 1]))

    path = app.at(take)
    await client.post(path, content=parts())
    assert [part for part in received if part] == EVENTS
    event = await watched.event(path=path)
    assert event["request"]["chunks"] == len(EVENTS)
    assert event["request"]["body"]["head"].encode() == b"".join(EVENTS)


async def test_both_directions_stream_at_a_time(proxy: Proxy, app: Upstream[App], watched: Watched) -> None:
    async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send(chunk(message["body"], last=not more))

    path = app.at(echo)
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, method="POST", last=False)
        said = b""
        for part in EVENTS:
            said += part
            await client.data(stream, part)
            assert await client.body(stream, len(said)) == said
        await client.data(stream, b"", last=True)
        assert (await client.answer(stream)).is_whole
    event = await watched.event(path=path)
    assert event["request"]["body"] == event["response"]["body"]
    assert event["response"]["body"]["head"].encode() == said


async def test_an_app_that_answers_before_it_has_read_gives_one_event(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(413))
        await send(chunk(b"too much", last=True))

    path = app.at(refuse)
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, method="POST", last=False)
        await client.data(stream, b"some of it")
        answer = await client.answer(stream)
    assert (answer.status, answer.body) == (413, b"too much")
    event = await watched.event(path=path)
    assert (event["status"], event["outcome"]) == (413, "completed")
