"""Measures everything, and prints it as Markdown. ``make bench`` runs it.

python -m tests.perf [--quick]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys

from tests.framework.place import place
from tests.framework.processes import free_port, running

from . import (
    delivery,
    envoy,
    in_process,
    instructions,
    langfuse_sdk,
    native,
    outbound,
    over_http,
    spans,
    startup,
)
from .markdown import heading, table


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description="Measure offpath beside what users have today.")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first impression")
    quick = parser.parse_args().quick
    print(
        f"{os.cpu_count()} CPUs, {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    )
    port = free_port()
    black_hole = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.perf.black_hole", str(port)]
    with place() as made, running(command, made.log("black-hole"), made.env, port=port):
        with made.exporter() as exporter:
            show(
                in_process.report(
                    made, exporter.pid, black_hole, rounds=1 if quick else 4, requests=2000 if quick else 4000
                )
            )
            show(outbound.report(made, rounds=4 if quick else 20))
            show(
                langfuse_sdk.report(made, black_hole, rounds=1 if quick else 3, calls=500 if quick else 2000)
            )
        show(spans.report(black_hole, rounds=1 if quick else 3, calls=2000 if quick else 10_000))
        show(over_http.report(black_hole, rounds=1 if quick else 3, seconds=5 if quick else 20))
        show(over_http.spans(black_hole, rounds=1 if quick else 3, seconds=5 if quick else 20))
        for text in envoy.reports(quick):
            show(text)
        show(counts())
        show(native.rules())
        show(native.ring())
        show(native.intake(100_000 if quick else 1_000_000))
        show(delivery.report(black_hole, 50_000 if quick else 200_000))
        show(native.delivery(50_000 if quick else 200_000))
        show(native.redaction(0.3 if quick else 3))
        show(native.enrichment(0.3 if quick else 3))
        show(startup.report(made.env, black_hole))


def counts() -> str:
    """Return the instructions that an exchange takes."""
    reason = instructions.why_not()
    if reason is not None:
        return heading("Instructions") + f"Not counted: {reason}.\n"
    rows = []
    for name, (variant, size) in instructions.COUNTED.items():
        base = instructions.per_exchange("pass-through", size)
        rows.append([name, f"{base:,}", f"{instructions.per_exchange(variant, size) - base:,}"])
    return heading("Instructions of an exchange, counted by callgrind") + table(
        ["bodies", "pass-through", "added"], rows
    )


def show(text: str) -> None:
    """Print what has been measured at once: a whole run takes most of half an hour."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
