"""Calls by the client of aiohttp: what is recorded of them, and that their callers see nothing of it."""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import httpx
import httpx_aiohttp
import offpath
import pytest
from aiohttp import web
from conftest import Recording
from support.asgi import body, exchange, http_scope, start
from support.upstream import TEXT, Upstream
from support.waiting import eventually

Session = aiohttp.ClientSession


@pytest.fixture(autouse=True)
def recorded(recording: Recording) -> Iterator[None]:
    recording.calls(offpath.aiohttp)
    yield
    offpath.aiohttp.uninstrument()


def calling(call: Callable[[Session], Awaitable[Any]], **options: Any) -> Any:
    """What the call returns, in a session of its own."""

    async def run() -> Any:
        async with aiohttp.ClientSession(**options) as session:
            return await call(session)

    return asyncio.run(run())


async def read(response: Any) -> tuple[int, bytes]:
    """Status and body of a response that is asked for."""
    async with response as answer:
        return answer.status, await answer.read()


def test_a_call_is_recorded_with_all_that_it_says(recording: Recording, upstream: Upstream) -> None:
    headers = {"authorization": "Bearer sk-secret-1", "content-type": "text/plain"}
    url = f"{upstream.url}/echo?model=a&token=b"
    assert calling(lambda s: read(s.post(url, data=b"question", headers=headers))) == (200, b"question")
    event = recording.event()
    assert (event["kind"], event["source"], event["outcome"]) == ("exchange", "aiohttp", "completed")
    assert (event["method"], event["scheme"], event["path"]) == ("POST", "http", "/echo")
    assert event["host"] == upstream.url.removeprefix("http://")
    assert event["query"] == "model=a&token=[redacted]"
    assert (event["status"], event["http_version"], event["client"]) == (200, "1.1", None)
    assert ["authorization", "Bearer sk-secret-1"] not in event["request"]["headers"]
    assert (event["request"]["body"]["head"], event["request"]["chunks"]) == ("question", 1)
    assert event["response"]["body"]["head"] == "question"
    assert (event["parent_span_id"], event["error"]) == (None, None)


def test_chunks_reach_the_caller_as_they_come(recording: Recording, upstream: Upstream) -> None:
    async def call(session: Session) -> list[bytes]:
        came = []
        async with session.get(f"{upstream.url}/hold") as response:
            assert isinstance(response.content, aiohttp.StreamReader)
            async for line in response.content:
                came.append(line)
                # The rest comes only now, when the first has reached the caller.
                upstream.release()
        return came

    assert calling(call) == [b"data: first\n", b"\n", b"data: last\n", b"\n"]
    event = recording.event()
    assert (event["outcome"], event["response"]["chunks"]) == ("completed", 2)
    assert event["response"]["body"]["head"] == "data: first\n\ndata: last\n\n"
    assert 0 < event["first_byte_ns"] < event["duration_ns"]


def test_a_body_that_aiohttp_decodes_is_recorded_as_the_caller_gets_it(
    recording: Recording, upstream: Upstream
) -> None:
    assert calling(lambda s: read(s.get(f"{upstream.url}/gzip"))) == (200, TEXT)
    answered = recording.event()["response"]
    assert answered["body"]["head"] == TEXT.decode()
    assert "content-encoding" not in dict(answered["headers"])


def test_one_that_it_leaves_encoded_is_recorded_as_it_came(recording: Recording, upstream: Upstream) -> None:
    packed = gzip.compress(TEXT, mtime=0)
    called = calling(lambda s: read(s.get(f"{upstream.url}/gzip")), auto_decompress=False)
    assert called == (200, packed)
    body = recording.event()["response"]["body"]
    assert (body["size"], body["decoded"]) == (len(packed), "gzip")


async def chunks() -> AsyncIterator[bytes]:
    for chunk in (b"one ", b"two ", b"three"):
        yield chunk


@pytest.mark.parametrize(
    ("body", "expected"),
    [(chunks, "one two three"), (lambda: b"bytes", "bytes"), (lambda: "text", "text")],
)
def test_a_request_body_is_observed_as_it_is_sent(
    recording: Recording, upstream: Upstream, body: Callable[[], Any], expected: str
) -> None:
    # Of what says that it is binary, the sizes alone would be kept.
    recording.calls(offpath.aiohttp, capture={"media": "keep"})
    _, echoed = calling(lambda s: read(s.post(f"{upstream.url}/echo", data=body())))
    asked = recording.event()["request"]["body"]
    assert (asked["head"], expected in asked["head"]) == (echoed.decode(), True)


def test_a_form_with_a_file_is_observed(recording: Recording, upstream: Upstream) -> None:
    data = aiohttp.FormData()
    data.add_field("file", b"content of a file", filename="a.txt")
    _, echoed = calling(lambda s: read(s.post(f"{upstream.url}/echo", data=data)))
    assert b"content of a file" in echoed
    assert recording.event()["request"]["body"]["size"] == len(echoed)


