"""What is in progress, wherever the app's work goes: tasks, threads, processes, other services."""

from __future__ import annotations

import asyncio
import contextvars
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import offpath
import pytest
from conftest import Recording
from fastapi import BackgroundTasks, FastAPI
from offpath.current import CURRENT
from support.asgi import exchange, http_scope
from support.exporter import Event, Exporter
from support.python import environment
from support.servers import COMMANDS, serving
from support.spans import Spans, tree
from support.upstream import Upstream
from support.waiting import eventually


def mark(name: str) -> None:
    offpath.get_client().start_observation(name=name).end()


async def mark_async(name: str) -> None:
    await asyncio.sleep(0)
    mark(name)


async def gathered() -> None:
    await asyncio.gather(mark_async("a"), mark_async("b"))


async def in_tasks() -> None:
    await asyncio.wait([asyncio.create_task(mark_async(name)) for name in "ab"])


async def in_group() -> None:
    async with asyncio.TaskGroup() as group:
        for name in "ab":
            group.create_task(mark_async(name))


async def in_threads() -> None:
    await asyncio.gather(asyncio.to_thread(mark, "a"), asyncio.to_thread(mark, "b"))


async def in_executor() -> None:
    loop = asyncio.get_running_loop()
    for name in "ab":
        await loop.run_in_executor(None, contextvars.copy_context().run, mark, name)


async def in_pool() -> None:
    with ThreadPoolExecutor() as pool:
        for name in "ab":
            pool.submit(contextvars.copy_context().run, mark, name).result()


async def in_callbacks() -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    loop.call_soon(mark, "a")
    loop.call_later(0.001, lambda: (mark("b"), done.set()))
    await done.wait()


WAYS: list[Callable[[], Any]] = [gathered, in_tasks, in_threads, in_executor, in_pool, in_callbacks]
if sys.version_info >= (3, 11):
    WAYS.append(in_group)


@pytest.mark.parametrize("way", WAYS)
def test_work_that_is_handed_on_is_below_who_handed_it_on(spans: Spans, way: Callable[[], Any]) -> None:
    asyncio.run(offpath.observe(name="root")(way)())
    assert spans.tree() == {"root": {"a": {}, "b": {}}}


def test_a_thread_without_a_context_begins_traces_of_its_own(spans: Spans) -> None:
    with ThreadPoolExecutor(1) as pool, offpath.get_client().start_as_current_observation(name="root"):
        pool.submit(mark, "a").result()
    assert spans.tree() == {"root": {}, "a": {}}


def test_a_task_that_outlives_its_span_stays_below_it(spans: Spans) -> None:
    async def run() -> None:
        go = asyncio.Event()

        async def later() -> None:
            await go.wait()
            mark("later")

        with offpath.get_client().start_as_current_observation(name="root"):
            task = asyncio.create_task(later())
            await asyncio.sleep(0)
        go.set()
        await task

    asyncio.run(run())
    assert spans.tree() == {"root": {"later": {}}}
    assert [span["name"] for span in spans.all()] == ["root", "later"]


def asked(recording: Recording, app: Any, *paths: str) -> None:
    async def all_at_once() -> None:
        wrapped = recording.wrap(app)
        await asyncio.gather(*(exchange(wrapped, http_scope(path)) for path in paths))

    asyncio.run(all_at_once())


def name_of(event: Event) -> str:
    return str(event["name"] if "name" in event else event["path"])


def test_handlers_in_starlette_s_threads_and_in_the_background_are_below_the_request(
    recording: Recording, spans: Spans
) -> None:
    app = FastAPI()

    @app.get("/sync")
    @offpath.observe(name="handler")
    def sync(background: BackgroundTasks) -> None:
        mark("inside")
        background.add_task(mark, "background")
        background.add_task(mark_async, "background async")

    asked(recording, app, "/sync")
    below = {"handler": {"inside": {}}, "background": {}, "background async": {}}
    assert tree(spans.everything(), name_of) == {"/sync": below}


