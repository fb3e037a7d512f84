"""What strangers may send: heads of any bytes, sizes and shapes that no client has.

Sent raw, as far as Envoy's own checks let it pass. After each the filter is there, and nothing was lost.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1, http2
from .support.configuration import raw_upstream
from .support.upstreams import Connection, Headers, Peer, Upstream, sending, unique
from .support.watched import Event, Proxy, Watched, until

pytestmark = pytest.mark.anyio

CAPTURE = {"headers": {"allow": ["*"]}, "redact": {"query": ["token"]}}

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

#: Every byte that a value may have (RFC 9110, section 5.5), in no encoding.
OBS_TEXT = bytes([*range(0x21, 0x7F), *range(0x80, 0x100)])

HEADS: dict[str, Headers] = {
    "obs-text": [(b"x-odd", OBS_TEXT)],
    "half a letter": [
        (b"x-odd", b"caf\xc3"),
        (b"x-odd", b"\xa9"),
        (b"x-odd", b"\xed\xa0\x80"),
        (b"x-odd", b"\xf4\x90\x80\x80"),
    ],
    "a thousand": [(b"x-%d" % number, b"value %d" % number) for number in range(1000)],
    "a thousand of one name": [(b"x-same", b"%d" % number) for number in range(1000)],
    "60 KB": [(b"x-long", b"v" * 60_000)],
    "a name of 16 KB": [(b"x-" + b"n" * 16_000, b"v")],
    "no values": [(b"x-none", b""), (b"user-agent", b""), (b"x-request-id", b""), (b"content-type", b"")],
    "all signs in a name": [(b"!#$%&'*+-.^_`|~", b"v")],
    "ids of others": [(b"traceparent", OBS_TEXT), (b"traceparent", b"00"), (b"tracestate", b"=" * 600)],
    "types": [(b"content-type", b"application/grpc; " + OBS_TEXT), (b"content-type", b"text/event-stream")],
}


@pytest.fixture(scope="module")
def proxy(watched: Watched, raw: Upstream[Peer]) -> Iterator[Proxy]:
    """All paths lead to the upstream, and Envoy refuses as little as it can."""
    main = bootstrap.listener(
        free_port(),
        [bootstrap.route("to-raw", "raw")],
        [watched.filter(capture=CAPTURE, inject_traceparent=True)],
        max_request_headers_kb=1024,
        delayed_close_timeout="0.1s",
        common_http_protocol_options={"max_headers_count": 2000},
        http_protocol_options={"enable_trailers": True, "allow_custom_methods": True, "accept_http_10": True},
        http2_protocol_options={
            "allow_connect": True,
            "max_consecutive_inbound_frames_with_empty_payload": 1000,
        },
    )
    with watched.envoy({"main": main}, [raw_upstream(raw.port)]) as running:
        yield running


@pytest.fixture(autouse=True)
async def unharmed(proxy: Proxy, raw: Upstream[Peer], watched: Watched) -> AsyncIterator[None]:
    """After each test the filter is as it was: it records, and has lost nothing."""
    yield
    path = raw.at(sending(OK))
    async with http1.connect(proxy.port()) as client:
        await client.request(path)
        assert (await client.answer()).body == b"ok"
    assert (await watched.event(path=path))["outcome"] == "completed"
    proxy.assert_healthy()


class Recorder:
    """An upstream that answers so, and keeps the head that it was sent."""

    def __init__(self, response: bytes = OK) -> None:
        self._response = response
        self.head = b""

    async def __call__(self, upstream: Connection) -> None:
        """Have one exchange."""
        self.head = upstream.head
        await upstream.send(self._response)


def lines(headers: Headers) -> bytes:
    """The headers as HTTP/1.1 has them."""
    return b"".join(b"%s: %s\r\n" % pair for pair in headers)


def kept(event: Event, side: str, name: str) -> list[str]:
    """The values that the event has of one header."""
    return [value for found, value in event[side]["headers"] if found == name]


# --- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEADS)
async def test_headers_of_a_request_over_1_pass(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, name: str
) -> None:
    recorder = Recorder()
    path = raw.at(recorder)
    async with http1.connect(proxy.port()) as client:
        await client.request(path, lines(HEADS[name]).removesuffix(b"\r\n"))
        assert (await client.answer()).body == b"ok"
    assert all(value in recorder.head for header, value in HEADS[name] if header != b"traceparent")
    await watched.event(path=path)


@pytest.mark.parametrize("name", HEADS)
async def test_headers_of_a_request_over_2_pass(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, name: str
) -> None:
    recorder = Recorder()
    path = raw.at(recorder)
    async with http2.connect(proxy.port()) as client:
        stream = await client.request(path, *HEADS[name])
        assert (await client.answer(stream)).body == b"ok"
    assert all(value in recorder.head for header, value in HEADS[name] if header != b"traceparent")
    await watched.event(path=path)


@pytest.mark.parametrize("name", HEADS)
async def test_headers_of_a_response_pass(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, name: str
) -> None:
    path = raw.at(sending(b"HTTP/1.1 200 OK\r\n%scontent-length: 2\r\n\r\nok" % lines(HEADS[name])))
    async with http1.connect(proxy.port()) as client:
        await client.request(path)
        answer = await client.head()
        assert await client.reader.readexactly(2) == b"ok"
    assert all(value in answer for _, value in HEADS[name])
    await watched.event(path=path)


async def exchange(proxy: Proxy, raw: Upstream[Peer], watched: Watched, headers: Headers) -> Event:
    """The event of a request with these headers, whose answer has them too."""
    path = raw.at(sending(b"HTTP/1.1 200 OK\r\n%scontent-length: 2\r\n\r\nok" % lines(headers)))
    async with http1.connect(proxy.port()) as client:
        await client.request(path, lines(headers).removesuffix(b"\r\n"))
        assert (await client.head()).startswith(b"HTTP/1.1 200")
        assert await client.reader.readexactly(2) == b"ok"
    return await watched.event(path=path)


async def test_a_value_that_is_not_utf8_is_read_as_iso_8859_1(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    event = await exchange(proxy, raw, watched, [(b"x-odd", OBS_TEXT), (b"x-utf8", "Grüße".encode())])
    for side in ("request", "response"):
        assert kept(event, side, "x-odd") == [OBS_TEXT.decode("latin-1")]
        assert kept(event, side, "x-utf8") == ["Grüße"]


async def test_of_a_thousand_headers_128_are_kept(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    event = await exchange(proxy, raw, watched, HEADS["a thousand"])
    for side in ("request", "response"):
        assert event[side]["headers"] == [[f"x-{number}", f"value {number}"] for number in range(128)]


async def test_of_a_long_value_4_kib_are_kept(proxy: Proxy, raw: Upstream[Peer], watched: Watched) -> None:
    event = await exchange(proxy, raw, watched, HEADS["60 KB"])
    assert kept(event, "request", "x-long") == kept(event, "response", "x-long") == ["v" * 4096]


async def test_no_value_is_a_value(proxy: Proxy, raw: Upstream[Peer], watched: Watched) -> None:
    event = await exchange(proxy, raw, watched, HEADS["no values"])
    assert kept(event, "request", "x-none") == kept(event, "response", "x-none") == [""]


async def test_a_header_of_names_beyond_measure_is_left_out(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    event = await exchange(proxy, raw, watched, HEADS["a name of 16 KB"])
    assert not [name for name, _ in event["request"]["headers"] if "nnn" in name]


# --- methods and targets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BREW", "M-SEARCH", "get", "!#$%&'*+.^_`|~", "X" * 5000])
async def test_a_method_that_nobody_knows_is_one_event(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, method: str
) -> None:
    path = raw.at(sending(OK))
    async with http1.connect(proxy.port()) as client:
        await client.request(path, method=method)
        assert (await client.answer()).body == b"ok"
    event = await watched.event(path=path)
    assert event["method"]
    assert method.startswith(event["method"])


@pytest.mark.parametrize("is_2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize(
    "suffix",
    [
        "/%00%ff%zz%",
        "//..//;a=b",
        "/" + "a" * 60_000,
        "?" + "token=hush&" * 5000,
        "?%=&&=&token&token=&=%",
        "?" * 3000,
    ],
    ids=["escapes", "slashes", "60 KB", "5000 secrets", "signs", "questions"],
)
async def test_a_target_of_any_shape_is_one_event(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, suffix: str, is_2: bool
) -> None:
    path = unique()
    target = path + suffix
    raw.put(target.partition("?")[0], sending(OK))
    if is_2:
        async with http2.connect(proxy.port()) as two:
            assert (await two.answer(await two.request(target))).body == b"ok"
    else:
        async with http1.connect(proxy.port()) as one:
            await one.request(target)
            assert (await one.answer()).body == b"ok"
    await until("its event is stored", lambda: len(watched.beginning(path)) == 1)
    (event,) = watched.beginning(path)
    assert event["status"] == 200
    assert target.startswith(event["path"])
    assert "hush" not in str(event)


async def test_a_path_that_is_not_utf8_is_read_as_iso_8859_1(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    path = raw.at(sending(OK), "/caf\xe9\xff")
    # Over HTTP/1.1, Envoy refuses it.
    async with http2.connect(proxy.port()) as client:
        assert (await client.answer(await client.request(f"{path}?\xfe"))).body == b"ok"
    assert (await watched.event(path=path))["query"] == "\xfe"


@pytest.mark.parametrize("target", ["*", "http://api.example/absolute"])
async def test_a_target_that_is_no_path_is_one_event(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, target: str
) -> None:
    raw.put(target, sending(OK))
    raw.put("/absolute", sending(OK))
    host = f"{unique()[1:]}.example"
    async with http1.connect(proxy.port()) as client:
        absolute = target.replace("api.example", host)
        await client.send(f"OPTIONS {absolute} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert (await client.answer()).status in (200, 404)
    assert (await watched.event(host=host))["method"] == "OPTIONS"


async def test_http_1_0_is_one_event(proxy: Proxy, raw: Upstream[Peer], watched: Watched) -> None:
    path = raw.at(sending(OK))
    async with http1.connect(proxy.port()) as client:
        await client.send(b"GET %s HTTP/1.0\r\nhost: api.example\r\n\r\n" % path.encode())
        assert (await client.rest()).endswith(b"ok")
    assert (await watched.event(path=path))["http_version"] == "1.0"


PSEUDO = {b":method": b"GET", b":scheme": b"http", b":authority": b"api.example", b":path": b"/"}


@pytest.mark.parametrize("missing", PSEUDO)
async def test_a_head_of_http2_without_one_of_its_parts_troubles_nobody(proxy: Proxy, missing: bytes) -> None:
    async with http2.connect(proxy.port()) as client:
        stream = await client.head([pair for pair in PSEUDO.items() if pair[0] != missing])
        await client.ended(stream)


@pytest.mark.parametrize("path", [b"", b" ", b"no-slash", b"/\x00", b"/" + b"\r\nx: y"])
async def test_a_path_of_http2_that_cannot_be_troubles_nobody(proxy: Proxy, path: bytes) -> None:
    async with http2.connect(proxy.port()) as client:
        stream = await client.head([*(PSEUDO | {b":path": path}).items()])
        await client.ended(stream)


# --- what is no HTTP ------------------------------------------------------------------------------------------------

BROKEN = {
    "two lengths": b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
    "length and chunks": b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "endless length": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a head without end": b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 2_000_000,
    "zeros": bytes(10_000),
    "a preface only": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a preface and noise": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + random.Random(1).randbytes(10_000),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_bytes_that_are_no_request_trouble_nobody(proxy: Proxy, name: str) -> None:
    async with http1.connect(proxy.port()) as client:
        await client.send_all(BROKEN[name])
        await client.gone()


async def test_noise_behind_good_heads_troubles_nobody(proxy: Proxy, raw: Upstream[Peer]) -> None:
    noise = random.Random(2)
    for _ in range(100):
        path = raw.at(sending(OK))
        head = b"POST %s HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" % path.encode()
        async with http1.connect(proxy.port()) as client:
            await client.send_all(head + noise.randbytes(noise.randrange(1, 400)))
            await client.gone()