def test_a_request_body_that_aiohttp_encodes_is_recorded_as_it_was_before(
    recording: Recording, upstream: Upstream
) -> None:
    data = {"data": b"plain", "headers": {"content-type": "text/plain"}, "compress": True}
    status, _ = calling(lambda s: read(s.post(f"{upstream.url}/echo", **data)))
    assert (status, upstream.headers_at("/echo")["content-encoding"]) == (200, "deflate")
    assert recording.event()["request"]["body"]["head"] == "plain"


def test_json_is_observed(recording: Recording, upstream: Upstream) -> None:
    calling(lambda s: read(s.post(f"{upstream.url}/echo", json={"model": "a"})))
    assert recording.event()["request"]["body"]["head"] == '{"model": "a"}'


def test_each_hop_of_a_redirect_is_an_exchange(recording: Recording, upstream: Upstream) -> None:
    assert calling(lambda s: read(s.get(f"{upstream.url}/redirect/302"))) == (200, b"")
    first, second = recording.events()
    assert (first["path"], first["status"], second["path"], second["status"]) == (
        "/redirect/302",
        302,
        "/echo",
        200,
    )
    assert second["outcome"] == "completed"


def test_a_response_without_a_body_is_complete(recording: Recording, upstream: Upstream) -> None:
    async def call(session: Session) -> None:
        async with session.head(f"{upstream.url}/echo"), session.get(f"{upstream.url}/status/204"):
            pass

    calling(call)
    assert [event["outcome"] for event in recording.events()] == ["completed", "completed"]


def test_a_server_that_is_not_there_is_an_error_of_the_upstream(recording: Recording) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/x"
        with pytest.raises(aiohttp.ClientConnectorError) as raised:
            calling(lambda s: read(s.get(url)))
    event = recording.event()
    assert (event["outcome"], event["status"], event["path"]) == ("upstream_error", None, "/x")
    assert event["error"] == {"type": type(raised.value).__name__, "message": str(raised.value)}


@pytest.mark.parametrize(
    ("timeout", "path"),
    [
        ({"total": 0.05}, "/never"),
        ({"sock_read": 0.05}, "/never"),
        ({"total": 0.2}, "/hold"),
        ({"sock_read": 0.05}, "/hold"),
    ],
)
def test_an_answer_that_takes_too_long_is_an_error_of_the_upstream(
    recording: Recording, upstream: Upstream, timeout: dict[str, float], path: str
) -> None:
    with pytest.raises(asyncio.TimeoutError):
        calling(lambda s: read(s.get(f"{upstream.url}{path}")), timeout=aiohttp.ClientTimeout(**timeout))
    event = recording.event()
    assert (event["outcome"], "Timeout" in event["error"]["type"]) == ("upstream_error", True)
    assert event["response"]["body"]["head"] == ("data: first\n\n" if path == "/hold" else "")


def test_an_answer_that_breaks_off_is_one(recording: Recording, upstream: Upstream) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        calling(lambda s: read(s.get(f"{upstream.url}/cut")))
    event = recording.event()
    assert (event["outcome"], event["error"]["type"]) == ("upstream_error", "ClientPayloadError")
    assert event["response"]["body"]["head"] == "not all of it"


def test_a_caller_that_closes_half_way_is_a_client_that_left(
    recording: Recording, upstream: Upstream
) -> None:
    async def call(session: Session) -> bytes:
        async with session.get(f"{upstream.url}/hold") as response:
            return await response.content.readany()

    assert calling(call) == b"data: first\n\n"
    event = recording.event()
    assert (event["outcome"], event["status"], event["error"]) == ("client_disconnected", 200, None)
    assert event["response"]["body"]["head"] == "data: first\n\n"
    eventually(lambda: upstream.left, "the upstream learns of it")


def test_a_status_that_is_raised_is_no_error_of_the_exchange(
    recording: Recording, upstream: Upstream
) -> None:
    with pytest.raises(aiohttp.ClientResponseError):
        calling(lambda s: read(s.get(f"{upstream.url}/status/429")), raise_for_status=True)
    assert (recording.event()["status"], recording.event()["error"]) == (429, None)


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")
def test_a_response_that_is_forgotten_unread_ends_with_it(recording: Recording, upstream: Upstream) -> None:
    async def call(session: Session) -> int:
        return (await session.get(f"{upstream.url}/hold")).status

    def collected() -> int:
        status = calling(call)
        gc.collect()
        return int(status)

    assert collected() == 200
    assert (recording.event()["outcome"], recording.event()["status"]) == ("client_disconnected", 200)