def test_exchange_span_and_outbound_call_are_one_trace(
    recording: Recording, spans: Spans, upstream: Upstream
) -> None:
    app = FastAPI()
    recording.calls(offpath.httpx)

    @offpath.observe(name="call", as_type="generation")
    async def call() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"{upstream.url}/echo")

    @app.get("/chat")
    @offpath.observe(name="chat")
    async def chat() -> None:
        await call()

    try:
        asked(recording, app, "/chat")
    finally:
        offpath.httpx.uninstrument()
    assert tree(spans.everything(), name_of) == {"/chat": {"chat": {"call": {"/echo": {}}}}}


def test_fifty_requests_at_once_never_mix(recording: Recording, spans: Spans) -> None:
    app = FastAPI()

    @offpath.observe
    async def inner(number: int) -> None:
        for _ in range(number % 3 + 1):
            await asyncio.sleep(0)
        await asyncio.to_thread(mark, f"thread {number}")

    @app.get("/{number}")
    @offpath.observe
    async def handler(number: int) -> None:
        with offpath.propagate_attributes(user_id=f"u{number}"):
            await asyncio.gather(inner(number), mark_async(f"task {number}"))

    asked(recording, app, *(f"/{number}" for number in range(50)))
    expected = {
        f"/{number}": {"handler": {"inner": {f"thread {number}": {}}, f"task {number}": {}}}
        for number in range(50)
    }
    events = spans.everything()
    assert tree(events, name_of) == expected
    users = {event["trace_id"]: set() for event in events}  # type: ignore[var-annotated]
    for event in events:
        users[event["trace_id"]].add(event["user_id"])
    assert sorted(next(iter(found)) for found in users.values()) == sorted(
        f"u{number}" for number in range(50)
    )
    assert all(len(found) == 1 for found in users.values())


def work(headers: dict[str, str], name: str) -> str:
    """What a worker process does."""
    with offpath.continue_trace(headers):
        mark(name)
    offpath.flush(30)
    return name


def test_a_process_pool_goes_on_with_the_trace_by_its_headers(beside: Exporter, tmp_path: Path) -> None:
    (tmp_path / "pool.py").write_text(
        """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
import offpath
from test_spans_context import work
if __name__ == "__main__":
    with offpath.get_client().start_as_current_observation(name="root"), offpath.propagate_attributes(user_id="u"):
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            headers = offpath.trace_headers()
            assert list(pool.map(work, [headers] * 3, "abc")) == list("abc")
"""
    )
    env = environment(OFFPATH_DIR=beside.rings)
    subprocess.run([sys.executable, tmp_path / "pool.py"], cwd=tmp_path, env=env, check=True, timeout=100)
    beside.stop()
    assert tree(beside.events()) == {"root": {"a": {}, "b": {}, "c": {}}}
    assert {event["user_id"] for event in beside.events()} == {"u"}
    assert {event["name"] for event in beside.events() if event["is_app_root"]} == {"a", "b", "c"}


def test_the_headers_say_where_the_trace_is_and_whose(spans: Spans) -> None:
    assert offpath.trace_headers() == {}
    with (
        offpath.get_client().start_as_current_observation(name="root") as root,
        offpath.propagate_attributes(user_id="ü,=;", tags=["a", "b"], metadata={"secret": 1}),
    ):
        headers = offpath.trace_headers({"accept": "x"})
        assert offpath.traceparent() == f"00-{root.trace_id}-{root.id}-01"
    assert headers["traceparent"] == f"00-{root.trace_id}-{root.id}-01"
    assert "secret" not in headers["baggage"]
    with offpath.continue_trace({name.title(): value for name, value in headers.items()}):
        mark("elsewhere")
    assert CURRENT.get() is None
    elsewhere = spans.named("elsewhere")
    assert (elsewhere["trace_id"], elsewhere["parent_span_id"]) == (root.trace_id, root.id)
    assert (elsewhere["user_id"], elsewhere["tags"]) == ("ü,=;", ["a", "b"])


