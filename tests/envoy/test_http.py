"""Requests and responses, over HTTP/1.1 and HTTP/2: what the event says of their heads and bodies."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1, http2
from .support.configuration import raw_upstream
from .support.upstreams import (
    App,
    Connection,
    Peer,
    Receive,
    Scope,
    Send,
    Upstream,
    answering,
    chunk,
    sending,
    start,
    whole_body,
)
from .support.watched import Proxy, Watched

pytestmark = pytest.mark.anyio

CAPTURE = {
    "headers": {"allow": ["*"]},
    "redact": {"headers": ["x-secret"], "query": ["token"]},
    "media": "keep",
}


@pytest.fixture(scope="module")
def proxy(watched: Watched, app: Upstream[App], raw: Upstream[Peer]) -> Iterator[Proxy]:
    """All paths lead to the app, but for those below `/raw`; `edge` has nobody before it whom it would believe."""
    routes = [bootstrap.route("to-raw", "raw", prefix="/raw"), bootstrap.route("to-app")]
    filters = [watched.filter(service={"name": "shop"}, capture=CAPTURE)]

    main = bootstrap.listener(free_port(), routes, filters, http_protocol_options={"enable_trailers": True})
    edge = bootstrap.listener(free_port(), routes, filters, use_remote_address=True)
    clusters = [bootstrap.upstream(app.port), raw_upstream(raw.port)]
    with watched.envoy({"main": main, "edge": edge}, clusters) as running:
        yield running


# --- heads ----------------------------------------------------------------------------------------------------------


async def test_the_event_says_what_was_asked(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    response = await client.request("PATCH", f"{path}?a=b&c=d", headers={"host": "api.example"})
    event = await watched.event(path=path)
    named = ("source", "service", "method", "scheme", "host", "query", "client", "http_version")
    expected = ("envoy", "shop", "PATCH", "http", "api.example", "a=b&c=d", "127.0.0.1")
    assert tuple(event[name] for name in named) == (*expected, response.http_version.removeprefix("HTTP/"))


async def test_the_event_says_how_it_was_answered(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(status=418, headers=[(b"x-pot", b"tea"), (b"x-pot", b"again")]))
    await client.get(path)
    event = await watched.event(path=path)
    assert (event["status"], event["outcome"], event["error"]) == (418, "completed", None)
    pots = [value for name, value in event["response"]["headers"] if name == "x-pot"]
    assert pots == ["tea", "again"]


async def test_the_event_says_which_way_it_went(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    await client.get(path)
    event = await watched.event(path=path)
    assert event["route"] == "to-app"
    assert event["proxy"] == {
        "upstream_cluster": "app",
        "upstream_host": f"127.0.0.1:{app.port}",
        "attempts": 1,
        "response_flags": [],
        "response_code_details": "via_upstream",
    }


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("unknown, 10.0.0.1:x", "127.0.0.1"),
    ],
)
async def test_the_client_is_whom_envoy_takes_for_it(
    proxy: Proxy, app: Upstream[App], watched: Watched, forwarded_for: str, client: str
) -> None:
    path = app.at(answering())
    async with httpx.AsyncClient(base_url=proxy.url()) as peer:
        await peer.get(path, headers={"x-forwarded-for": forwarded_for})
    assert (await watched.event(path=path))["client"] == client


async def test_where_envoy_believes_nobody_the_client_is_its_peer(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    async with httpx.AsyncClient(base_url=proxy.url("edge")) as peer:
        await peer.get(path, headers={"x-forwarded-for": "203.0.113.7"})
    assert (await watched.event(path=path))["client"] == "127.0.0.1"


async def test_times_are_in_order(client: httpx.AsyncClient, app: Upstream[App], watched: Watched) -> None:
    path = app.at(answering(b"body"))
    before = time.time()
    await client.get(path)
    after = time.time()
    event = await watched.event(path=path)
    assert 0 < event["first_byte_ns"] <= event["duration_ns"]
    began = datetime.fromisoformat(event["start_time"][:26] + "+00:00").timestamp()
    # Envoy's clock is read to the microsecond, as is this.
    assert before - 0.001 <= began <= after + 0.001


async def test_credentials_leave_envoy_in_no_form(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(headers=[(b"set-cookie", b"session=hush-5")]))
    headers = {
        "authorization": "Bearer hush-1",
        "cookie": "a=hush-2",
        "x-api-key": "hush-3",
        "x-secret": "hush-4",
    }
    await client.get(f"{path}?token=hush-6", headers=headers)
    await watched.event(path=path)
    spooled = b"".join(file.read_bytes() for file in watched.place.data.glob("spool/*.seg"))
    assert path.encode() in spooled
    assert b"hush-" not in spooled


# --- bodies ---------------------------------------------------------------------------------------------------------


async def test_bodies_are_kept(client: httpx.AsyncClient, app: Upstream[App], watched: Watched) -> None:
    path = app.at(answering("Grüße".encode()))
    await client.post(path, content=b"\x00\xff")
    event = await watched.event(path=path)
    asked, answered = event["request"]["body"], event["response"]["body"]
    assert asked | {"size": 2, "kept": 2, "head": "AP8=", "tail": "", "encoding": "base64"} == asked
    assert answered | {"size": 7, "kept": 7, "head": "Grüße", "tail": "", "encoding": "utf-8"} == answered


@pytest.mark.parametrize("size", [16_383, 16_384, 16_385, 300_000])
async def test_of_a_large_body_head_and_tail_are_kept(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched, size: int
) -> None:
    sent = (b"0123456789abcde " * 20_000)[:size]
    path = app.at(answering(sent))
    received = await client.post(path, content=sent)
    assert received.content == sent
    event = await watched.event(path=path)
    for side in ("request", "response"):
        kept = event[side]["body"]
        assert (kept["size"], kept["kept"]) == (size, min(size, 16_384))
        whole = kept["head"] + kept["tail"]
        expected = sent if size <= 16_384 else sent[:8192] + sent[-8192:]
        assert whole.encode() == expected


async def test_ten_megabytes_each_way_arrive_as_they_were_sent(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    sent = hashlib.shake_256(b"10 MB").digest(10_000_000)
    seen: list[bytes] = []

    async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        seen.append(hashlib.sha256(body).digest())
        await send(start())
        await send(chunk(body, last=True))

    path = app.at(echo)
    answer = await client.post(path, content=sent)
    assert seen == [hashlib.sha256(sent).digest()]
    assert hashlib.sha256(answer.content).digest() == seen[0]
    event = await watched.event(path=path)
    sizes = event["request"]["body"]["size"], event["response"]["body"]["size"]
    assert sizes == (10_000_000, 10_000_000)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("DELETE", 200)])
async def test_a_response_without_a_body_is_complete(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched, method: str, status: int
) -> None:
    # To HEAD and in 304 it is that of what would have been sent; and 204 must have none.
    length = b"" if status == 204 else b"content-length: %d\r\n" % (0 if method == "DELETE" else 5)
    path = raw.at(sending(b"HTTP/1.1 %d It\r\n%s\r\n" % (status, length)), "/raw")
    answer = await client.request(method, path)
    assert answer.status_code == status
    event = await watched.event(path=path)
    assert (event["method"], event["status"], event["outcome"]) == (method, status, "completed")
    assert (event["response"]["chunks"], event["response"]["body"]["size"]) == (0, 0)


# --- the order of things --------------------------------------------------------------------------------------------


async def test_a_client_that_waits_for_100_is_one_event(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"taken"))
    async with http1.connect(proxy.port()) as client:
        await client.request(path, b"expect: 100-continue", b"content-length: 5", method="POST")
        assert await client.head() == b"HTTP/1.1 100 Continue"
        await client.send(b"hello")
        assert (await client.answer()).body == b"taken"
    event = await watched.event(path=path)
    assert (event["status"], event["request"]["body"]["head"]) == (200, "hello")


async def test_requests_that_do_not_wait_for_answers_are_one_event_each(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    paths = [app.at(answering(b"answer %d" % number)) for number in range(10)]
    async with http1.connect(proxy.port()) as client:
        heads = [b"GET %s HTTP/1.1\r\nhost: api.example\r\n\r\n" % path.encode() for path in paths]
        await client.send(b"".join(heads))
        answers = [(await client.answer()).body for _ in paths]
    assert answers == [b"answer %d" % number for number in range(10)]
    events = [await watched.event(path=path) for path in paths]
    assert [event["response"]["body"]["head"].encode() for event in events] == answers


async def test_streams_of_one_connection_are_one_event_each(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    everybody = asyncio.Event()
    waiting: list[str] = []

    async def wait_for_all(scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        waiting.append(scope["path"])
        if len(waiting) == 50:
            everybody.set()
        await everybody.wait()
        await send(start())
        await send(chunk(b"to " + body, last=True))

    paths = [app.at(wait_for_all) for _ in range(50)]
    async with http2.connect(proxy.port()) as client:
        streams = [await client.request(path, method="POST", last=False) for path in paths]
        for stream in streams:
            await client.data(stream, b"%d" % stream, last=True)
        answers = [(await client.answer(stream)).body for stream in streams]
    assert answers == [b"to %d" % stream for stream in streams]
    events = [await watched.event(path=path) for path in paths]
    assert [event["response"]["body"]["head"].encode() for event in events] == answers
    assert len({event["span_id"] for event in events}) == 50


# --- trailers -------------------------------------------------------------------------------------------------------


async def _trailers(upstream: Connection) -> None:
    """Answer with what came in the request's trailers, in trailers."""
    body = b""
    while not body.endswith(b"\r\n\r\n"):
        body += await upstream.reader.read(1 << 16)
    await upstream.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + body)


