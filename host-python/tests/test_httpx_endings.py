"""How calls by httpx end that do not end well: errors, callers that leave, answers that nobody reads."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Recording
from support.caller import Caller
from support.upstream import Upstream
from support.waiting import eventually


def test_a_server_that_is_not_there_is_an_error_of_the_upstream(caller: Caller, recording: Recording) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = caller.raised("POST", f"http://127.0.0.1:{bound.getsockname()[1]}/x", content=b"lost")
    assert type(error) is caller.module.ConnectError
    event = recording.event()
    assert (event["outcome"], event["status"], event["path"]) == ("upstream_error", None, "/x")
    assert event["error"] == {"type": "ConnectError", "message": str(error)}
    assert event["request"]["body"]["head"] == "lost"


def test_an_answer_that_takes_too_long_is_an_error_of_the_upstream(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    error = caller.raised("GET", f"{upstream.url}/never", timeout=0.05)
    assert type(error) is caller.module.ReadTimeout
    assert (recording.event()["outcome"], recording.event()["error"]["type"]) == (
        "upstream_error",
        "ReadTimeout",
    )


def test_a_stream_that_stalls_is_one_and_keeps_what_had_come(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    error = caller.raised("GET", f"{upstream.url}/hold", timeout=0.05)
    assert type(error) is caller.module.ReadTimeout
    event = recording.event()
    assert (event["outcome"], event["status"], event["error"]["type"]) == (
        "upstream_error",
        200,
        "ReadTimeout",
    )
    assert event["response"]["body"]["head"] == "data: first\n\n"


def test_an_answer_that_breaks_off_is_one(caller: Caller, recording: Recording, upstream: Upstream) -> None:
    error = caller.raised("GET", f"{upstream.url}/cut")
    assert type(error) is caller.module.RemoteProtocolError
    event = recording.event()
    assert (event["outcome"], event["error"]["type"]) == ("upstream_error", "RemoteProtocolError")
    assert event["response"]["body"]["head"] == "not all of it"


def test_an_error_status_is_no_error_of_the_exchange(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    with pytest.raises(caller.module.HTTPStatusError):
        caller.call("GET", f"{upstream.url}/status/429").raise_for_status()
    event = recording.event()
    assert (event["outcome"], event["status"], event["error"]) == ("completed", 429, None)


def test_a_caller_that_closes_half_way_is_a_client_that_left(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    caller.stream(f"{upstream.url}/hold", lambda chunk: chunk == b"data: first\n\n")
    event = recording.event()
    assert (event["outcome"], event["status"], event["error"]) == ("client_disconnected", 200, None)
    assert event["response"]["body"]["head"] == "data: first\n\n"
    eventually(lambda: upstream.left, "the upstream learns of it")


def test_a_body_that_the_caller_cannot_make_is_no_error_of_the_upstream(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    def failing() -> Any:
        yield b"some"
        raise ZeroDivisionError("no more")

    error = caller.raised("POST", f"{upstream.url}/echo", content=caller.chunks(failing()))
    assert type(error) is ZeroDivisionError
    event = recording.event()
    assert (event["outcome"], event["error"]) == (
        "client_disconnected",
        {"type": "ZeroDivisionError", "message": "no more"},
    )
    assert event["request"]["body"]["head"] == "some"


def test_a_response_that_is_forgotten_unread_ends_with_it(
    caller: Caller, recording: Recording, upstream: Upstream, kind: str
) -> None:
    async def forget() -> None:
        client = caller.module.AsyncClient()
        response = await client.send(client.build_request("GET", f"{upstream.url}/hold"), stream=True)
        assert response.status_code == 200
        del response
        gc.collect()
        await client.aclose()

    if kind == "async":
        asyncio.run(forget())
    else:
        client = caller.module.Client()
        client.send(client.build_request("GET", f"{upstream.url}/hold"), stream=True)
        gc.collect()
        client.close()
    assert (recording.event()["outcome"], recording.event()["status"]) == ("client_disconnected", 200)


@pytest.mark.parametrize("kind", ["async"])
@pytest.mark.parametrize(("path", "head"), [("/never", ""), ("/hold", "data: first\n\n")])
def test_a_task_that_is_cancelled_half_way_is_a_client_that_left(
    caller: Caller, recording: Recording, upstream: Upstream, path: str, head: str
) -> None:
    async def cancelled(is_there: Callable[[], object]) -> None:
        async with caller.module.AsyncClient() as client:
            response: Any = None

            async def call() -> None:
                nonlocal response
                async with client.stream("GET", f"{upstream.url}{path}") as response:
                    async for _ in response.aiter_raw():
                        seen.set()

            seen = asyncio.Event()
            task = asyncio.create_task(call())
            if head:
                await seen.wait()
            await asyncio.to_thread(eventually, is_there, "the upstream is asked")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancelled(lambda: upstream.requests))
    event = recording.event()
    assert (event["outcome"], event["error"]) == ("client_disconnected", None)
    assert event["response"]["body"]["head"] == head


@pytest.mark.parametrize("kind", ["async"])
def test_a_chunk_that_is_waited_for_can_be_waited_for_with_a_limit(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    async def call() -> list[bytes]:
        came = []
        async with (
            caller.module.AsyncClient() as client,
            client.stream("GET", f"{upstream.url}/hold") as response,
        ):
            chunks = response.aiter_raw()
            came.append(await anext_of(chunks))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext_of(chunks), 0.02)
        return came

    async def anext_of(chunks: Any) -> bytes:
        return bytes(await chunks.__anext__())

    assert asyncio.run(call()) == [b"data: first\n\n"]
    assert recording.event()["outcome"] == "client_disconnected"


def test_an_invalid_call_raises_what_it_raises(caller: Caller, recording: Recording) -> None:
    # An asynchronous body for a client that is not, and the other way round.
    other = Caller(caller.module, "async" if caller.kind == "sync" else "sync")
    error = caller.raised("POST", "http://localhost/", content=other.chunks([b"x"]))
    assert (type(error), "instance" in str(error)) == (RuntimeError, True)
    assert recording.event()["error"] == {"type": "RuntimeError", "message": str(error)}
