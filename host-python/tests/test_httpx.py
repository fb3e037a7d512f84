"""Calls by httpx and httpx2, sync and async: what is recorded of them, and that their callers see nothing of it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import offpath
import pytest
from conftest import Recording
from support.caller import Caller
from support.upstream import TEXT, Upstream


def test_a_call_is_recorded_with_all_that_it_says(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    headers = {"authorization": "Bearer sk-secret-1", "content-type": "text/plain"}
    response = caller.call(
        "POST", f"{upstream.url}/echo?model=a&token=b", content=b"question", headers=headers
    )
    assert (response.status_code, response.content) == (200, b"question")
    event = recording.event()
    assert (event["kind"], event["source"], event["outcome"]) == ("exchange", "httpx", "completed")
    assert (event["method"], event["scheme"], event["path"]) == ("POST", "http", "/echo")
    assert event["host"] == upstream.url.removeprefix("http://")
    assert event["query"] == "model=a&token=[redacted]"
    assert (event["status"], event["http_version"], event["client"]) == (200, "1.1", None)
    assert ["authorization", "Bearer sk-secret-1"] not in event["request"]["headers"]
    assert ["content-type", "text/plain"] in event["request"]["headers"]
    assert (event["request"]["body"]["head"], event["request"]["chunks"]) == ("question", 1)
    assert event["response"]["body"]["head"] == "question"
    assert (event["parent_span_id"], event["error"]) == (None, None)


def test_chunks_reach_the_caller_as_they_come(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    came = []

    def each(chunk: bytes) -> None:
        came.append(chunk)
        # The rest comes only now, when the first has reached the caller.
        upstream.release()

    caller.stream(f"{upstream.url}/hold", each)
    assert came == [b"data: first\n\n", b"data: last\n\n"]
    event = recording.event()
    assert (event["outcome"], event["response"]["chunks"]) == ("completed", 2)
    assert event["response"]["body"]["head"] == "data: first\n\ndata: last\n\n"
    assert 0 < event["first_byte_ns"] < event["duration_ns"]


def test_a_body_that_is_encoded_is_recorded_as_it_came(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    assert caller.call("GET", f"{upstream.url}/gzip").content == TEXT
    body = recording.event()["response"]["body"]
    assert (body["size"], body["decoded"]) == (len(gzip.compress(TEXT, mtime=0)), "gzip")


def test_a_request_body_is_observed_chunk_by_chunk_as_it_is_sent(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    response = caller.call(
        "POST", f"{upstream.url}/echo", content=caller.chunks([b"one ", b"two ", b"three"])
    )
    assert response.content == b"one two three"
    assert upstream.headers_at("/echo")["transfer-encoding"] == "chunked"
    asked = recording.event()["request"]
    assert (asked["chunks"], asked["body"]["head"]) == (3, "one two three")
    # The request is again what it was.
    assert not type(response.request.stream).__module__.startswith("offpath")


def test_a_form_with_a_file_is_observed(caller: Caller, recording: Recording, upstream: Upstream) -> None:
    response = caller.call("POST", f"{upstream.url}/echo", files={"file": ("a.txt", b"content of a file")})
    assert b"content of a file" in response.content
    assert recording.event()["request"]["body"]["size"] == len(response.content)


def test_each_hop_of_a_redirect_is_an_exchange(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    response = caller.call("POST", f"{upstream.url}/redirect/307", content=b"again", follow_redirects=True)
    assert ([hop.status_code for hop in response.history], response.content) == ([307], b"again")
    events = recording.events()
    assert [(event["path"], event["status"], event["outcome"]) for event in events] == [
        ("/redirect/307", 307, "completed"),
        ("/echo", 200, "completed"),
    ]
    assert [event["request"]["body"]["head"] for event in events] == ["again", "again"]


def test_a_redirect_that_is_not_followed_is_one(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    response = caller.call("GET", f"{upstream.url}/redirect/302")
    assert (response.status_code, response.next_request.url.path) == (302, "/echo")
    assert recording.event()["response"]["body"]["head"] == "elsewhere"


def test_each_request_of_an_authentication_is_an_exchange(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    class Auth(caller.module.Auth):  # type: ignore[misc,name-defined]
        requires_response_body = True

        def auth_flow(self, request: Any) -> Iterator[Any]:
            response = yield request
            assert response.content == b'{"error": {"message": "no"}}'
            request.headers["x-token"] = "1"
            yield request

    caller.call("GET", f"{upstream.url}/status/401", auth=Auth())
    assert [headers.get("x-token") for _, _, headers in upstream.requests] == [None, "1"]
    assert [event["status"] for event in recording.events()] == [401, 401]


def test_hooks_of_the_app_are_called_as_ever(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    called = []
    if caller.kind == "sync":

        def asked(request: Any) -> None:
            called.append(request.method)

        def answered(response: Any) -> None:
            called.append(response.read())

        hooks: Any = {"request": [asked], "response": [answered]}
    else:

        async def asked_async(request: Any) -> None:
            called.append(request.method)

        async def answered_async(response: Any) -> None:
            called.append(await response.aread())

        hooks = {"request": [asked_async], "response": [answered_async]}
    response = caller.call("PUT", f"{upstream.url}/echo", content=b"x", client={"event_hooks": hooks})
    assert (called, response.content) == (["PUT", b"x"], b"x")
    assert recording.event()["outcome"] == "completed"


@pytest.mark.parametrize("kind", ["sync"])
def test_a_response_without_a_body_is_complete_when_it_is_closed_unread(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    with (
        caller.module.Client(base_url=upstream.url) as client,
        client.stream("HEAD", "/echo"),
        client.stream("GET", "/status/204"),
    ):
        pass
    assert [event["outcome"] for event in recording.events()] == ["completed", "completed"]


def test_the_time_that_a_response_took_can_still_be_asked_for(caller: Caller, upstream: Upstream) -> None:
    assert caller.call("GET", f"{upstream.url}/echo").elapsed.total_seconds() > 0


def test_http_2_is_recorded_as_such(caller: Caller, recording: Recording, upstream_http2: str) -> None:
    client = {"http1": False, "http2": True}
    response = caller.call("POST", f"{upstream_http2}/echo/1", content=b"two", client=client)
    assert (response.http_version, response.content) == ("HTTP/2", b"two")
    event = recording.event()
    assert (event["http_version"], event["response"]["body"]["head"]) == ("2", "two")


def test_nothing_is_recorded_of_what_a_rule_leaves_out(
    caller: Caller, recording: Recording, upstream: Upstream
) -> None:
    recording.calls(offpath.httpx, rule=[{"match": {"path": "/status/**"}, "record": False}])
    caller.call("GET", f"{upstream.url}/status/200")
    caller.call("GET", f"{upstream.url}/echo")
    assert recording.event()["path"] == "/echo"
