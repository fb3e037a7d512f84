"""One exporter and one of each upstream for all tests; each file of tests has an Envoy of its own.

Tests, upstreams and clients share one event loop, so that a test can have them act in step.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import httpx
import pytest

from tests.framework.place import Place, place
from tests.framework.processes import free_port, running, uvicorn

from .support import upstreams
from .support.site import Site
from .support.upstreams import App, Peer, Session, Upstream
from .support.watched import Proxy, Watched


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What asynchronous tests run on."""
    return "asyncio"


@pytest.fixture(scope="session")
def watched() -> Iterator[Watched]:
    """The exporter."""
    with place() as made, made.exporter():
        yield Watched(made)


@pytest.fixture(scope="session")
async def app(anyio_backend: str) -> AsyncIterator[Upstream[App]]:
    """ASGI apps in uvicorn."""
    async with upstreams.apps() as upstream:
        yield upstream


@pytest.fixture(scope="session")
async def raw(anyio_backend: str) -> AsyncIterator[Upstream[Peer]]:
    """Bytes on a socket."""
    async with upstreams.raw() as upstream:
        yield upstream


@pytest.fixture(scope="session")
async def websockets(anyio_backend: str) -> AsyncIterator[Upstream[Session]]:
    """Websockets."""
    async with upstreams.websockets() as upstream:
        yield upstream


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
async def client(request: pytest.FixtureRequest, proxy: Proxy) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the file's Envoy, by each protocol."""
    is_2 = request.param == "HTTP/2"
    async with httpx.AsyncClient(base_url=proxy.url(), http1=not is_2, http2=is_2, timeout=60) as made:
        yield made


@pytest.fixture(scope="session")
def answering_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an app that answers everything with 1 KB."""
    port, log = free_port(), tmp_path_factory.mktemp("app") / "app.log"
    unwatched = {**os.environ, "OFFPATH_ENABLED": "0"}
    with running(uvicorn("tests.framework.app:answer", port), log, unwatched, port=port):
        yield port


@pytest.fixture
def site(place: Place, answering_app: int) -> Iterator[Site]:
    """That app, and a place of the test's own."""
    with closing(Site(place, answering_app)) as made:
        yield made
