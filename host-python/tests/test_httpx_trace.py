"""Which trace a call by httpx is of, and which servers learn of it."""

from __future__ import annotations

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import offpath
import pytest
from conftest import Recording
from fastapi import BackgroundTasks, FastAPI
from support.asgi import OK, body, exchange, http_scope, start, websocket_scope
from support.caller import Caller
from support.exporter import Event
from support.upstream import Upstream
from support.waiting import eventually

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


def in_and_out(events: list[Event]) -> tuple[Event, list[Event]]:
    """The exchange of the app, and the calls that it made."""
    [inbound] = [event for event in events if event["source"] == "asgi"]
    return inbound, [event for event in events if event["source"] == "httpx"]


def ask(recording: Recording, app: Any, path: str = "/", **fields: Any) -> list[Any]:
    return asyncio.run(exchange(recording.wrap(app), http_scope(path, **fields)))


@pytest.fixture
def httpx(recording: Recording) -> Any:
    recording.calls(offpath.httpx)
    yield httpx2
    offpath.httpx.uninstrument()


def test_a_call_outside_of_requests_is_the_root_of_a_trace_of_its_own(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    caller.call("GET", f"{upstream.url}/echo")
    caller.call("GET", f"{upstream.url}/echo")
    first, second = recording.events()
    assert (first["parent_span_id"], second["parent_span_id"]) == (None, None)
    assert first["trace_id"] != second["trace_id"]


def test_it_is_of_the_trace_that_the_caller_names(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    caller.call("GET", f"{upstream.url}/echo", headers={"traceparent": TRACEPARENT})
    assert (recording.event()["trace_id"], recording.event()["parent_span_id"]) == (TRACE, SPAN)
    assert upstream.headers_at("/echo")["traceparent"] == TRACEPARENT


def test_calls_of_a_request_are_its_parts_wherever_they_are_made(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    app = FastAPI()

    def call(place: str) -> None:
        httpx.get(f"{upstream.url}/echo", params={"place": place})

    @app.get("/sync")
    def sync(background: BackgroundTasks) -> None:
        call("thread pool")
        background.add_task(call, "background")

    @app.get("/async")
    async def asynchronous() -> None:
        async with httpx.AsyncClient(base_url=upstream.url) as client:
            await client.get("/echo?place=handler")
            await asyncio.gather(client.get("/echo?place=task"), client.get("/echo?place=another"))
            await asyncio.to_thread(call, "thread")

    for path in ("/sync", "/async"):
        ask(recording, app, path, headers=[(b"traceparent", TRACEPARENT.encode())])
    events = recording.events()
    inbound = [event for event in events if event["source"] == "asgi"]
    places = {"/sync": {"thread pool", "background"}, "/async": {"handler", "task", "another", "thread"}}
    for request in inbound:
        assert (request["trace_id"], request["parent_span_id"]) == (TRACE, SPAN)
        calls = [event for event in events if event["parent_span_id"] == request["span_id"]]
        assert {call["trace_id"] for call in calls} == {TRACE}
        assert {
            call["query"].removeprefix("place=").replace("%20", " ").replace("+", " ") for call in calls
        } == places[request["path"]]


def test_calls_of_a_websocket_session_are_its_parts(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        async with httpx.AsyncClient() as client:
            await client.get(f"{upstream.url}/echo")
        await send({"type": "websocket.close"})

    asyncio.run(exchange(recording.wrap(app), websocket_scope(), [{"type": "websocket.connect"}]))
    session, [call] = in_and_out(recording.events())
    assert (call["trace_id"], call["parent_span_id"]) == (session["trace_id"], session["span_id"])


def test_a_request_that_is_not_recorded_leaves_calls_to_be_roots(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"{upstream.url}/echo")
        await send(start())
        await send(body())

    asyncio.run(exchange(recording.wrap(app, capture={"record": False})))
    assert (recording.event()["source"], recording.event()["parent_span_id"]) == ("httpx", None)


def test_requests_at_the_same_time_are_never_mixed(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    app = FastAPI()

    @app.get("/{number}")
    async def asynchronous(number: int) -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(3):
                await client.get(f"{upstream.url}/stream/{number}")

    @app.get("/sync/{number}")
    def sync(number: int) -> None:
        httpx.get(f"{upstream.url}/stream/{number}")

    async def all_at_once() -> None:
        wrapped = recording.wrap(app)
        paths = [f"/{number}" for number in range(8)] + [f"/sync/{number}" for number in range(8, 16)]
        await asyncio.gather(*(exchange(wrapped, http_scope(path)) for path in paths))

    asyncio.run(all_at_once())
    events = recording.events()
    numbers = {
        event["span_id"]: event["path"].rpartition("/")[2] for event in events if event["source"] == "asgi"
    }
    calls = [event for event in events if event["source"] == "httpx"]
    assert (len(numbers), len(calls)) == (16, 32)
    for call in calls:
        assert numbers[call["parent_span_id"]] == call["path"].rpartition("/")[2]


def test_no_request_is_left_in_the_context_that_a_server_runs_the_next_one_in(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"{upstream.url}/echo")
        await send(start())
        await send(body())

    async def one_context() -> None:
        wrapped = recording.wrap(app)
        for path in ("/1", "/2"):
            await exchange(wrapped, http_scope(path))
        await exchange(app)

    asyncio.run(one_context())
    events = recording.events()
    inbound = [event["span_id"] for event in events if event["source"] == "asgi"]
    parents = [event["parent_span_id"] for event in events if event["source"] == "httpx"]
    assert parents == [*inbound, None]


def test_a_task_that_began_while_a_call_was_sent_makes_calls_of_its_own(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        sent = asyncio.Event()
        tasks = []

        async def later() -> None:
            await sent.wait()
            async with httpx.AsyncClient() as client:
                await client.get(f"{upstream.url}/stream/1")

        class Transport(httpx.AsyncBaseTransport):  # type: ignore[misc,name-defined]
            async def handle_async_request(self, _request: Any) -> Any:
                tasks.append(asyncio.create_task(later()))
                return httpx.Response(200)

        async with httpx.AsyncClient(transport=Transport()) as client:
            await client.get("http://model.example/")
        sent.set()
        await asyncio.gather(*tasks)
        await send(start())
        await send(body())

    ask(recording, app)
    inbound, calls = in_and_out(recording.events())
    assert {call["path"] for call in calls} == {"/", "/stream/1"}
    assert {call["parent_span_id"] for call in calls} == {inbound["span_id"]}


@pytest.mark.parametrize("hosts", [["localhost"], ["*.example.com", "LOCALHOST"]])
def test_hosts_that_are_named_learn_of_the_trace(
    caller: Caller, recording: Recording, upstream: Upstream, hosts: list[str]
) -> None:
    recording.calls(offpath.httpx, outbound={"propagate": hosts})
    response = caller.call("GET", f"{upstream.url}/echo")
    event = recording.event()
    sent = upstream.headers_at("/echo")["traceparent"]
    assert sent == f"00-{event['trace_id']}-{event['span_id']}-01"
    # The app's request is its own again.
    assert "traceparent" not in response.request.headers


def test_others_do_not(caller: Caller, recording: Recording, upstream: Upstream) -> None:
    recording.calls(offpath.httpx, outbound={"propagate": ["api.internal", "*.localhost"]})
    caller.call("GET", f"{upstream.url}/echo")
    assert "traceparent" not in upstream.headers_at("/echo")


def test_nor_does_who_is_redirected_to(caller: Caller, recording: Recording, upstream: Upstream) -> None:
    recording.calls(offpath.httpx, outbound={"propagate": ["localhost"]})

    def away(request: Any) -> Any:
        return caller.module.Response(302, headers={"location": request.url.copy_with(host="other.example")})

    seen = []

    def answer(request: Any) -> Any:
        seen.append((request.url.host, "traceparent" in request.headers))
        if request.url.host == "localhost":
            return caller.module.Response(302, headers={"location": "http://other.example/"})
        return caller.module.Response(200)

    client = {"transport": caller.module.MockTransport(answer), "follow_redirects": True}
    caller.call("GET", "http://localhost/", client=client)
    assert seen == [("localhost", True), ("other.example", False)]


def test_what_the_app_tells_a_host_itself_is_not_changed(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    recording.calls(offpath.httpx, outbound={"propagate": ["localhost"]})
    response = caller.call("GET", f"{upstream.url}/echo", headers={"Traceparent": TRACEPARENT})
    assert upstream.headers_at("/echo")["traceparent"] == TRACEPARENT
    assert response.request.headers["traceparent"] == TRACEPARENT


def test_the_app_that_is_called_goes_on_with_the_trace(httpx: Any, recording: Recording) -> None:
    recording.calls(offpath.httpx, outbound={"propagate": ["inner.example"]})
    inner = recording.wrap(OK)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(inner)) as client:
            await client.get("http://inner.example/inner")
        await send(start())
        await send(body())

    ask(recording, app, "/outer")
    events = {(event["source"], event["path"]): event for event in recording.events()}
    outer, call, within = (
        events[key] for key in (("asgi", "/outer"), ("httpx", "/inner"), ("asgi", "/inner"))
    )
    assert call["parent_span_id"] == outer["span_id"]
    assert within["parent_span_id"] == call["span_id"]
    assert {event["trace_id"] for event in events.values()} == {outer["trace_id"]}


def test_hosts_that_a_changed_file_names_learn_of_it_without_a_restart(
    httpx: Any, recording: Recording, upstream: Upstream, tmp_path: Path
) -> None:
    file = tmp_path / "offpath.toml"
    service = f'[service]\nname = "{recording.service}"\n'
    file.write_text(service)
    offpath.httpx.uninstrument()
    offpath.httpx.instrument(file)
    httpx.get(f"{upstream.url}/stream/0")
    file.write_text(service + '[outbound]\npropagate = "localhost"\n')

    def is_told() -> bool:
        httpx.get(f"{upstream.url}/echo")
        return "traceparent" in upstream.requests[-1][2]

    eventually(is_told, "the host is told")
    assert "traceparent" not in upstream.headers_at("/stream/0")
    assert {event["source"] for event in recording.events()} == {"httpx"}


def test_threads_of_the_app_that_copy_no_context_make_roots(
    httpx: Any, recording: Recording, upstream: Upstream
) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        thread = threading.Thread(target=httpx.get, args=[f"{upstream.url}/echo"])
        thread.start()
        thread.join()
        await send(start())
        await send(body())

    ask(recording, app)
    _, [call] = in_and_out(recording.events())
    assert call["parent_span_id"] is None


def test_many_threads_at_once_are_recorded_each(httpx: Any, recording: Recording, upstream: Upstream) -> None:
    with ThreadPoolExecutor(8) as pool, httpx.Client() as client:
        answers = list(pool.map(lambda n: client.get(f"{upstream.url}/stream/{n}").text, range(1, 33)))
    sizes = {len(answer) for answer in answers}
    events = recording.events()
    assert len(events) == 32
    assert {event["response"]["body"]["size"] for event in events} == sizes
    assert all(re.fullmatch("completed", event["outcome"]) for event in events)