@pytest.mark.parametrize(
    "headers", [None, "", "spam", {}, {"traceparent": "00-0-0-0"}, {"baggage": "langfuse_user_id=u"}]
)
def test_headers_of_no_trace_begin_one(spans: Spans, headers: Any) -> None:
    with offpath.continue_trace(headers):
        mark("own")
    assert spans.one()["parent_span_id"] is None


SERVICE = """
import httpx, offpath
from fastapi import FastAPI
app = FastAPI()
app.add_middleware(offpath.OffpathMiddleware)

@offpath.observe
async def inner(name: str) -> str:
    return name

@app.get("/leaf/{name}")
@offpath.observe(name="handler")
async def leaf(name: str) -> str:
    with offpath.propagate_attributes(user_id=name):
        return await inner(name)
"""


@pytest.fixture
def service(beside: Exporter, tmp_path: Path) -> Iterator[str]:
    """A service of its own, under uvicorn."""
    (tmp_path / "service.py").write_text(SERVICE)
    env = environment(OFFPATH_DIR=beside.rings)
    env["PYTHONPATH"] += f":{tmp_path}"
    with serving(COMMANDS["uvicorn-uvloop"], "service:app", cwd=tmp_path, env=env) as server:
        yield server.address


@pytest.mark.parametrize("way", ["instrumented", "by hand"])
def test_another_service_goes_on_with_the_trace(
    recording: Recording, spans: Spans, beside: Exporter, service: str, way: str
) -> None:
    if way == "instrumented":
        recording.calls(offpath.httpx, outbound={"propagate": ["127.0.0.1"]})
    try:
        with offpath.get_client().start_as_current_observation(name="root"):
            headers = {} if way == "instrumented" else dict(offpath.trace_headers())
            httpx.get(f"http://{service}/leaf/x", headers=headers).raise_for_status()
    finally:
        offpath.httpx.uninstrument()
    here = spans.everything()
    eventually(lambda: len(beside.events()) >= 3, "the service's events are written")
    call = {"/leaf/x": {"handler": {"inner": {}}}}
    there = beside.events()
    if way == "instrumented":
        [outbound] = [event for event in here if event["kind"] == "exchange"]
        assert there[-1]["parent_span_id"] == outbound["span_id"]
        assert tree(here, name_of) == {"root": {"/leaf/x": {}}}
    else:
        assert tree([*here, *there], name_of) == {"root": call}
    assert {event["trace_id"] for event in [*here, *there]} == {here[0]["trace_id"]}


@pytest.mark.parametrize("pipelined", [False, True], ids=["keep-alive", "pipelined"])
def test_requests_of_one_connection_are_traces_of_their_own(
    beside: Exporter, service: str, pipelined: bool
) -> None:
    host, _, port = service.partition(":")
    requests = [f"GET /leaf/n{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for number in range(20)]
    answers = b""
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        if pipelined:
            connection.sendall(b"".join(requests))
        for number, request in enumerate(requests):
            if not pipelined:
                connection.sendall(request)
            while answers.count(json.dumps(f"n{number}").encode()) == 0:
                answers += connection.recv(65536)
    eventually(lambda: len(beside.events()) >= 60, "all events are written")
    events = beside.events()
    assert tree(events, name_of) == {f"/leaf/n{number}": {"handler": {"inner": {}}} for number in range(20)}
    assert len({event["trace_id"] for event in events}) == 20
    inner = [event for event in events if event.get("name") == "inner"]
    requests_ = {event["trace_id"]: event["path"] for event in events if event["kind"] == "exchange"}
    assert all(requests_[event["trace_id"]] == f"/leaf/{event['user_id']}" for event in inner)
