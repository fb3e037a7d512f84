"""What a client sees: uvicorn with one worker, 40 ms for the model, 100 connections from wrk."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.framework.http import get_json
from tests.framework.place import place
from tests.framework.processes import ROOT, free_port, uvicorn

from .exchange import PATH
from .markdown import heading, table
from .variants import BLACK_HOLE

CONNECTIONS = 100
SIZES = {"1 KB": 1 << 10, "64 KB": 64 << 10}
#: Measured in every round, in turns; the others once.
COMPARED = ["none", "offpath"]
OTHERS = ["offpath, 20 rules", "OTel ASGI, batch processor", "Langfuse, 3 nested @observe"]
#: The same of spans that the app tells itself.
SPANS = ["none", "offpath, 3 nested @observe"]
OTHER_SPANS = ["offpath, Langfuse's SDK through it", "Langfuse, 3 nested @observe"]
#: What is kept of spans. By default it is twice as much: 300 MB/s at this rate, of which the exporter, on the core that
#: the load comes from, takes some 95 of 100.
SMALLER = '[spans]\ninput = "8KiB"\noutput = "8KiB"\n'
KEPT = "Of each, 8 KiB are kept."
#: Events of a request, where it is not one.
EVENTS = {"offpath, 3 nested @observe": 4, "offpath, Langfuse's SDK through it": 4}
HEAD = ["requests/s", "p50", "p99", "p99.9", "max", "loop lag p99", "loop lag max", "failed", "dropped"]


@dataclass(frozen=True)
class Run:
    """What one run showed; times in milliseconds."""

    rate: float
    p50: float
    p99: float
    p999: float
    max: float
    lag_p99: float
    lag_max: float
    failed: float
    dropped: float

    @classmethod
    def middle(cls, runs: list[Run]) -> Run:
        """Return the median of each number."""
        columns = zip(*(vars(run).values() for run in runs), strict=True)
        return cls(*(statistics.median(column) for column in columns))

    def cells(self, variant: str) -> list[str]:
        """Return the cells of the table above."""
        times = [self.p50, self.p99, self.p999, self.max, self.lag_p99, self.lag_max]
        dropped = f"{self.dropped:,.0f}" if variant.startswith("offpath") else ""
        return [f"{self.rate:,.0f}", *(f"{time:,.1f}" for time in times), f"{self.failed:,.0f}", dropped]


def report(black_hole: str, rounds: int, seconds: int) -> str:
    """Measure, and return tables."""
    text = heading(f"Over HTTP, {CONNECTIONS} connections, in ms")
    text += (
        f"uvicorn with uvloop and one worker, 40 ms simulated model time, {seconds} s of wrk on the same machine. The "
        f"exporter delivers to its local store meanwhile. Medians of {rounds} rounds in alternating order for the first "
        "two, one round for the others. Loop lag is how late a task wakes that sleeps 5 ms.\n\n"
    )
    for name in SIZES:
        text += _table(black_hole, name, (COMPARED, OTHERS), (rounds, seconds))
    return text


def spans(black_hole: str, rounds: int, seconds: int) -> str:
    """Measure the same of an app with three observed functions, and return a table."""
    text = heading(f"Over HTTP with 3 nested spans, {CONNECTIONS} connections, in ms")
    text += (
        "As above, with the middleware, and three functions with `@observe` within one another, each of which has the whole "
        f"text in and out. {KEPT}\n\n"
    )
    return text + _table(black_hole, "64 KB", (SPANS, OTHER_SPANS), (rounds, seconds), SMALLER)


def _table(
    black_hole: str,
    name: str,
    variants: tuple[list[str], list[str]],
    times: tuple[int, int],
    config: str = "",
) -> str:
    rounds, seconds = times
    size, (compared, others) = SIZES[name], variants
    runs: dict[str, list[Run]] = {variant: [] for variant in (*compared, *others)}
    for number in range(rounds):
        for variant in compared[:: -1 if number % 2 else 1]:
            runs[variant].append(_run(black_hole, variant, size, seconds, config))
    for variant in others:
        runs[variant].append(_run(black_hole, variant, size, seconds, config))
    rows = [[variant, *Run.middle(each).cells(variant)] for variant, each in runs.items()]
    none, ours = (Run.middle(runs[variant]) for variant in compared)
    return table([f"{name} bodies", *HEAD], rows) + _ratios(name, none, ours)


def _ratios(name: str, none: Run, offpath: Run) -> str:
    rate, p99, lag = offpath.rate / none.rate, offpath.p99 / none.p99, offpath.lag_max / none.lag_max
    return f"{name}: offpath has {rate:.3f} of none's requests/s, {p99:.3f} of its p99, {lag:.2f} of its longest lag.\n\n"


def _run(black_hole: str, variant: str, size: int, seconds: int, config: str = "") -> Run:
    """Measure once, in a place of its own, so that none finds another's files."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"PERF_VARIANT": variant, "PERF_SIZE": str(size), BLACK_HOLE: black_hole}
    server = uvicorn("tests.perf.server:app", port, "--loop", "uvloop")
    with place(config) as made, made.exporter(), made.app(server, port, **settings):
        _wrk(url, size, 1)
        before = get_json(f"{url}/lag")
        showed = _wrk(url, size, seconds)
        after = get_json(f"{url}/lag")
    _check_that_all_is_recorded(showed["requests"] * EVENTS.get(variant, 1), before, after)
    return Run(
        rate=showed["requests"] / showed["seconds"],
        p50=showed["p50"] / 1000,
        p99=showed["p99"] / 1000,
        p999=showed["p99.9"] / 1000,
        max=showed["max"] / 1000,
        lag_p99=after["lag_p99_ms"],
        lag_max=after["lag_max_ms"],
        failed=showed["failed"],
        dropped=_dropped(after) - _dropped(before),
    )


def _dropped(told: dict[str, Any]) -> int:
    return sum(told["offpath"]["dropped"].values()) if "offpath" in told else 0


def _check_that_all_is_recorded(events: float, before: dict[str, Any], after: dict[str, Any]) -> None:
    if "offpath" not in after:
        return
    captured = after["offpath"]["captured"] - before["offpath"]["captured"]
    if captured + _dropped(after) - _dropped(before) < events:
        raise RuntimeError(f"of {events} events, {captured} were recorded, and the rest was not counted")


def _wrk(url: str, size: int, seconds: int) -> dict[str, float]:
    script = str(ROOT / "tests" / "perf" / "post.lua")
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "5s", "-s", script]
    command = ["wrk", *options, f"{url}{PATH}", "--", str(size)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=sys.stderr)
    showed: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return showed
