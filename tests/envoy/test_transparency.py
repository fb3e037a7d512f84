"""With the filter and without it, the client and the upstream see the same bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import h11
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1, http2
from .support.configuration import raw_upstream
from .support.upstreams import Connection, Headers, Peer, Upstream
from .support.watched import Proxy, Watched

pytestmark = pytest.mark.anyio

#: A value of every byte that one may have, a name of every other sign that one may have, and no value.
ODD: Headers = [
    (b"x-odd", bytes([*range(0x21, 0x7F), *range(0x80, 0x100)])),
    (b"x!#$%&'*+.^_`|~", b"1"),
    (b"x-none", b""),
]

TRACED: Headers = [(b"traceparent", b"00-%s-%s-01" % (b"a" * 32, b"b" * 16)), (b"tracestate", b"v=1")]

SECRET: Headers = [
    (b"cookie", b"a=1; b=2"),
    (b"authorization", b"Bearer t"),
    (b"accept", b"a"),
    (b"accept", b"b"),
]


@dataclass(frozen=True)
class Request:
    """What a client sends."""

    method: str = "GET"
    query: str = ""
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    trailers: Headers = field(default_factory=list)


REQUESTS = {
    "get": Request(),
    "query": Request(query="?a=b%20c&&d"),
    "options": Request("OPTIONS"),
    "nothing": Request("PUT", headers=[(b"content-length", b"0")]),
    "length": Request(
        "POST", headers=[(b"content-length", b"5"), (b"content-type", b"text/plain")], body=b"hello"
    ),
    "chunked": Request("POST", body=b"hello"),
    "trailers": Request("POST", body=b"hello", trailers=[(b"x-sum", b"7")]),
    "odd": Request(headers=ODD),
    "traced": Request(headers=TRACED),
    "secret": Request(headers=SECRET),
}

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello"

RESPONSES = {
    "length": PLAIN,
    "chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    "trailers": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n",
    "odd": b"HTTP/1.1 299 Odd\r\n%scontent-length: 0\r\n\r\n"
    % b"".join(b"%s: %s\r\n" % pair for pair in ODD),
    "cookies": b"HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not-modified": b'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n',
    "early-hints": b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
}


@pytest.fixture(scope="module")
def proxy(watched: Watched, raw: Upstream[Peer]) -> Iterator[Proxy]:
    """The same listener twice; `main` has the filter."""
    # Nothing that differs from one request to the next: no times, and no ids.
    routes = [
        {**bootstrap.route("to-raw", "raw"), "response_headers_to_remove": ["x-envoy-upstream-service-time"]}
    ]

    def listener(*filters: bootstrap.Message) -> bootstrap.Message:
        codec = {"enable_trailers": True}
        return bootstrap.listener(
            free_port(), routes, filters, generate_request_id=False, http_protocol_options=codec
        )

    listeners = {"main": listener(watched.filter()), "bare": listener()}
    with watched.envoy(listeners, [raw_upstream(raw.port)]) as running:
        yield running


# --- one exchange, as both ends see it ------------------------------------------------------------------------------


class Recorder:
    """An upstream that answers so, and keeps the bytes that it was sent."""

    def __init__(self, response: bytes) -> None:
        self._response = response
        self.seen = b""

    async def __call__(self, upstream: Connection) -> None:
        """Have one exchange."""
        http = h11.Connection(h11.SERVER)
        self.seen = data = upstream.head
        while True:
            http.receive_data(data)
            while (event := http.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.EndOfMessage):
                    await upstream.send(self._response)
                    return
            data = await upstream.reader.read(1 << 16)
            self.seen += data


async def over_1(port: int, target: str, request: Request) -> bytes:
    """Every byte that comes back on a connection, but for the time that Envoy writes into it."""
    lines = [b"%s: %s" % pair for pair in request.headers]
    body = request.body
    if body and not any(name == b"content-length" for name, _ in request.headers):
        lines.append(b"transfer-encoding: chunked")
        trailers = b"".join(b"%s: %s\r\n" % pair for pair in request.trailers)
        body = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailers)
    async with http1.connect(port) as client:
        await client.request(target, *lines, b"connection: close", method=request.method, body=body)
        answer = await client.rest()
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"date: "))


async def over_2(port: int, target: str, request: Request) -> http2.Answer:
    """Every field that comes back on a stream, and the body, but for the time that Envoy writes into it."""
    async with http2.connect(port) as client:
        stream = await client.request(target, *request.headers, method=request.method, last=not request.body)
        if request.body:
            await client.data(stream, request.body, last=not request.trailers)
        if request.trailers:
            await client.trailers(stream, *request.trailers)
        answer = await client.answer(stream)
    answer.headers = [pair for pair in answer.headers if pair[0] != b"date"]
    return answer


Over = Callable[[int, str, Request], Awaitable[object]]

protocols = pytest.mark.parametrize("over", [over_1, over_2], ids=["HTTP/1.1", "HTTP/2"])


@protocols
@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_arrives_as_it_was_sent(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, over: Over, name: str
) -> None:
    recorder = Recorder(PLAIN)
    path = raw.at(recorder)
    seen = []
    for listener in ("bare", "main"):
        await over(proxy.port(listener), path + REQUESTS[name].query, REQUESTS[name])
        seen.append(recorder.seen)
    assert seen[1] == seen[0]
    await watched.event(path=path)


@protocols
@pytest.mark.parametrize("name", RESPONSES)
async def test_a_response_arrives_as_it_was_sent(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, over: Over, name: str
) -> None:
    path = raw.at(Recorder(RESPONSES[name]))
    bare = await over(proxy.port("bare"), path, Request())
    assert bare == await over(proxy.port("main"), path, Request())
    await watched.event(path=path)
