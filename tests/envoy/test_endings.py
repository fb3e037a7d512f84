"""How a stream ends by the upstream's doing, or by Envoy's patience: resets, timeouts, retries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from h2.connection import H2Connection
from h2.errors import ErrorCodes

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http2, http2_upstream
from .support.http2_upstream import Answering
from .support.upstreams import Connection, Peer, Upstream, sending
from .support.watched import Event, Proxy, Watched

pytestmark = pytest.mark.anyio

RETRY = {"retry_on": "5xx,reset", "num_retries": 2, "retry_back_off": {"base_interval": "0.001s"}}

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"


@pytest.fixture(scope="module")
async def frames(anyio_backend: str) -> AsyncIterator[Upstream[Answering]]:
    """An upstream of HTTP/2."""
    async with http2_upstream.http2() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def proxy(watched: Watched, raw: Upstream[Peer], frames: Upstream[Answering]) -> Iterator[Proxy]:
    """All paths lead to the raw upstream, but for one; how patient Envoy is depends on them."""
    routes = [
        bootstrap.route("timeout", "raw", prefix="/timeout", timeout="0.2s"),
        bootstrap.route("idle", "raw", prefix="/idle", idle_timeout="0.2s"),
        bootstrap.route(
            "duration", "raw", prefix="/duration", max_stream_duration={"max_stream_duration": "0.2s"}
        ),
        bootstrap.route("retry", "raw", prefix="/retry", retry_policy=RETRY),
        bootstrap.route("follow", "raw", prefix="/follow", internal_redirect_policy={}),
        bootstrap.route("to-frames", "frames", prefix="/frames"),
        bootstrap.route("to-raw", "raw"),
    ]
    clusters = [bootstrap.upstream(raw.port, "raw"), bootstrap.upstream(frames.port, "frames", http2=True)]
    main = bootstrap.listener(free_port(), routes, [watched.filter()], delayed_close_timeout="0.1s")
    with watched.envoy({"main": main}, clusters) as running:
        yield running


def why(event: Event) -> tuple[int | None, str, list[str]]:
    """Status, outcome and flags."""
    return event["status"], event["outcome"], event["proxy"]["response_flags"]


async def vanish(upstream: Connection) -> None:
    """End the connection in order, with no answer."""
    upstream.close()


async def reset(upstream: Connection) -> None:
    """End it with a TCP reset, with no answer."""
    upstream.reset()


async def vanish_midway(upstream: Connection) -> None:
    """End it within the answer."""
    await upstream.send(HEAD + b"hello")
    upstream.close()


async def reset_midway(upstream: Connection) -> None:
    """Reset it within the answer, when the client has what there is of it."""
    await upstream.send(HEAD + b"hello")
    # The test writes this into the request's body.
    assert await upstream.reader.readexactly(4) == b"more"
    upstream.reset()


async def hold(upstream: Connection) -> None:
    """Never answer."""
    await upstream.closed()


async def hold_midway(upstream: Connection) -> None:
    """Begin an answer, and never end it."""
    await upstream.send(HEAD + b"hello")
    await upstream.closed()


# --- the upstream's doing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", [vanish, reset])
async def test_an_upstream_that_ends_before_it_answers_is_its_error(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched, peer: Peer
) -> None:
    path = raw.at(peer)
    assert (await client.get(path)).status_code == 503
    event = await watched.event(path=path)
    assert why(event) == (503, "upstream_error", ["UC"])
    assert event["error"]["type"] == "UpstreamConnectionTermination"
    assert event["error"]["message"].startswith("upstream_reset_before_response_started")


async def test_an_upstream_that_ends_within_its_answer_is_its_error(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(vanish_midway)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (200, "upstream_error", ["UPE"])
    assert event["error"]["message"].startswith("upstream_reset_after_response_started")
    assert (event["response"]["body"]["size"], event["response"]["body"]["head"]) == (5, "hello")


async def test_an_upstream_that_resets_within_its_answer_is_its_error(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(reset_midway)
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, (b"content-length", b"8"), method="POST", last=False)
        assert await client.body(stream, 5) == b"hello"
        await client.data(stream, b"more")
        assert (await client.answer(stream)).reset is not None
    event = await watched.event(path=path)
    assert (event["status"], event["outcome"]) == (200, "upstream_error")
    assert event["response"]["body"]["head"] == "hello"


async def test_an_answer_that_is_no_http_is_the_upstreams_error(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(sending(b"hello\r\n\r\n"))
    assert (await client.get(path)).status_code == 502
    event = await watched.event(path=path)
    assert why(event) == (502, "upstream_error", ["UPE"])
    assert event["error"]["type"] == "UpstreamProtocolError"


async def test_a_stream_that_the_upstream_resets_before_it_answers_is_its_error(
    client: httpx.AsyncClient, frames: Upstream[Answering], watched: Watched
) -> None:
    def refuse(http: H2Connection, stream: int) -> None:
        http.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)

    path = frames.at(refuse, "/frames")
    assert (await client.get(path)).status_code == 503
    event = await watched.event(path=path)
    assert why(event) == (503, "upstream_error", ["UR"])
    assert event["error"]["type"] == "UpstreamRemoteReset"


async def test_a_stream_that_the_upstream_resets_within_its_answer_is_its_error(
    client: httpx.AsyncClient, frames: Upstream[Answering], watched: Watched
) -> None:
    def break_off(http: H2Connection, stream: int) -> None:
        http.send_headers(stream, [(":status", "200")])
        http.send_data(stream, b"hello")
        http.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)

    path = frames.at(break_off, "/frames")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (200, "upstream_error", ["UR"])
    assert event["error"]["message"].startswith("upstream_reset_after_response_started")


async def test_trailers_of_an_upstream_end_its_answer(
    client: httpx.AsyncClient, frames: Upstream[Answering], watched: Watched
) -> None:
    def answer(http: H2Connection, stream: int) -> None:
        http.send_headers(stream, [(":status", "200")])
        http.send_headers(stream, [("x-sum", "0")], end_stream=True)

    path = frames.at(answer, "/frames")
    assert (await client.get(path)).content == b""
    event = await watched.event(path=path)
    assert (why(event), event["response"]["chunks"]) == ((200, "completed", []), 0)


# --- Envoy's patience -----------------------------------------------------------------------------------------------


async def test_an_upstream_that_does_not_answer_in_time_is_its_error(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(hold, "/timeout")
    assert (await client.get(path)).status_code == 504
    event = await watched.event(path=path)
    assert why(event) == (504, "upstream_error", ["UT"])
    assert event["error"] == {"type": "UpstreamRequestTimeout", "message": "response_timeout"}


async def test_an_answer_that_does_not_end_in_time_is_the_upstreams_error(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(hold_midway, "/timeout")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (200, "upstream_error", ["UT"])
    assert event["response"]["body"]["head"] == "hello"


async def test_a_stream_that_idles_before_an_answer_is_reset(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(hold, "/idle")
    status = (await client.get(path)).status_code
    event = await watched.event(path=path)
    assert why(event) == (status, "reset", ["SI"])
    assert event["error"] == {"type": "StreamIdleTimeout", "message": "stream_idle_timeout"}


async def test_a_stream_that_idles_within_its_answer_is_reset(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(hold_midway, "/idle")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (200, "reset", ["SI"])
    assert event["response"]["body"]["head"] == "hello"


async def test_a_stream_that_lasts_too_long_is_cut_off(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(hold_midway, "/duration")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(path)
    event = await watched.event(path=path)
    # It is one of the ends that Envoy has no flag for.
    assert why(event) == (200, "reset", [])
    assert event["error"]["message"] == "max_duration_timeout"
    assert event["response"]["body"]["head"] == "hello"


# --- retries --------------------------------------------------------------------------------------------------------


class Failing:
    """An upstream that fails so often before it answers."""

    def __init__(self, times: int) -> None:
        self._left = times

    async def __call__(self, upstream: Connection) -> None:
        """Answer, or fail."""
        self._left -= 1
        status = b"503 Not Now" if self._left >= 0 else b"200 OK"
        await upstream.send(b"HTTP/1.1 %s\r\ncontent-length: 5\r\n\r\nhello" % status)


async def test_a_request_that_is_tried_again_is_one_event_with_its_attempts(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(Failing(2), "/retry")
    assert (await client.get(path)).status_code == 200
    event = await watched.event(path=path)
    assert (why(event), event["proxy"]["attempts"]) == ((200, "completed", []), 3)
    assert event["response"]["body"]["head"] == "hello"


async def test_an_answer_after_the_last_attempt_is_an_answer(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(Failing(9), "/retry")
    assert (await client.get(path)).text == "hello"
    event = await watched.event(path=path)
    assert (why(event), event["proxy"]["attempts"]) == ((503, "completed", ["URX"]), 3)


async def test_no_answer_after_the_last_attempt_is_the_upstreams_error(
    client: httpx.AsyncClient, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(vanish, "/retry")
    assert (await client.get(path)).status_code == 503
    event = await watched.event(path=path)
    assert (event["status"], event["outcome"], event["proxy"]["attempts"]) == (503, "upstream_error", 3)
    assert "URX" in event["proxy"]["response_flags"]


async def test_a_redirect_that_envoy_follows_is_two_events(
    client: httpx.AsyncClient, proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    second = raw.at(sending(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"))
    location = f"{proxy.url()}{second}".encode()
    first = raw.at(
        sending(b"HTTP/1.1 302 Found\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % location), "/follow"
    )
    assert (await client.get(first)).text == "hello"
    followed = await watched.event(path=first)
    assert (why(followed), followed["error"]) == ((302, "completed", []), None)
    assert followed["proxy"]["response_code_details"] == "internal_redirect"
    assert why(await watched.event(path=second)) == (200, "completed", [])
