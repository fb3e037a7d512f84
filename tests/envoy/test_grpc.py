"""Calls of gRPC: their bodies are bytes, and their status is in the trailers, or in the head if there is nothing else."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator

import grpc
import httpx
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import grpc_server
from .support.upstreams import App, Upstream, answering
from .support.watched import Event, Proxy, Watched

pytestmark = pytest.mark.anyio

Methods = Upstream[grpc.RpcMethodHandler]


@pytest.fixture(scope="module")
async def methods(anyio_backend: str) -> AsyncIterator[Methods]:
    """A gRPC server."""
    async with grpc_server.methods() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def proxy(watched: Watched, methods: Methods, app: Upstream[App]) -> Iterator[Proxy]:
    """All paths lead to the gRPC server, but for those below `/app` and those to nobody."""
    routes = [
        bootstrap.route("to-app", "app", prefix="/app"),
        bootstrap.route("to-nobody", "nobody", prefix="/nobody"),
        bootstrap.route("to-methods", "methods"),
    ]
    clusters = [
        bootstrap.upstream(methods.port, "methods", http2=True),
        bootstrap.upstream(app.port),
        bootstrap.upstream(free_port(), "nobody", http2=True),
    ]
    # Without it, of bodies that are no text only type, size and digest are kept.
    filters = [watched.filter(capture={"media": "keep"})]
    main = bootstrap.listener(free_port(), routes, filters)
    with watched.envoy({"main": main}, clusters) as running:
        yield running


@pytest.fixture
async def channel(proxy: Proxy) -> AsyncIterator[grpc.aio.Channel]:
    """A client's."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{proxy.port()}") as made:
        yield made


def frames(*messages: bytes) -> bytes:
    """Messages as gRPC has them in a body: each behind a byte of flags and four of its length."""
    return b"".join(b"\0" + len(message).to_bytes(4, "big") + message for message in messages)


def kept(event: Event, side: str) -> bytes:
    """The whole of a body that is within the limits."""
    body = event[side]["body"]
    head: str = body["head"]
    return base64.b64decode(head) if body["encoding"] == "base64" else head.encode()


async def test_a_call_is_one_event_with_its_status(
    channel: grpc.aio.Channel, methods: Methods, watched: Watched
) -> None:
    async def shout(request: bytes, _context: grpc.aio.ServicerContext) -> bytes:
        return request.upper() + b"\xff"

    path = methods.at(grpc.unary_unary_rpc_method_handler(shout), "/shop.Cart")
    assert await channel.unary_unary(path)(b"hello") == b"HELLO\xff"
    event = await watched.event(path=path)
    assert (event["method"], event["http_version"], event["status"]) == ("POST", "2", 200)
    assert (event["grpc_status"], event["outcome"]) == (0, "completed")
    assert (kept(event, "request"), kept(event, "response")) == (frames(b"hello"), frames(b"HELLO\xff"))


async def test_each_message_of_a_stream_arrives_before_the_next_is_sent(
    channel: grpc.aio.Channel, methods: Methods, watched: Watched
) -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def count(_request: bytes, _context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        for number in range(10):
            yield b"%d" % number
            assert await received.get() == b"%d" % number

    path = methods.at(grpc.unary_stream_rpc_method_handler(count), "/shop.Cart")
    async for message in channel.unary_stream(path)(b""):
        await received.put(message)
    event = await watched.event(path=path)
    assert (event["grpc_status"], event["outcome"]) == (0, "completed")
    assert kept(event, "response") == frames(*(b"%d" % number for number in range(10)))


async def test_messages_pass_both_ways_at_a_time(
    channel: grpc.aio.Channel, methods: Methods, watched: Watched
) -> None:
    async def echo(
        requests: AsyncIterator[bytes], _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request

    path = methods.at(grpc.stream_stream_rpc_method_handler(echo), "/shop.Cart")
    call = channel.stream_stream(path)()
    for number in range(10):
        await call.write(b"%d" % number)
        assert await call.read() == b"%d" % number
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.OK
    event = await watched.event(path=path)
    assert event["grpc_status"] == 0
    assert (
        kept(event, "request") == kept(event, "response") == frames(*(b"%d" % number for number in range(10)))
    )


async def test_a_status_that_comes_alone_is_in_the_event(
    channel: grpc.aio.Channel, methods: Methods, watched: Watched
) -> None:
    async def refuse(_request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        await context.abort(grpc.StatusCode.NOT_FOUND, "no such cart")
        raise AssertionError

    path = methods.at(grpc.unary_unary_rpc_method_handler(refuse), "/shop.Cart")
    with pytest.raises(grpc.aio.AioRpcError, match="no such cart"):
        await channel.unary_unary(path)(b"hello")
    event = await watched.event(path=path)
    assert (event["status"], event["grpc_status"], event["outcome"]) == (200, 5, "completed")
    assert (event["response"]["chunks"], event["response"]["body"]["size"]) == (0, 0)


async def test_a_status_behind_messages_is_in_the_event(
    channel: grpc.aio.Channel, methods: Methods, watched: Watched
) -> None:
    async def tire(_request: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        yield b"one"
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no more")

    path = methods.at(grpc.unary_stream_rpc_method_handler(tire), "/shop.Cart")
    call = channel.unary_stream(path)(b"")
    assert await call.read() == b"one"
    assert await call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    event = await watched.event(path=path)
    assert (event["grpc_status"], event["outcome"]) == (8, "completed")
    assert kept(event, "response") == frames(b"one")


async def test_a_call_that_the_client_cancels_is_a_disconnect(
    channel: grpc.aio.Channel, methods: Methods, watched: Watched
) -> None:
    async def wait(_request: bytes, _context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.Event().wait()

    path = methods.at(grpc.unary_stream_rpc_method_handler(wait), "/shop.Cart")
    call = channel.unary_stream(path)(b"")
    assert await call.read() == b"one"
    call.cancel()
    event = await watched.event(path=path)
    assert (event["outcome"], event["grpc_status"]) == ("client_disconnected", None)
    assert kept(event, "response") == frames(b"one")


async def test_a_status_that_envoy_makes_is_in_the_event(
    channel: grpc.aio.Channel, proxy: Proxy, watched: Watched
) -> None:
    path = "/nobody/grpc"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await channel.unary_unary(path)(b"hello")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    event = await watched.event(path=path)
    assert (event["grpc_status"], event["outcome"]) == (14, "upstream_error")


async def test_what_is_no_grpc_has_no_such_status(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(headers=[(b"grpc-status", b"3")]), "/app")
    await client.get(path)
    assert (await watched.event(path=path))["grpc_status"] is None
