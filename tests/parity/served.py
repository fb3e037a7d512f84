"""The runs over TCP: one client and one app, with the middleware around the app, or with Envoy before it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence

import offpath
import pytest

from tests.framework import bootstrap
from tests.framework.envoy import envoy
from tests.framework.place import Place
from tests.framework.processes import PATIENCE, eventually, free_port
from tests.framework.serving import served

from .app import App, Receive, Scope, Send, Steps, app_of
from .case import MARKER, Case, marker
from .client import play
from .events import Events

#: Puts around a case's app what is to watch it.
Wrap = Callable[[App, Case], App]


def over_asgi(cases: Sequence[Case], place: Place) -> Events:
    """Serve each case's app inside ``OffpathMiddleware``."""
    with pytest.MonkeyPatch.context() as patch, _listening() as listener:
        # Where the ring is opened that this process has from now on.
        patch.setenv("OFFPATH_DIR", str(place.rings))
        ports = dict.fromkeys((case.name for case in cases), _port(listener))
        try:
            failed = asyncio.run(_play(cases, ports, listener, _in_the_middleware))
            return _delivered(cases, failed, place, "asgi")
        finally:
            # Else whoever comes next in this process would write into the ring that is here.
            offpath.shutdown()


def over_envoy(cases: Sequence[Case], place: Place) -> Events:
    """Serve each case's app behind a listener of its own, whose filter has the case's configuration."""
    ports = {case.name: free_port() for case in cases}
    with _listening() as listener:
        listeners = [_envoy_listener(case, ports[case.name]) for case in cases]
        clusters = [bootstrap.upstream(_port(listener)), bootstrap.exporter(place.rings / "ingest.sock")]
        with envoy(place.path, listeners, clusters):
            failed = asyncio.run(_play(cases, ports, listener, lambda app, _case: app))
            return _delivered(cases, failed, place, "envoy")


def _in_the_middleware(app: App, case: Case) -> App:
    return offpath.OffpathMiddleware(app, config=case.config)


def _envoy_listener(case: Case, port: int) -> bootstrap.Message:
    routes = [bootstrap.route(case.route or "")]
    filters = [bootstrap.wasm_filter(case.config)]
    return bootstrap.listener(
        port,
        routes,
        filters,
        upgrades=["websocket"],
        # What the client did not send is not to be compared.
        generate_request_id=False,
        common_http_protocol_options={"max_headers_count": 1000},
    )


# --- playing --------------------------------------------------------------------------------------------------------


async def _play(
    cases: Sequence[Case], ports: dict[str, int], listener: socket.socket, wrap: Wrap
) -> dict[str, Exception]:
    """Have each exchange, and its marker after it; return which could not be had."""
    failed: dict[str, Exception] = {}
    stage = _Stage()
    async with served(stage, listener, "warning"):
        for case in cases:
            try:
                for each in (case, marker(case)):
                    await stage.play(each, ports[case.name], wrap)
            except Exception as error:  # noqa: BLE001 - it belongs to this case, and the others go on
                failed[case.name] = error
    return failed


class _Stage:
    """What uvicorn serves: the app of the case that is being played."""

    def __init__(self) -> None:
        self._app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def play(self, case: Case, port: int, wrap: Wrap) -> None:
        """Have one exchange; when this returns the app has ended too."""
        steps = Steps()
        app = wrap(app_of(case, steps), case)
        ended = asyncio.Event()

        async def until_it_ends(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            finally:
                steps.app_ended()
                ended.set()

        self._app = until_it_ends
        await asyncio.wait_for(play(case, port, steps), PATIENCE)
        await asyncio.wait_for(ended.wait(), PATIENCE)


def _listening() -> socket.socket:
    """A socket that takes connections even before something serves them."""
    return socket.create_server(("127.0.0.1", 0))


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


# --- what came of it ------------------------------------------------------------------------------------------------


def _delivered(cases: Sequence[Case], failed: dict[str, Exception], place: Place, source: str) -> Events:
    """Wait until every case's marker is stored, and so its event before it."""
    played = [case.name for case in cases if case.name not in failed]
    marked = "SELECT service FROM events WHERE source = ? AND path = ?"
    eventually(
        "every case's marker is stored",
        lambda: set(played) <= {name for (name,) in place.query(marked, source, MARKER)},
    )
    rows = place.query("SELECT service, json FROM events WHERE source = ? AND path <> ?", source, MARKER)
    events: Events = dict.fromkeys(played)
    for name, event in rows:
        if events.get(name) is not None:
            failed[name] = ValueError("there is more than one event")
        events[name] = json.loads(event)
    return events | failed
