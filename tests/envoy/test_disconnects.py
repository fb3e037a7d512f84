"""Clients that go: before the answer, within it, within their own request, and right behind the last byte."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from .support import http1, http2
from .support.upstreams import App, Receive, Scope, Send, Upstream, answering, chunk, start
from .support.watched import Event, Proxy, Watched, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def proxy(watched: Watched, app: Upstream[App]) -> Iterator[Proxy]:
    """All paths lead to the app."""
    with watched.before(app.port) as running:
        yield running


class Waiting:
    """An app that says so much, and then nothing until the client has gone."""

    def __init__(self, said: bytes = b"") -> None:
        self.said = said
        self.received = asyncio.Event()
        self.was_left = False

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Have one exchange."""
        message = await receive()
        self.received.set()
        if self.said:
            await send(start())
            await send(chunk(self.said))
        while message["type"] != "http.disconnect":
            message = await receive()
        self.was_left = True


class Leaver:
    """A client that leaves when the app has its request, or the half of it, and it has what the app says."""

    def __init__(self, proxy: Proxy, app: Upstream[App], way: str) -> None:
        self._port, self._app = proxy.port(), app
        self._is_2, self._by_reset = way.startswith("HTTP/2"), way.endswith("reset")

    async def leave(self, waiting: Waiting, *, midway: bool = False) -> str:
        """Have it so, and return the path."""
        path = self._app.at(waiting)
        await (self._over_2 if self._is_2 else self._over_1)(path, waiting, midway)
        return path

    async def _over_1(self, path: str, waiting: Waiting, midway: bool) -> None:
        async with http1.connect(self._port) as client:
            if midway:
                await client.request(path, b"content-length: 10", body=b"hello")
            else:
                await client.request(path)
            await waiting.received.wait()
            if waiting.said:
                assert waiting.said in await client.reader.readuntil(waiting.said)
            if self._by_reset:
                client.reset()

    async def _over_2(self, path: str, waiting: Waiting, midway: bool) -> None:
        async with http2.connect(self._port) as client:
            stream = await client.request(path, last=not midway)
            if midway:
                await client.data(stream, b"hello")
            await waiting.received.wait()
            assert await client.body(stream, len(waiting.said)) == waiting.said
            if self._by_reset:
                await client.reset(stream)
                # The others of its connection go on.
                other = await client.request(self._app.at(answering()))
                assert (await client.answer(other)).status == 200


@pytest.fixture(params=["HTTP/1.1, close", "HTTP/1.1, reset", "HTTP/2, close", "HTTP/2, reset"])
def leaver(request: pytest.FixtureRequest, proxy: Proxy, app: Upstream[App]) -> Leaver:
    """A client by each protocol; with HTTP/2, to reset is to reset the stream."""
    return Leaver(proxy, app, request.param)


def why(event: Event) -> tuple[int | None, str, None]:
    """Status, outcome and error."""
    return event["status"], event["outcome"], event["error"]


# --- when they go ---------------------------------------------------------------------------------------------------


async def test_a_client_that_leaves_before_the_answer_is_a_disconnect(
    leaver: Leaver, watched: Watched
) -> None:
    path = await leaver.leave(Waiting())
    event = await watched.event(path=path)
    assert why(event) == (None, "client_disconnected", None)
    assert (event["first_byte_ns"], event["response"]["chunks"]) == (None, 0)


async def test_a_client_that_leaves_within_the_answer_is_a_disconnect(
    leaver: Leaver, watched: Watched
) -> None:
    path = await leaver.leave(Waiting(b"data: 1\n\n"))
    event = await watched.event(path=path)
    assert why(event) == (200, "client_disconnected", None)
    assert event["response"]["body"]["head"] == "data: 1\n\n"


async def test_a_client_that_leaves_within_its_request_is_a_disconnect(
    leaver: Leaver, watched: Watched
) -> None:
    path = await leaver.leave(Waiting(), midway=True)
    event = await watched.event(path=path)
    assert why(event) == (None, "client_disconnected", None)
    assert event["request"]["body"]["head"] == "hello"


async def test_the_app_learns_that_its_client_has_left(leaver: Leaver, watched: Watched) -> None:
    waiting = Waiting(b"data: 1\n\n")
    path = await leaver.leave(waiting)
    await watched.event(path=path)
    await until("the app is told", lambda: waiting.was_left)


async def test_a_client_that_leaves_behind_the_last_byte_has_its_answer(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    paths = [app.at(answering(b"data: [DONE]\n\n")) for _ in range(20)]
    for number, path in enumerate(paths):
        async with http1.connect(proxy.port()) as client:
            await client.request(path)
            assert (await client.answer()).is_whole
            if number % 2:
                client.reset()
    events = [await watched.event(path=path) for path in paths]
    assert {why(event) for event in events} == {(200, "completed", None)}


async def test_a_client_that_leaves_with_more_to_say_has_its_answer(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(413))
        await send(chunk(b"too much", last=True))

    path = app.at(refuse)
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, last=False)
        assert (await client.answer(stream)).is_whole
    event = await watched.event(path=path)
    assert why(event) == (413, "completed", None)
