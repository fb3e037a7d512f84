"""What is kept is bounded: at its limits a worker goes on with less of each exchange, and loses none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support.upstreams import App, Receive, Scope, Send, Upstream, answering, chunk, start, whole_body
from .support.watched import Proxy, Watched

pytestmark = pytest.mark.anyio

MIB = 1 << 20


@pytest.fixture(scope="module")
def proxy(watched: Watched, app: Upstream[App]) -> Iterator[Proxy]:
    """Filters that are to keep more than they may: `main` than its streams may hold, `narrow` than an event may have."""

    def listener(streams: str, events: str) -> bootstrap.Message:
        all_of_it = {"head": "1MiB", "tail": "1MiB"}
        capture = {"request_body": all_of_it, "response_body": all_of_it, "max_memory": streams}
        filters = [watched.filter(capture=capture, egress={"interval": "10ms", "max_memory": events})]
        return bootstrap.listener(free_port(), [bootstrap.route("to-app")], filters)

    listeners = {"main": listener("2MiB", "64MiB"), "narrow": listener("64MiB", "2MiB")}
    with watched.envoy(listeners, [bootstrap.upstream(app.port)]) as running:
        yield running


async def test_of_bodies_that_fit_no_event_the_sizes_are_kept(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"a" * MIB))
    async with httpx.AsyncClient(base_url=proxy.url("narrow"), timeout=60) as client:
        assert (await client.post(path, content=b"q" * MIB)).content == b"a" * MIB
    event = await watched.event(path=path)
    for side in ("request", "response"):
        assert (event[side]["body"]["size"], event[side]["body"]["kept"]) == (MIB, 0)


async def test_bodies_at_a_time_share_the_memory_of_a_worker(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    everybody = asyncio.Event()
    here: list[str] = []

    async def wait_for_all(scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        here.append(scope["path"])
        if len(here) == 40:
            everybody.set()
        await everybody.wait()
        await send(start())
        await send(chunk(body, last=True))

    paths = [app.at(wait_for_all) for _ in range(40)]
    async with httpx.AsyncClient(base_url=proxy.url(), timeout=60) as client:
        answers = await asyncio.gather(*(client.post(path, content=b"q" * 100_000) for path in paths))
    assert {answer.content for answer in answers} == {b"q" * 100_000}
    events = [await watched.event(path=path) for path in paths]
    asked = [event["request"]["body"] for event in events]
    assert {body["size"] for body in asked} == {100_000}
    assert 0 < sum(body["kept"] for body in asked) <= 2 * MIB


async def test_memory_is_given_back(client: httpx.AsyncClient, app: Upstream[App], watched: Watched) -> None:
    body = b"a" * 100_000
    paths = [app.at(answering(body)) for _ in range(60)]
    for path in paths:
        await client.post(path, content=body)
    last = await watched.event(path=paths[-1])
    assert (last["request"]["body"]["kept"], last["response"]["body"]["kept"]) == (len(body), len(body))
