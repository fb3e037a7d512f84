"""What offpath costs Envoy, beside no filter and beside one that does nothing.

python -m tests.perf.envoy [--quick] [--wasm PATH]...

With filters named, it compares the CPU time of these alone.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.framework.place import Place, place
from tests.framework.processes import eventually

from .markdown import heading, quantile, table
from .proxies import EMPTY, FILTERS, NONE, OFFPATH, Proxy, apart, proxies
from .traffic import MODERATE, STREAMED, WHOLE, Traffic, large

LOADS = {"1 KB bodies": WHOLE, "50 chunks": STREAMED}
MB = 1_000_000
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


def reports(quick: bool) -> Iterator[str]:
    """Measure, and return tables, one after another."""
    yield _cpu(FILTERS, 5 if quick else 15)
    yield _latency(1 if quick else 7)
    yield _memory(quick)


# --- CPU ------------------------------------------------------------------------------------------------------------


def _cpu(filters: Mapping[str, Path | None], rounds: int) -> str:
    text = heading("Envoy's CPU time of a request, in µs")
    text += (
        "Envoy with one worker on a CPU of its own; client, app and exporter are on the other. CPU time is that of the "
        f"whole process, delivering included, for bodies of 1 KB and 20 headers either way over {WHOLE.connections} busy "
        f"connections, and for {STREAMED.rate} streamed responses/s. Envoys that differ in their filter take turns every "
        f"second or so: medians of {rounds} rounds, and of the differences in each; in brackets the middle half of "
        "these.\n\n"
    )
    with ExitStack() as stack:
        made = _place(stack)
        carrying = stack.enter_context(proxies(made, filters))
        for title, load in LOADS.items():
            text += _cpu_table(title, _in_turns(carrying, load, rounds))
        return text + _recorded(made, carrying)


def _in_turns(carrying: Mapping[str, Proxy], load: Traffic, rounds: int) -> dict[str, list[float]]:
    """Return for every proxy its µs a request in each round; one round goes before, which is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in carrying}
    for number in range(-1, rounds):
        for name in list(carrying)[:: -1 if number % 2 else 1]:
            cpu_us = carrying[name].cpu_us(load)
            if number >= 0:
                taken[name].append(cpu_us)
    return taken


def _cpu_table(title: str, taken: Mapping[str, list[float]]) -> str:
    rows, measured = [], list[str]()
    for name, values in taken.items():
        added = [_added(values, taken[base]) if base in measured else "" for base in (NONE, EMPTY)]
        measured.append(name)
        rows.append([name, f"{statistics.median(values):,.1f}", *added])
    return table([title, "CPU", f"beyond {NONE}", f"beyond {EMPTY}"], rows)


def _added(values: list[float], base: list[float]) -> str:
    low, middle, high = statistics.quantiles((a - b for a, b in zip(values, base, strict=True)), n=4)
    return f"{middle:+.1f} ({low:+.1f} to {high:+.1f})"


def _recorded(made: Place, carrying: Mapping[str, Proxy]) -> str:
    """What became of the events; an exporter that has too much to do, and few chunks, would make offpath look cheap."""
    recorded = sum(proxy.stat("events") for proxy in carrying.values())
    dropped = sum(proxy.stat("dropped") for proxy in carrying.values())
    eventually("what was not dropped is stored", lambda: made.count() >= recorded - dropped)
    ((chunks,),) = made.query(
        "SELECT avg(json_extract(json, '$.response.chunks')) FROM events WHERE path = ?", STREAMED.path
    )
    return (
        f"Of {recorded:,} exchanges, {dropped:,} were dropped and {made.count():,} stored; the streamed responses came in "
        f"{chunks:.1f} chunks.\n"
    )


# --- latency --------------------------------------------------------------------------------------------------------


def _latency(rounds: int) -> str:
    text = heading("Latency through Envoy, in ms")
    text += f"As above, at {MODERATE.rate:,} requests/s; medians of {rounds} rounds in alternating order.\n\n"
    filters = {name: FILTERS[name] for name in (EMPTY, OFFPATH)}
    taken: dict[str, list[list[float]]] = {name: [] for name in filters}
    with ExitStack() as stack:
        carrying = stack.enter_context(proxies(_place(stack), filters))
        for number in range(-1, rounds):
            for name in list(carrying)[:: -1 if number % 2 else 1]:
                latencies = sorted(carrying[name].latencies_ms(MODERATE))
                if number >= 0:
                    taken[name].append([quantile(latencies, share) for share in SHARES.values()])
    ratios = [
        [a / b for a, b in zip(*pair, strict=True)] for pair in zip(taken[OFFPATH], taken[EMPTY], strict=True)
    ]
    rows = [[name, *(f"{value:.2f}" for value in _medians(each))] for name, each in taken.items()]
    rows.append([f"{OFFPATH} of {EMPTY}", *(f"{value:.2f}" for value in _medians(ratios))])
    return text + table(["1 KB bodies", *SHARES], rows)


def _medians(rounds: list[list[float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


# --- memory ---------------------------------------------------------------------------------------------------------


def _memory(quick: bool) -> str:
    requests, megabytes = (10_000, 10) if quick else (100_000, 100)
    loads = {
        f"{WHOLE.requests:,} requests": WHOLE,
        f"{requests:,} more": replace(WHOLE, requests=requests),
        f"100 responses at a time, of {megabytes // 10} MB each": large(megabytes // 10 * MB),
        f"100 responses at a time, of {megabytes} MB each": large(megabytes * MB),
    }
    rows = []
    with ExitStack() as stack:
        carrying = stack.enter_context(proxies(_place(stack), {OFFPATH: FILTERS[OFFPATH]}))
        proxy = carrying[OFFPATH]
        for title, load in loads.items():
            proxy.cpu_us(load)
            rows.append([title, f"{proxy.stat('memory_bytes') / MB:.2f} MB", f"{proxy.stat('dropped'):,}"])
    return heading("Memory of a worker's VM") + table(["after", "memory", "dropped"], rows)


def _place(stack: ExitStack) -> Place:
    """Return a place with an exporter, everything in which keeps off the CPU of the Envoys.

    The exporter's sinks step back behind client and app, with which they share a CPU: where these wait, Envoy is woken
    more often for fewer requests, and what is measured is the machine.
    """
    stack.enter_context(apart())
    made = stack.enter_context(place("nice = 19\n"))
    stack.enter_context(made.exporter())
    return made


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Measure what offpath costs Envoy.")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first impression")
    parser.add_argument("--wasm", type=Path, action="append", help="measure the CPU time with this filter")
    given = parser.parse_args()
    if given.wasm is None:
        for text in reports(given.quick):
            print(text, flush=True)
    else:
        named = {str(path): path for path in given.wasm}
        print(_cpu({NONE: None, EMPTY: FILTERS[EMPTY], **named}, 5 if given.quick else 15))


if __name__ == "__main__":
    main()
