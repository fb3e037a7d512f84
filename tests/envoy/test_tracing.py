"""Traces: which one an exchange belongs to, and what the upstream is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1
from .support.upstreams import Connection, Peer, Upstream
from .support.watched import Proxy, Watched

pytestmark = pytest.mark.anyio

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

#: What <https://www.w3.org/TR/trace-context/> does not take for a `traceparent`: ids of nothing but zeros, letters that are
#: no digits of it, a version that cannot be, no ids at all.
INVALID = [
    f"00-{'0' * 32}-{PARENT}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE.upper()}-{PARENT}-01",
    f"ff-{TRACE}-{PARENT}-01",
    "00",
    "",
]


@pytest.fixture(scope="module")
def proxy(watched: Watched, raw: Upstream[Peer]) -> Iterator[Proxy]:
    """`main` leaves requests as they are, and `injecting` tells the upstream of the exchange."""
    routes = [bootstrap.route("to-raw", "raw")]
    main = bootstrap.listener(free_port(), routes, [watched.filter()])
    injecting = bootstrap.listener(free_port(), routes, [watched.filter(inject_traceparent=True)])
    with watched.envoy(
        {"main": main, "injecting": injecting}, [bootstrap.upstream(raw.port, "raw")]
    ) as running:
        yield running


class Told:
    """An upstream that keeps the trace headers that it gets."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    async def __call__(self, upstream: Connection) -> None:
        """Answer with nothing."""
        self.lines = [line for line in upstream.head.split(b"\r\n") if line.lower().startswith(b"trace")]
        await upstream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
def is_2(request: pytest.FixtureRequest) -> bool:
    """By which protocol to ask."""
    return bool(request.param == "HTTP/2")


async def get(url: str, is_2: bool, headers: dict[str, str]) -> None:
    """Have one exchange."""
    async with httpx.AsyncClient(http1=not is_2, http2=is_2) as client:
        await client.get(url, headers=headers)


async def test_an_exchange_is_in_the_trace_that_the_request_names(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, is_2: bool
) -> None:
    path = raw.at(Told())
    await get(proxy.url() + path, is_2, {"traceparent": f"00-{TRACE}-{PARENT}-01"})
    event = await watched.event(path=path)
    assert (event["trace_id"], event["parent_span_id"]) == (TRACE, PARENT)
    assert event["span_id"] not in (PARENT, "0" * 16)


@pytest.mark.parametrize("traceparent", INVALID)
async def test_an_exchange_whose_request_names_no_trace_begins_one(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, traceparent: str
) -> None:
    path = raw.at(Told())
    await get(proxy.url() + path, False, {"traceparent": traceparent})
    event = await watched.event(path=path)
    assert event["parent_span_id"] is None
    assert event["trace_id"] not in (TRACE, "0" * 32)


async def test_by_default_the_upstream_gets_the_headers_that_the_client_sent(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    told = Told()
    path = raw.at(told)
    sent = [b"traceparent: 00-%s-%s-00" % (TRACE.encode(), PARENT.encode()), b"tracestate: vendor=1,other=2"]
    async with http1.connect(proxy.port()) as client:
        await client.request(path, *sent)
        await client.answer()
    assert told.lines == sent
    await watched.event(path=path)


async def test_by_default_the_upstream_is_told_of_no_trace(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, is_2: bool
) -> None:
    told = Told()
    path = raw.at(told)
    await get(proxy.url() + path, is_2, {})
    await watched.event(path=path)
    assert told.lines == []


async def test_when_asked_to_the_upstream_is_told_of_the_exchange(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, is_2: bool
) -> None:
    told = Told()
    path = raw.at(told)
    await get(proxy.url("injecting") + path, is_2, {})
    event = await watched.event(path=path)
    assert told.lines == [f"traceparent: 00-{event['trace_id']}-{event['span_id']}-01".encode()]


async def test_when_asked_to_the_exchange_takes_the_place_of_the_parent(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, is_2: bool
) -> None:
    told = Told()
    path = raw.at(told)
    await get(
        proxy.url("injecting") + path,
        is_2,
        {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"},
    )
    event = await watched.event(path=path)
    ours = f"traceparent: 00-{TRACE}-{event['span_id']}-01".encode()
    assert sorted(told.lines) == [ours, b"tracestate: vendor=1"]
    assert (event["trace_id"], event["parent_span_id"]) == (TRACE, PARENT)
