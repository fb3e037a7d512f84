"""Envoys that differ in their filter only: the same routes, the same app behind them, one worker on a CPU of its own."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.framework import bootstrap
from tests.framework.envoy import Envoy, envoy
from tests.framework.http import get
from tests.framework.place import Place, place
from tests.framework.processes import ROOT, eventually, free_port, running

from .traffic import Traffic

#: No filter, a filter that does nothing, and offpath.
NONE: Final = "none"
EMPTY: Final = "empty"
OFFPATH: Final = "offpath"
FILTERS: Final[Mapping[str, Path | None]] = {
    NONE: None,
    EMPTY: ROOT / "target" / "test-filters" / "empty.wasm",
    OFFPATH: bootstrap.FILTER,
}

#: Where the Envoys are, and where everything else is.
ENVOYS_CPU, OTHERS_CPU = 0, 1


class Proxy:
    """One Envoy, and what it has cost."""

    def __init__(self, proxy: Envoy, taken: Callable[[], int], records: bool) -> None:
        self.envoy = proxy
        self._taken = taken
        self._records = records

    def cpu_us(self, traffic: Traffic) -> float:
        """Have it carry the traffic, and return the CPU time of the process for a request, in µs.

        That of an Envoy which records has delivering in it.
        """
        return self.measure(traffic)[0]

    def measure(self, traffic: Traffic) -> tuple[float, list[float]]:
        """Have it carry the traffic; return the CPU time of the process for a request in µs, and all latencies in ms."""
        taken, begun = self._taken(), self._cpu_ns()
        latencies = traffic.run(self.envoy.url)
        if self._records:
            eventually("the exporter has every event", lambda: self._taken() == taken + traffic.requests)
        return (self._cpu_ns() - begun) / traffic.requests / 1000, latencies

    def _cpu_ns(self) -> int:
        """CPU time of all threads of the process so far, by the clock that clock_getcpuclockid(3) names."""
        return time.clock_gettime_ns(~self.envoy.pid << 3 | 2)


@contextmanager
def proxies(filters: Mapping[str, Path | None] = FILTERS) -> Iterator[dict[str, Proxy]]:
    """Run an app, an exporter, and before them an Envoy for each filter, as long as the block lasts."""
    port = free_port()
    with ExitStack() as stack:
        if len(os.sched_getaffinity(0)) > 1:
            stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
            os.sched_setaffinity(0, {OTHERS_CPU})
        made = stack.enter_context(place())
        stack.enter_context(made.exporter())
        command = [sys.executable, "-m", "tests.perf.upstream", str(port)]
        stack.enter_context(running(command, made.log("upstream"), made.env, port=port))
        yield {name: _proxy(stack, made, port, name, wasm) for name, wasm in filters.items()}


def _proxy(stack: ExitStack, made: Place, app_port: int, name: str, wasm: Path | None) -> Proxy:
    directory = made.path / name
    directory.mkdir()
    filters = [] if wasm is None else [bootstrap.wasm_filter({"service": {"name": "bench"}}, wasm)]
    listener = bootstrap.listener(free_port(), [bootstrap.route("app")], filters)
    clusters = [bootstrap.upstream(app_port), bootstrap.exporter(made.rings / "ingest.sock")]
    proxy = stack.enter_context(envoy(directory, [listener], clusters))
    if len(os.sched_getaffinity(0)) < (os.cpu_count() or 1):
        for thread in Path(f"/proc/{proxy.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {ENVOYS_CPU})
    return Proxy(proxy, lambda: taken(made), records=name not in (NONE, EMPTY))


def taken(made: Place) -> int:
    """How many events the exporter has taken from Envoy."""
    address = (made.data / "http.addr").read_text(encoding="utf-8").strip()
    found = re.search(r'^offpath_events_total\{source="envoy"\} (\d+)', get(f"http://{address}/metrics").decode(), re.M)
    return int(found[1]) if found else 0
