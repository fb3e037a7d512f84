"""Envoys that differ in their filter only: the same routes, the same app behind them, one worker on a CPU of its own."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.framework import bootstrap
from tests.framework.envoy import Envoy, envoy
from tests.framework.http import get
from tests.framework.place import Place
from tests.framework.processes import ROOT, eventually, free_port, running

from .rules import configuration
from .traffic import Traffic

#: No filter, a filter that does nothing, and offpath, with few rules and with more.
NONE: Final = "none"
EMPTY: Final = "empty"
OFFPATH: Final = "offpath"
RULED: Final = "offpath, 20 rules"
FILTERS: Final[Mapping[str, Path | None]] = {
    NONE: None,
    EMPTY: ROOT / "target" / "test-filters" / "empty.wasm",
    OFFPATH: bootstrap.FILTER,
    RULED: bootstrap.FILTER,
}

#: Where the Envoys are, and where everything else is.
ENVOYS_CPU, OTHERS_CPU = 0, 1


class Proxy:
    """One Envoy, and what it has cost."""

    def __init__(self, proxy: Envoy, told_of: Callable[[], int], records: bool) -> None:
        self.envoy = proxy
        self._told_of = told_of
        self._records = records

    def cpu_us(self, traffic: Traffic) -> float:
        """Have it carry the traffic, and return the CPU time of the process for a request, in µs.

        Delivering is in it: if it records, what became of each request is with the exporter when this returns.
        """
        begun = self._cpu_ns()
        self.latencies_ms(traffic)
        return (self._cpu_ns() - begun) / traffic.requests / 1000

    def latencies_ms(self, traffic: Traffic) -> list[float]:
        """Have it carry the traffic, and return how long each request took, in ms."""
        before = self._told_of()
        latencies = traffic.run(self.envoy.url)
        if self._records:
            everything = before + traffic.requests
            eventually("the exporter knows of every request", lambda: self._told_of() >= everything)
        return latencies

    def stat(self, name: str) -> int:
        """What the filter counts of itself under this name."""
        return self.envoy.stat(f"wasmcustom.offpath.{name}")

    def _cpu_ns(self) -> int:
        """CPU time of all threads of the process so far, by the clock that clock_getcpuclockid(3) names."""
        return time.clock_gettime_ns(~self.envoy.pid << 3 | 2)


@contextmanager
def apart() -> Iterator[None]:
    """Keep what the block starts off the CPU of the Envoys, if there are two."""
    cpus = os.sched_getaffinity(0)
    if {ENVOYS_CPU, OTHERS_CPU} <= cpus:
        os.sched_setaffinity(0, {OTHERS_CPU})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)


@contextmanager
def proxies(made: Place, filters: Mapping[str, Path | None] = FILTERS) -> Iterator[dict[str, Proxy]]:
    """Run an app, and before it an Envoy for each filter; an exporter runs in the place."""
    port = free_port()
    command = [sys.executable, "-m", "tests.perf.upstream", str(port)]
    with ExitStack() as stack:
        stack.enter_context(running(command, made.log("upstream"), made.env, port=port))
        yield {name: _proxy(stack, made, port, name, wasm) for name, wasm in filters.items()}


def _proxy(stack: ExitStack, made: Place, app_port: int, name: str, wasm: Path | None) -> Proxy:
    directory = Path(tempfile.mkdtemp(dir=made.path))
    config = configuration(20) if name == RULED else {"service": {"name": "bench"}}
    filters = [] if wasm is None else [bootstrap.wasm_filter(config, wasm)]
    listener = bootstrap.listener(free_port(), [bootstrap.route("app")], filters)
    clusters = [bootstrap.upstream(app_port), bootstrap.exporter(made.rings / "ingest.sock")]
    proxy = stack.enter_context(envoy(directory, [listener], clusters))
    if os.sched_getaffinity(0) == {OTHERS_CPU}:
        for thread in Path(f"/proc/{proxy.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {ENVOYS_CPU})
    return Proxy(proxy, lambda: told_of(made), records=name not in (NONE, EMPTY))


def told_of(made: Place) -> int:
    """How many events the exporter has taken from Envoy, and how many it knows to be lost."""
    address = (made.data / "http.addr").read_text(encoding="utf-8").strip()
    metrics = get(f"http://{address}/metrics").decode()
    return sum(map(int, re.findall(r"^offpath_(?:events|dropped)_total\{.*\} (\d+)", metrics, re.MULTILINE)))
