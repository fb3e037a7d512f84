"""One exporter for all tests of this process; each test knows its events by a service name of its own."""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import offpath
import pytest
from offpath import OffpathMiddleware
from support.asgi import OK, Peer, http_scope, request
from support.caller import Caller
from support.exporter import Event, Exporter
from support.python import environment
from support.servers import COMMANDS, serving
from support.spans import Spans
from support.spans import recording as recording_spans
from support.upstream import Upstream
from support.upstream import upstream as serving_upstream
from support.waiting import eventually

_numbers = itertools.count()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session", autouse=True)
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """The exporter that reads the ring of this process, whose settings the environment is cleared of."""
    directory = tmp_path_factory.mktemp("exporter")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("OFFPATH_", "LANGFUSE_"))]:
            patch.delenv(name)
        exporter = Exporter(directory)
        patch.setenv("OFFPATH_DIR", str(exporter.rings))
        patch.chdir(directory)
        exporter.start()
        yield exporter
        offpath.shutdown()
        exporter.stop()


class Recording:
    """What one test records."""

    def __init__(self, exporter: Exporter, service: str, mark: Callable[[], str]) -> None:
        self.service = service
        self._exporter = exporter
        self._mark = mark

    def wrap(self, app: Any, **config: Any) -> OffpathMiddleware:
        """The app, recorded under this configuration and the test's service name."""
        service = {"name": self.service} | config.pop("service", {})
        return OffpathMiddleware(app, config={"service": service, **config})

    def calls(self, client: Any, **config: Any) -> None:
        """Record the calls of a client library (:mod:`offpath.httpx`, :mod:`offpath.aiohttp`) in the same way."""
        client.uninstrument()
        client.instrument({"service": {"name": self.service}, **config})

    def events(self) -> list[Event]:
        """All exchanges until now, in the order of their ends.

        The ring keeps order, so an exchange that is made now, and waited for, comes after all of them.
        """
        return [event for event in self.everything() if event["kind"] == "exchange"]

    def everything(self) -> list[Event]:
        """The same of spans and scores, too."""
        mark = self._mark()
        eventually(lambda: self._exporter.exchanges(path=mark), "the exporter has written the mark")
        return [event for event in self._exporter.events() if event.get("service") == self.service]

    def event(self) -> Event:
        """The only exchange until now."""
        events = self.events()
        assert len(events) == 1, f"not one event but {len(events)}: {events}"
        return events[0]


@pytest.fixture(scope="session")
def mark() -> Callable[[], str]:
    """Records an exchange at a path of its own, which is returned."""
    middleware = OffpathMiddleware(OK, config={"service": {"name": "mark"}})

    def make() -> str:
        path = f"/mark/{next(_numbers)}"
        peer = Peer(request())
        # It awaits nothing but the peer, which is always ready: no event loop is needed, and none is disturbed.
        with pytest.raises(StopIteration):
            middleware(http_scope(path), peer.receive, peer.send).send(None)
        return path

    return make


@pytest.fixture
def recording(exporter: Exporter, mark: Callable[[], str]) -> Recording:
    return Recording(exporter, f"test-{next(_numbers)}", mark)


@pytest.fixture
def spans(recording: Recording) -> Iterator[Spans]:
    """What the app itself tells."""
    yield from recording_spans(recording.service, recording.everything)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server to call."""
    with serving_upstream() as server:
        yield server


@pytest.fixture(params=["httpx", "httpx2"])
def caller(request: pytest.FixtureRequest, kind: str, recording: Recording) -> Iterator[Caller]:
    """Each client library, whose calls are recorded."""
    recording.calls(offpath.httpx)
    yield Caller(importlib.import_module(request.param), kind)
    offpath.httpx.uninstrument()


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Exporter]:
    """An exporter for what one test starts, in ``tmp_path``."""
    exporter = Exporter(tmp_path)
    exporter.start()
    yield exporter
    exporter.stop()


@pytest.fixture
def counted() -> Callable[[], dict[str, Any]]:
    """How far each counter of ``offpath.status()`` has moved since the test began."""
    before = _flat(offpath.status())

    def moved() -> dict[str, Any]:
        now = _flat(offpath.status())
        return {name: now[name] - before[name] for name in now if now[name] != before[name]}

    return moved


def _flat(status: Any) -> dict[str, int]:
    numbers = {name: value for name, value in status.items() if isinstance(value, int)}
    return numbers | {f"dropped.{reason}": count for reason, count in status["dropped"].items()}


@pytest.fixture
def upstream_http2(tmp_path: Path) -> Iterator[str]:
    """A server that speaks HTTP/2 with who begins with it."""
    env = environment(OFFPATH_ENABLED=0)
    with serving(COMMANDS["hypercorn-asyncio"], "apps.served:app", cwd=tmp_path, env=env) as server:
        yield f"http://{server.address}"
