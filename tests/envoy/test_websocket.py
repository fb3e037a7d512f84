"""Websockets: messages are counted and their sizes added up; they are kept as far as is asked for, usually not at all."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1, http2
from .support.upstreams import Connection, Peer, Session, Upstream
from .support.watched import Event, Proxy, Watched

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def proxy(watched: Watched, websockets: Upstream[Session], raw: Upstream[Peer]) -> Iterator[Proxy]:
    """All paths lead to the server but for those below `/raw`; below `/kept` messages are kept."""
    rule = {"match": {"path": "/kept/*"}, "websocket": {"head": 8, "tail": 4}}
    routes = [bootstrap.route("to-raw", "raw", prefix="/raw"), bootstrap.route("to-websockets", "websockets")]
    main = bootstrap.listener(
        free_port(),
        routes,
        [watched.filter(rule=[rule])],
        upgrades=["websocket"],
        delayed_close_timeout="0.1s",
    )
    clusters = [bootstrap.upstream(websockets.port, "websockets"), bootstrap.upstream(raw.port, "raw")]
    with watched.envoy({"main": main}, clusters) as running:
        yield running


def client(proxy: Proxy, path: str, subprotocol: str | None = None) -> connect:
    """A client whose frames are as they are sent: not compressed, and no pings that were not asked for."""
    return connect(
        f"ws://api.example{path}",
        host="127.0.0.1",
        port=proxy.port(),
        subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
        compression=None,
        ping_interval=None,
        max_size=None,
        proxy=None,
    )


async def echo(connection: ServerConnection) -> None:
    """Send back what comes."""
    async for message in connection:
        await connection.send(message)


def counted(event: Event, side: str) -> tuple[int, int, int]:
    """Messages, bytes of payload, and how many of those were kept."""
    return event[side]["chunks"], event[side]["body"]["size"], event[side]["body"]["kept"]


async def test_a_session_is_one_event(proxy: Proxy, websockets: Upstream[Session], watched: Watched) -> None:
    path = websockets.at(echo)
    async with client(proxy, path + "?a=b") as connection:
        for message in ("hello", b"\x00\xff", "again"):
            await connection.send(message)
            assert await connection.recv() == message
    event = await watched.event(path=path)
    assert (event["scheme"], event["method"], event["host"], event["query"]) == (
        "ws",
        "GET",
        "api.example",
        "a=b",
    )
    assert (event["status"], event["outcome"], event["route"]) == (101, "completed", "to-websockets")
    assert counted(event, "request") == counted(event, "response") == (3, 12, 0)


async def test_the_subprotocol_and_the_close_code_are_in_the_event(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched
) -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.close(4001, "enough")

    path = websockets.at(leave)
    async with client(proxy, path, "chat.v2") as connection:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
    event = await watched.event(path=path)
    assert event["websocket"] == {"accepted": True, "close_code": 4001, "subprotocol": "chat.v2"}
    assert event["outcome"] == "completed"


async def test_messages_in_fragments_and_between_pings_are_counted_once(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched
) -> None:
    path = websockets.at(echo)
    async with client(proxy, path) as connection:
        await (await connection.ping(b"there?"))
        await connection.send(["one ", "message ", "in parts"])
        assert await connection.recv() == "one message in parts"
        await (await connection.ping(b"still?"))
    event = await watched.event(path=path)
    assert counted(event, "request") == counted(event, "response") == (1, 20, 0)


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, 3_000_000])
async def test_a_message_of_any_size_passes_and_is_counted(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched, size: int
) -> None:
    path = websockets.at(echo)
    async with client(proxy, path) as connection:
        await connection.send(b"x" * size)
        assert await connection.recv() == b"x" * size
    event = await watched.event(path=path)
    assert counted(event, "request") == counted(event, "response") == (1, size, 0)


async def test_of_messages_as_much_is_kept_as_is_asked_for(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched
) -> None:
    path = websockets.at(echo, "/kept")
    async with client(proxy, path) as connection:
        for message in ("hello, ", "you there, ", "good bye"):
            await connection.send(message)
            assert await connection.recv() == message
    event = await watched.event(path=path)
    for side in ("request", "response"):
        body = event[side]["body"]
        assert (body["size"], body["head"], body["tail"]) == (26, "hello, y", " bye")


@pytest.mark.parametrize("seed", range(20))
async def test_noise_in_place_of_frames_passes(
    proxy: Proxy, raw: Upstream[Peer], watched: Watched, seed: int
) -> None:
    noise = random.Random(seed)
    there, back = noise.randbytes(5000), noise.randbytes(5000)

    async def switch(upstream: Connection) -> None:
        await upstream.send(
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        )
        received = await upstream.reader.readexactly(len(there))
        await upstream.send(back if received == there else b"")
        upstream.close()

    path = raw.at(switch, "/raw")
    async with http1.connect(proxy.port()) as peer:
        await peer.request(path, b"connection: upgrade", b"upgrade: websocket")
        assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
        at = 0
        while at < len(there):
            size = noise.randrange(1, 500)
            await peer.send(there[at : at + size])
            at += size
        assert await peer.rest() == back
    event = await watched.event(path=path)
    assert (event["status"], event["scheme"]) == (101, "ws")


async def test_a_session_that_was_refused_is_an_answer(proxy: Proxy, watched: Watched) -> None:
    path = "/websockets/nobody"
    with pytest.raises(InvalidStatus):
        async with client(proxy, path):
            pass
    event = await watched.event(path=path)
    assert (event["scheme"], event["status"], event["outcome"]) == ("ws", 403, "completed")
    assert event["websocket"]["accepted"] is False
    assert event["response"]["body"]["size"] == len("not here\n")


async def test_a_client_that_is_lost_is_a_disconnect(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched
) -> None:
    path = websockets.at(echo)
    async with client(proxy, path) as connection:
        await connection.send("hello")
        await connection.recv()
        connection.transport.abort()
    event = await watched.event(path=path)
    assert (event["outcome"], counted(event, "request")) == ("client_disconnected", (1, 5, 0))


async def test_a_server_that_is_lost_is_an_upstream_error(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched
) -> None:
    async def vanish(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.recv()
        connection.transport.abort()

    path = websockets.at(vanish)
    async with client(proxy, path) as connection:
        assert await connection.recv() == "hello"
        await connection.send("bye")
        with pytest.raises(ConnectionClosed):
            await connection.recv()
    event = await watched.event(path=path)
    assert (event["outcome"], counted(event, "response")) == ("upstream_error", (1, 5, 0))


async def test_a_session_over_http2_is_the_same(
    proxy: Proxy, websockets: Upstream[Session], watched: Watched
) -> None:
    path = websockets.at(echo)
    async with http2.connect(proxy.port()) as peer:
        # RFC 8441, section 5.
        fields = [(b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":scheme", b"http")]
        fields += [
            (b":path", path.encode()),
            (b":authority", b"api.example"),
            (b"sec-websocket-version", b"13"),
            # Envoy makes no key for a server of HTTP/1.1.
            (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        stream = await peer.head(fields, last=False)
        await peer.data(stream, Frame(Opcode.TEXT, b"hello").serialize(mask=True))
        echoed = Frame(Opcode.TEXT, b"hello").serialize(mask=False)
        assert await peer.body(stream, len(echoed)) == echoed
        await peer.data(stream, Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True), last=True)
        assert (await peer.answer(stream)).status == 200
    event = await watched.event(path=path)
    assert (event["scheme"], event["http_version"], event["outcome"]) == ("ws", "2", "completed")
    assert counted(event, "request") == counted(event, "response") == (1, 5, 0)
    assert event["websocket"]["close_code"] == 1000
