"""Transports of the app's own: they carry calls as ever, and what goes by them is recorded once."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import offpath
import pytest
from conftest import Recording
from support.asgi import OK
from support.caller import Caller
from support.proxy import proxy
from support.upstream import Upstream
from support.upstream import upstream as serving_upstream


def test_a_response_that_is_there_at_once_is_recorded_whole(caller: Caller, recording: Recording) -> None:
    def answer(request: Any) -> Any:
        return caller.module.Response(201, json={"asked": request.content.decode()})

    client = {"transport": caller.module.MockTransport(answer)}
    response = caller.call("POST", "https://model.example/v1/x?y=1", content=b"hi", client=client)
    assert response.json() == {"asked": "hi"}
    event = recording.event()
    assert (event["scheme"], event["host"], event["path"]) == ("https", "model.example", "/v1/x")
    assert (event["status"], event["outcome"], event["http_version"]) == (201, "completed", None)
    assert event["request"]["body"]["head"] == "hi"
    assert event["response"]["body"]["head"] == response.text


def test_one_that_was_decoded_already_is_recorded_as_it_is_now(caller: Caller, recording: Recording) -> None:
    packed = gzip.compress(b"text " * 100)

    def answer(_request: Any) -> Any:
        return caller.module.Response(200, content=packed, headers={"content-encoding": "gzip"})

    client = {"transport": caller.module.MockTransport(answer)}
    response = caller.call("GET", "http://model.example/", client=client)
    assert (response.content, response.headers["content-encoding"]) == (b"text " * 100, "gzip")
    assert recording.event()["response"]["body"]["head"] == "text " * 100


def test_a_stream_of_a_transport_is_observed_and_closed(caller: Caller, recording: Recording) -> None:
    closed = []

    class Stream(caller.module.SyncByteStream, caller.module.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __iter__(self) -> Iterator[bytes]:
            yield b"one "
            yield b"two"

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        def close(self) -> None:
            closed.append(True)

        async def aclose(self) -> None:
            closed.append(True)

    def answer(_request: Any) -> Any:
        return caller.module.Response(200, stream=Stream())

    client = {"transport": caller.module.MockTransport(answer)}
    assert caller.call("GET", "http://model.example/", client=client).content == b"one two"
    assert closed == [True]
    event = recording.event()
    assert (event["response"]["chunks"], event["response"]["body"]["head"]) == (2, "one two")


@pytest.mark.parametrize("kind", ["async"])
def test_an_asynchronous_stream_that_is_no_generator_is_read_and_closed(
    caller: Caller, recording: Recording
) -> None:
    class Stream(caller.module.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.left = [b"b", b"a"]

        def __aiter__(self) -> Stream:
            return self

        async def __anext__(self) -> bytes:
            await asyncio.sleep(0)
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    def answer(_request: Any) -> Any:
        return caller.module.Response(200, stream=Stream())

    client = {"transport": caller.module.MockTransport(answer)}
    assert caller.call("GET", "http://model.example/", client=client).content == b"ab"
    assert recording.event()["response"]["body"]["head"] == "ab"


def test_a_transport_that_tries_again_is_one_exchange(caller: Caller, recording: Recording) -> None:
    tries = []

    class Again(caller.module.BaseTransport, caller.module.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        def handle_request(self, request: Any) -> Any:
            for _ in range(2):
                tries.append(b"".join(request.stream))
            return caller.module.Response(200)

        async def handle_async_request(self, request: Any) -> Any:
            for _ in range(2):
                tries.append(b"".join([chunk async for chunk in request.stream]))
            return caller.module.Response(200)

    client = {"transport": Again()}
    caller.call("POST", "http://model.example/", files={"f": b"content"}, client=client)
    assert tries[0] == tries[1]
    assert recording.event()["request"]["body"]["size"] == len(tries[0])


@pytest.mark.parametrize("kind", ["sync"])
def test_a_transport_that_is_a_client_itself_is_recorded_once(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    inner = caller.module.Client()

    class Through(caller.module.BaseTransport):  # type: ignore[misc,name-defined]
        def handle_request(self, request: Any) -> Any:
            answer = inner.request(request.method, str(request.url))
            return caller.module.Response(answer.status_code, content=answer.content)

    with inner:
        assert (
            caller.call("GET", f"{upstream.url}/stream/2", client={"transport": Through()}).status_code == 200
        )
    assert recording.event()["path"] == "/stream/2"


@pytest.mark.parametrize("kind", ["async"])
def test_an_app_that_is_called_in_process_records_its_own_side(caller: Caller, recording: Recording) -> None:
    client = {"transport": caller.module.ASGITransport(recording.wrap(OK))}
    assert caller.call("GET", "http://inner.example/x", client=client).content == b"hello"
    inbound, outbound = recording.events()
    assert (inbound["source"], outbound["source"]) == ("asgi", "httpx")
    # Nobody said that the trace goes on.
    assert inbound["trace_id"] != outbound["trace_id"]


@pytest.mark.parametrize("kind", ["sync"])
def test_a_request_that_lacks_what_is_read_of_it_is_passed_through_and_counted(
    caller: Caller, counted: Callable[[], dict[str, Any]]
) -> None:
    # As one of a later version of httpx may.
    class Bare:
        method = "GET"

    calls = offpath._native.HttpxCalls(
        offpath._native.Recorder("{}", "httpx"), *[caller.module.ByteStream] * 4
    )
    assert calls.begin(Bare(), None) is None
    assert counted() == {"internal_errors": 1}


def test_a_call_through_a_proxy_is_one_exchange_with_whom_it_asks(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    with proxy() as through:
        client = {"proxy": f"http://user:secret@{through.address}"}
        response = caller.call("POST", f"{upstream.url}/echo?x=1", content=b"hello", client=client)
    assert (response.status_code, response.content) == (200, b"hello")
    [(method, target, headers)] = through.asked
    assert (method, target) == ("POST", f"{upstream.url}/echo?x=1")
    assert "proxy-authorization" in headers
    event = recording.event()
    assert (event["scheme"], event["host"], event["path"]) == ("http", upstream.url[7:], "/echo")
    assert (event["status"], event["outcome"], event["response"]["body"]["head"]) == (
        200,
        "completed",
        "hello",
    )
    # What the proxy alone is told is none of the exchange's.
    assert "proxy-authorization" not in dict(event["request"]["headers"])


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of localhost, with its key in the same file."""
    made = tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
    subprocess.run(
        [*command, "-keyout", made, "-out", tmp_path / "public.pem"], check=True, capture_output=True
    )
    with made.open("a") as file:
        file.write((tmp_path / "public.pem").read_text())
    return made


def test_a_call_through_the_tunnel_of_a_proxy_is_one_exchange(
    caller: Caller, recording: Recording, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    with serving_upstream(certificate) as upstream, proxy() as through:
        host = upstream.url.removeprefix("https://")
        client = {"proxy": f"http://{through.address}", "verify": trusting}
        response = caller.call("GET", f"{upstream.url}/stream/2", client=client)
    assert response.content == b"data: 0\n\ndata: 1\n\n"
    assert [asked[:2] for asked in through.asked] == [("CONNECT", host)]
    event = recording.event()
    assert (event["scheme"], event["host"], event["path"]) == ("https", host, "/stream/2")
    assert (event["outcome"], event["response"]["body"]["head"]) == ("completed", response.text)


def test_a_tunnel_that_the_proxy_refuses_is_an_error_of_the_exchange(
    caller: Caller, recording: Recording
) -> None:
    with proxy(refuses=True) as through:
        client = {"proxy": f"http://{through.address}"}
        error = caller.raised("GET", "https://model.example/v1", client=client)
    assert isinstance(error, caller.module.ProxyError)
    event = recording.event()
    assert (event["host"], event["outcome"]) == ("model.example", "upstream_error")
    assert (event["status"], event["error"]["type"]) == (None, "ProxyError")
