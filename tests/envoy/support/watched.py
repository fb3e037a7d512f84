"""An exporter, the Envoys that send to it, and the events that it has stored."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from tests.framework import bootstrap
from tests.framework.bootstrap import Message
from tests.framework.envoy import Envoy, envoy
from tests.framework.place import Place
from tests.framework.processes import PATIENCE, eventually, free_port

Event = dict[str, Any]

#: Counters of Envoy's that say that a VM has failed.
_FAILURES: Final = "^wasm[.].*(fail|vm_reload)"


async def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait until it holds, and let the upstreams go on meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() >= deadline:
            raise TimeoutError(f"in {PATIENCE:g} s it did not come about that {what}")
        await asyncio.sleep(0.005)


class Watched:
    """What is recorded of all that passes the Envoys of a test run."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._numbers = itertools.count()

    # --- Envoy ------------------------------------------------------------------------------------------------------

    def filter(self, **config: Any) -> Message:
        """The filter with this configuration, and quicker than usual."""
        return bootstrap.wasm_filter({"egress": {"interval": "10ms"}, **config})

    @contextmanager
    def envoy(self, listeners: Mapping[str, Message], clusters: Sequence[Message]) -> Iterator[Proxy]:
        """Run an Envoy with these listeners; when the block ends, every stream must have given one event."""
        directory = self.place.path / f"envoy-{next(self._numbers)}"
        directory.mkdir()
        to_exporter = bootstrap.exporter(self.place.rings / "ingest.sock")
        # An Envoy before this one may still have sent of what ended with it: that is not this one's.
        own = f"kind = 'exchange' AND start_time >= {time.time_ns()}"
        with envoy(directory, list(listeners.values()), [*clusters, to_exporter]) as running:
            proxy = Proxy(running, dict(zip(listeners, running.ports, strict=True)))
            yield proxy
            proxy.assert_healthy()
            eventually(
                "each recorded stream is stored, once",
                lambda: self.place.count(own) == running.stat("wasmcustom.offpath.events"),
            )

    @contextmanager
    def before(self, app_port: int) -> Iterator[Proxy]:
        """Run an Envoy all of whose paths lead to the app on this port."""
        main = bootstrap.listener(free_port(), [bootstrap.route("to-app")], [self.filter()])
        with self.envoy({"main": main}, [bootstrap.upstream(app_port)]) as running:
            yield running

    # --- events -----------------------------------------------------------------------------------------------------

    async def event(self, **fields: Any) -> Event:
        """The only exchange in which these columns of the store, ``path`` or ``host``, have these values."""
        found: list[Event] = []

        def is_stored() -> bool:
            found[:] = self.events(**fields)
            return bool(found)

        await until(f"an exchange with {fields} is stored", is_stored)
        assert len(found) == 1, f"not one event but {len(found)}: {found}"
        return found[0]

    def beginning(self, path: str) -> list[Event]:
        """The exchanges that are stored whose path begins so."""
        rows = self.place.query(
            "SELECT json FROM events WHERE kind = 'exchange' AND path GLOB ? || '*'", path
        )
        return [json.loads(event) for (event,) in rows]

    def events(self, **fields: Any) -> list[Event]:
        """The exchanges that are stored in which these columns have these values."""
        fits = " AND ".join(f"{name} = ?" for name in fields)
        rows = self.place.query(
            f"SELECT json FROM events WHERE kind = 'exchange' AND {fits}", *fields.values()
        )
        return [json.loads(event) for (event,) in rows]


class Proxy:
    """A running Envoy whose listeners have names."""

    def __init__(self, envoy: Envoy, ports: Mapping[str, int]) -> None:
        self.envoy = envoy
        self._ports = ports

    def port(self, listener: str = "main") -> int:
        """Where a listener is."""
        return self._ports[listener]

    def url(self, listener: str = "main") -> str:
        """The same as an address, with no slash at the end."""
        return f"http://127.0.0.1:{self.port(listener)}"

    def assert_healthy(self) -> None:
        """No VM has failed, and no event was lost."""
        failures = {name: value for name, value in self.envoy.stats(_FAILURES).items() if value}
        assert not failures
        # Of a VM that has trapped, and is passed by since, only the log tells.
        assert "[wasm]" not in self.envoy.printed(), self.envoy.printed()
        assert self.envoy.stat("wasmcustom.offpath.dropped") == 0
