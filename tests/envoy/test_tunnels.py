"""Tunnels by CONNECT, and upgrades to protocols that nobody here knows: who, how long, and how many bytes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1, http2
from .support.upstreams import Connection, Peer, Upstream
from .support.watched import Event, Proxy, Watched

pytestmark = pytest.mark.anyio

_hosts = (f"tunnel-{number}.example:443" for number in itertools.count())


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what comes back behind `up:`; end when the other side says so, or ends."""
    while (data := await reader.read(1 << 16)) not in (b"", b"bye"):
        writer.write(b"up:" + data)
    writer.close()


@pytest.fixture(scope="module")
async def far_end(anyio_backend: str) -> AsyncIterator[int]:
    """The port of a server of bytes."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture(scope="module")
def proxy(watched: Watched, raw: Upstream[Peer], far_end: int) -> Iterator[Proxy]:
    """CONNECT leads to the far end, and on the other listener to nobody; everything else to the raw upstream."""
    other = bootstrap.route("to-raw", "raw")

    def listener(cluster: str) -> bootstrap.Message:
        routes = [bootstrap.connect_route("tunnel", cluster), other]
        return bootstrap.listener(
            free_port(),
            routes,
            [watched.filter()],
            upgrades=["CONNECT", "echo"],
            delayed_close_timeout="0.1s",
        )

    clusters = [
        bootstrap.upstream(far_end, "far-end"),
        bootstrap.upstream(free_port(), "nobody"),
        bootstrap.upstream(raw.port, "raw"),
    ]
    with watched.envoy({"main": listener("far-end"), "to-nobody": listener("nobody")}, clusters) as running:
        yield running


def counted(event: Event) -> tuple[int, int, int, int]:
    """Bytes there and back, and how many of each were kept."""
    there, back = event["request"]["body"], event["response"]["body"]
    return there["size"], back["size"], there["kept"], back["kept"]


async def test_a_tunnel_over_http1_is_one_event_with_its_bytes(proxy: Proxy, watched: Watched) -> None:
    host = next(_hosts)
    async with http1.connect(proxy.port()) as client:
        await client.send(f"CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert (await client.answer("CONNECT")).status == 200
        await client.send(b"hello")
        assert await client.exactly(8) == b"up:hello"
        await client.send(b"bye")
        assert await client.rest() == b""
    event = await watched.event(host=host)
    assert (event["method"], event["path"], event["status"]) == ("CONNECT", "", 200)
    assert (event["route"], event["outcome"]) == ("tunnel", "completed")
    assert counted(event) == (8, 8, 0, 0)


async def test_a_tunnel_over_http2_is_one_event_with_its_bytes(proxy: Proxy, watched: Watched) -> None:
    host = next(_hosts)
    async with http2.connect(proxy.port()) as client:
        stream = await client.head([(b":method", b"CONNECT"), (b":authority", host.encode())], last=False)
        await client.data(stream, b"hello")
        assert await client.body(stream, 8) == b"up:hello"
        await client.data(stream, b"", last=True)
        answer = await client.answer(stream)
        assert (answer.status, answer.is_whole) == (200, True)
    event = await watched.event(host=host)
    assert (event["method"], event["status"], event["outcome"]) == ("CONNECT", 200, "completed")
    assert counted(event) == (5, 8, 0, 0)


async def test_a_tunnel_may_be_ended_by_the_client(proxy: Proxy, watched: Watched) -> None:
    host = next(_hosts)
    async with http1.connect(proxy.port()) as client:
        await client.send(f"CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert (await client.answer("CONNECT")).status == 200
        await client.send(b"hello")
        assert await client.exactly(8) == b"up:hello"
    event = await watched.event(host=host)
    assert (event["outcome"], event["error"], counted(event)) == ("completed", None, (5, 8, 0, 0))


async def test_a_tunnel_to_nobody_is_an_upstream_error(proxy: Proxy, watched: Watched) -> None:
    host = next(_hosts)
    async with http1.connect(proxy.port("to-nobody")) as client:
        await client.send(f"CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert (await client.answer("CONNECT")).status == 503
    event = await watched.event(host=host)
    assert (event["status"], event["outcome"]) == (503, "upstream_error")


async def test_an_upgrade_to_another_protocol_is_one_event_with_its_bytes(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched
) -> None:
    async def switch(upstream: Connection) -> None:
        await upstream.send(
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"
        )
        assert await upstream.reader.readexactly(5) == b"hello"
        await upstream.send(b"up:hello")
        upstream.close()

    path = raw.at(switch)
    async with http1.connect(proxy.port()) as client:
        await client.request(path, b"connection: upgrade", b"upgrade: echo")
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        await client.send(b"hello")
        assert await client.rest() == b"up:hello"
    event = await watched.event(path=path)
    assert (event["scheme"], event["status"], event["outcome"]) == ("http", 101, "completed")
    assert counted(event) == (5, 8, 0, 0)
    assert event["websocket"] is None