@pytest.mark.parametrize(("path", "head"), [("/never", ""), ("/hold", "data: first\n\n")])
def test_a_task_that_is_cancelled_half_way_is_a_client_that_left(
    recording: Recording, upstream: Upstream, path: str, head: str
) -> None:
    async def cancelled(session: Session) -> None:
        seen = asyncio.Event()

        async def call() -> None:
            async with session.get(f"{upstream.url}{path}") as response:
                async for _ in response.content.iter_any():
                    seen.set()

        task = asyncio.create_task(call())
        if head:
            await seen.wait()
        await asyncio.to_thread(eventually, lambda: upstream.requests, "the upstream is asked")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    calling(cancelled)
    event = recording.event()
    assert (event["outcome"], event["error"]) == ("client_disconnected", None)
    assert event["response"]["body"]["head"] == head


def test_a_websocket_is_the_handshake(recording: Recording) -> None:
    async def serve(request: Any) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("hello")
        await socket.close()
        return socket

    async def call(session: Session) -> str:
        app = web.Application()
        app.router.add_get("/socket", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        async with session.ws_connect(f"http://127.0.0.1:{port}/socket") as connected:
            told = await connected.receive_str()
        await runner.cleanup()
        return told

    assert calling(call) == "hello"
    event = recording.event()
    assert (event["path"], event["status"], event["outcome"]) == ("/socket", 101, "completed")


def test_calls_of_a_request_are_its_parts(recording: Recording, upstream: Upstream) -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        async with aiohttp.ClientSession() as session:
            urls = [f"{upstream.url}/stream/{scope['path'][1:]}"] * 3
            await asyncio.gather(*(read(session.get(url)) for url in urls))
        await send(start())
        await send(body())

    async def at_once() -> None:
        wrapped = recording.wrap(app)
        await asyncio.gather(*(exchange(wrapped, http_scope(f"/{number}")) for number in range(8)))

    asyncio.run(at_once())
    events = recording.events()
    inbound = {event["span_id"]: event for event in events if event["source"] == "asgi"}
    calls = [event for event in events if event["source"] == "aiohttp"]
    assert (len(inbound), len(calls)) == (8, 24)
    for call in calls:
        parent = inbound[call["parent_span_id"]]
        assert (call["trace_id"], call["path"]) == (parent["trace_id"], f"/stream{parent['path']}")


def test_hosts_that_are_named_learn_of_the_trace_and_others_do_not(
    recording: Recording, upstream: Upstream
) -> None:
    recording.calls(offpath.aiohttp, outbound={"propagate": ["localhost"]})
    local = upstream.url.replace("localhost", "127.0.0.1")

    async def call(session: Session) -> None:
        await read(session.get(f"{upstream.url}/echo"))
        await read(session.get(f"{local}/stream/1"))
        await read(session.get(f"{upstream.url}/status/200", headers={"Traceparent": "mine"}))

    calling(call)
    first = recording.events()[0]
    sent = upstream.headers_at("/echo")["traceparent"]
    assert sent == f"00-{first['trace_id']}-{first['span_id']}-01"
    assert "traceparent" not in upstream.headers_at("/stream/1")
    assert upstream.headers_at("/status/200")["traceparent"] == "mine"


def test_a_call_of_httpx_that_aiohttp_carries_is_recorded_once(
    recording: Recording, upstream: Upstream
) -> None:
    recording.calls(offpath.httpx)

    async def call() -> bytes:
        transport = httpx_aiohttp.AiohttpTransport()
        async with httpx.AsyncClient(transport=transport) as client:
            response = await client.post(f"{upstream.url}/echo", content=b"carried")
        return response.content

    try:
        assert asyncio.run(call()) == b"carried"
    finally:
        offpath.httpx.uninstrument()
    event = recording.event()
    assert (event["source"], event["response"]["body"]["head"]) == ("httpx", "carried")


def test_what_is_carried_stays_readable_chunk_by_chunk(recording: Recording, upstream: Upstream) -> None:
    recording.calls(offpath.httpx)

    async def call() -> list[bytes]:
        came = []
        async with (
            httpx.AsyncClient(transport=httpx_aiohttp.AiohttpTransport()) as client,
            client.stream("GET", f"{upstream.url}/hold") as response,
        ):
            async for chunk in response.aiter_raw():
                came.append(chunk)
                upstream.release()
        return came

    try:
        assert asyncio.run(call()) == [b"data: first\n\n", b"data: last\n\n"]
    finally:
        offpath.httpx.uninstrument()
    assert (recording.event()["response"]["chunks"], recording.event()["outcome"]) == (2, "completed")


def test_taking_it_back_leaves_aiohttp_as_it_was() -> None:
    offpath.aiohttp.uninstrument()
    owners = [aiohttp.ClientSession, aiohttp.BaseConnector, aiohttp.ClientRequest, aiohttp.ClientResponse]
    before = [dict(vars(owner)) for owner in owners]
    offpath.aiohttp.instrument({})
    during = [dict(vars(owner)) for owner in owners]
    offpath.aiohttp.instrument({})
    assert [dict(vars(owner)) for owner in owners] == during
    assert all(one != other for one, other in zip(before, during, strict=True))
    offpath.aiohttp.uninstrument()
    assert [dict(vars(owner)) for owner in owners] == before
