"""One app with an Envoy in front of it, and the place of the exporter that its events go to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.framework import bootstrap
from tests.framework.bootstrap import FILTER, Message
from tests.framework.envoy import Envoy, envoy
from tests.framework.http import get
from tests.framework.place import Place
from tests.framework.processes import eventually, free_port

from .stream import OpenStream, Upstream

#: Requests below it are answered as the test opens and ends streams.
_HELD: Final = "/held"

#: Room for all that the tests send while the exporter is away.
ROOM: Final = {"max_memory": "64MiB"}


class Site:
    """The app is there already; Envoy and the exporter come and go as the test has it."""

    def __init__(self, place: Place, app_port: int) -> None:
        self.place = place
        self.port = free_port()
        self.socket = place.rings / "ingest.sock"
        self._app_port = app_port
        self._held = Upstream()

    def close(self) -> None:
        """Give up its port."""
        self._held.close()

    def listeners(self, config: Any = None, *, wasm: Path = FILTER, **fields: Any) -> list[Message]:
        """What Envoy is to listen with: the filter has this configuration, as it is or in fields."""
        filters = [bootstrap.wasm_filter(fields if config is None else config, wasm)]
        routes = [bootstrap.route("held", "held", prefix=_HELD), bootstrap.route("all")]
        # Connections that are to end, end soon; by default Envoy gives them five seconds.
        return [bootstrap.listener(self.port, routes, filters, drain_timeout="0.1s")]

    @contextmanager
    def envoy(
        self,
        listeners: Sequence[Message] | None = None,
        *,
        concurrency: int = 1,
        exporter: Path | None = None,
        http2: bool = False,
    ) -> Iterator[Envoy]:
        """Run an Envoy until the block ends; unless told, its filter has room for everything, and sends over HTTP/1.1."""
        clusters = [
            bootstrap.upstream(self._app_port),
            bootstrap.upstream(self._held.port, "held"),
            bootstrap.exporter(exporter or self.socket, http2=http2),
        ]
        listeners = listeners or self.listeners(egress=ROOM)
        with envoy(self.place.path, listeners, clusters, concurrency=concurrency) as running:
            yield running

    @contextmanager
    def stream(self, name: str) -> Iterator[OpenStream]:
        """Open a streamed response through Envoy, at a path of this name."""
        with self._held.stream(self.port, f"{_HELD}/{name}") as stream:
            yield stream

    def all_arrives(self, envoy: Envoy, requests: int) -> None:
        """Wait until so many requests, or more, are recorded, and each of them is stored or counted as lost."""
        stat = "wasmcustom.offpath"

        def has_arrived() -> bool:
            recorded, lost = envoy.stat(f"{stat}.events"), envoy.stat(f"{stat}.dropped")
            return recorded >= requests and self.place.count() == recorded - lost and self.lost() == lost

        eventually("all that was recorded is stored, or counted as lost", has_arrived)

    def stored(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of every exchange in the store."""
        return self.place.query(f"SELECT {', '.join(columns)} FROM events WHERE kind = 'exchange'")

    def taken(self) -> int:
        """How many events the running exporter has taken from Envoy. The store would not show what it took twice."""
        address = (self.place.data / "http.addr").read_text(encoding="utf-8").strip()
        metrics = get(f"http://{address}/metrics").decode()
        found = re.search(r'^offpath_events_total\{source="envoy"\} (\d+)$', metrics, re.MULTILINE)
        return int(found[1]) if found else 0

    def lost(self, reason: str = "%") -> int:
        """How many events the store says were lost."""
        rows = self.place.query(
            "SELECT sum(loss_count) FROM events WHERE kind = 'loss' AND loss_reason LIKE ?", reason
        )
        return int(rows[0][0] or 0) if rows else 0
