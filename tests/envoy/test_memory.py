"""A worker's VM has bounded memory, whatever passes. It never gives any back, so what it has is the most it ever needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.framework import bootstrap
from tests.framework.bootstrap import Message
from tests.framework.envoy import Envoy, envoy
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port

from .support.bulk import source
from .support.load import LAST_BYTES, flood

#: What a VM may have, in bytes.
LIMIT = 8 << 20

#: What may be wasted between what is allocated, in bytes: less than six for each request of half a flood.
WASTE = 256 << 10

REQUESTS = 100_000
STREAMS = 100
MB = 1_000_000
#: Bytes of all streams together.
PASSED = STREAMS * 100 * MB


@dataclass
class Flooded:
    """Memory in the course of a flood."""

    #: The exporter is away, and as many events wait for it as may.
    full: int
    #: It is there, for half of the requests and then for all.
    half: int
    all: int


@dataclass
class Streamed:
    """Memory after streams of 10 MB, and of 100 MB."""

    short: int
    long: int


@pytest.fixture(scope="module")
def flooded() -> Flooded:
    """A flood of requests."""
    answering = free_port()
    with place() as made, _watched(made, bootstrap.upstream(answering), _answers(answering)) as running:
        full = _flood(running, REQUESTS // 5)
        with made.exporter():
            half = _flood(running, REQUESTS // 2)
            return Flooded(full, half, _flood(running, REQUESTS // 2))


def test_memory_is_bounded_while_the_exporter_is_away(flooded: Flooded) -> None:
    assert flooded.full <= LIMIT


def test_memory_is_bounded_after_100_000_requests(flooded: Flooded) -> None:
    assert flooded.all <= LIMIT


def test_memory_does_not_grow_with_the_number_of_requests(flooded: Flooded) -> None:
    print(flooded)
    assert flooded.all - flooded.half <= WASTE


@pytest.fixture(scope="module")
def streamed() -> Streamed:
    """Ever longer streams, all open at a time."""
    with (
        source(STREAMS) as upstream,
        place() as made,
        made.exporter(),
        _watched(made, bootstrap.upstream(upstream.port)) as running,
    ):
        for _ in range(3):
            upstream.stream(running.port, 10 * MB)
        short = _memory(running, 3 * STREAMS)
        upstream.stream(running.port, 100 * MB)
        return Streamed(short, _memory(running, 4 * STREAMS))


def test_memory_is_bounded_after_100_streams_of_100_mb(streamed: Streamed) -> None:
    assert streamed.long <= LIMIT


def test_memory_does_not_grow_with_the_length_of_streams(streamed: Streamed) -> None:
    print(streamed)
    assert streamed.long - streamed.short <= PASSED / 10_000


@contextmanager
def _watched(place: Place, app: Message, *others: Message) -> Iterator[Envoy]:
    """An Envoy with the filter as it is by default, before this app, and with other listeners."""
    filters = [bootstrap.wasm_filter()]
    listeners = [bootstrap.listener(free_port(), [bootstrap.route("all")], filters), *others]
    with envoy(place.path, listeners, [app, bootstrap.exporter(place.rings / "ingest.sock")]) as running:
        yield running


def _answers(port: int) -> Message:
    """A listener that answers everything with 1 KB by itself: Envoy as the app behind Envoy is quick enough."""
    body = "x" * 1000 + LAST_BYTES.decode()
    static = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": body}}}
    return bootstrap.listener(port, [static])


def _flood(running: Envoy, requests: int) -> int:
    """Make so many requests; return what memory there is then."""
    recorded = running.stat("wasmcustom.offpath.events")
    flood(running.port, requests)
    return _memory(running, recorded + requests)


def _memory(running: Envoy, recorded: int) -> int:
    """What memory there is when so many exchanges are recorded."""
    eventually("all are recorded", lambda: running.stat("wasmcustom.offpath.events") == recorded)
    return running.stat("wasmcustom.offpath.memory_bytes")