@pytest.mark.parametrize("body", [b"", b"hello"])
async def test_trailers_pass_and_the_response_is_complete_over_1(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, body: bytes
) -> None:
    path = raw.at(_trailers, "/raw")
    chunked = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
    async with http1.connect(proxy.port()) as client:
        await client.request(
            path, b"transfer-encoding: chunked", method="POST", body=chunked + b"0\r\nx-sum: 7\r\n\r\n"
        )
        answer = await client.answer()
    assert (answer.body, answer.trailers) == (body, [(b"x-sum", b"7")])
    event = await watched.event(path=path)
    assert (event["outcome"], event["response"]["body"]["head"].encode()) == ("completed", body)
    assert event["request"]["body"]["head"].encode() == body


@pytest.mark.parametrize("body", [b"", b"hello"])
async def test_trailers_pass_and_the_response_is_complete_over_2(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, body: bytes
) -> None:
    path = raw.at(_trailers, "/raw")
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, method="POST", last=False)
        if body:
            await client.data(stream, body)
        await client.trailers(stream, (b"x-sum", b"7"))
        answer = await client.answer(stream)
    assert (answer.body, answer.trailers) == (body, [(b"x-sum", b"7")])
    event = await watched.event(path=path)
    assert (event["outcome"], event["response"]["body"]["head"].encode()) == ("completed", body)
    assert event["request"]["body"]["head"].encode() == body
