"""What offpath costs Envoy, beside no filter and beside one that does nothing.

python -m tests.perf.envoy [--quick] [--wasm PATH]...

With filters named, it compares the CPU time of these alone.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from . import proxies, traffic
from .markdown import heading, table
from .proxies import EMPTY, FILTERS, NONE, OFFPATH, Proxy
from .traffic import Traffic


def cpu(carrying: dict[str, Proxy], load: Traffic, rounds: int) -> dict[str, list[float]]:
    """Return for every proxy its µs a request in each round; they take turns, and begin in turns."""
    taken: dict[str, list[float]] = {name: [] for name in carrying}
    for proxy in carrying.values():
        proxy.cpu_us(load.scaled(0.25))
    for number in range(rounds):
        for name in list(carrying)[:: -1 if number % 2 else 1]:
            taken[name].append(carrying[name].cpu_us(load))
    return taken


def differences(taken: dict[str, list[float]], name: str, base: str) -> list[float]:
    """Return what one took more than another in each round, sorted."""
    return sorted(one - other for one, other in zip(taken[name], taken[base], strict=True))


def cpu_table(title: str, taken: dict[str, list[float]]) -> str:
    """Return a row for each, with what it adds to those before it."""
    bases = [name for name in (NONE, EMPTY) if name in taken]
    rows = []
    for name, values in taken.items():
        row = [name, f"{statistics.median(values):.1f}"]
        for base in bases:
            added = differences(taken, name, base)
            row.append(f"{statistics.median(added):+.1f} ({added[0]:+.1f} to {added[-1]:+.1f})" if name != base else "")
        rows.append(row)
    return table([title, "CPU", *(f"beyond {base}" for base in bases)], rows)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Measure what offpath costs Envoy.")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first impression")
    parser.add_argument("--wasm", type=Path, action="append", help="compare this filter")
    given = parser.parse_args()
    filters = FILTERS if given.wasm is None else {**FILTERS, **{str(path): path for path in given.wasm}}
    if given.wasm:
        del filters[OFFPATH]
    with proxies.proxies(filters) as carrying:
        for title, load in {"1 KB": traffic.WHOLE, "50 chunks": traffic.STREAMED}.items():
            print(cpu_table(title, cpu(carrying, load, 3 if given.quick else 9)), flush=True)


if __name__ == "__main__":
    main()
