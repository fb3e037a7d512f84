"""What it costs to deliver an exchange: of offpath's exporter, from the ring to OTLP, and of an SDK's export in the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Final

from tests.framework.place import place
from tests.framework.processes import ROOT, eventually

from .emit import BLOCK
from .markdown import heading, table
from .variants import BLACK_HOLE

SENT: Final = 'offpath_sink_sent_total{sink="collector"}'


def report(black_hole: str, events: int) -> str:
    """Measure, and return a table."""
    sink = f'[sinks.collector]\ntype = "otlp"\nendpoint = "{black_hole}/v1/traces"\n'
    with place(sink) as made, made.exporter() as exporter:
        before = exporter.cpu_seconds
        _emit("offpath", events, {**made.env, BLACK_HOLE: black_hole})
        # A process warms up with a block that is not counted, and is delivered all the same.
        eventually("all is delivered", lambda: made.metric(SENT) >= events + BLOCK)
        ours = (exporter.cpu_seconds - before) / (events + BLOCK) * 1e6
        resident = exporter.peak_resident_mb
    env = {**os.environ, BLACK_HOLE: black_hole}
    exported, dropped = (_emit(variant, events // 10, env) for variant in ("otel", "otel-dropped"))
    rows = [
        ["offpath: the whole exporter, another process", f"{ours:,.1f}", f"{resident} MB"],
        [
            "OpenTelemetry SDK: batch processor and OTLP exporter, in the app",
            f"{exported - dropped:,.1f}",
            "",
        ],
    ]
    return (
        heading("Delivery of an exchange of 1 KB by OTLP over HTTP, in µs of CPU")
        + "No bodies are sent. Of the SDK, which makes three spans of an exchange, it is what is added to spans that end "
        "and are dropped.\n\n"
        + table(["", "CPU", "resident at most"], rows)
        + f"The SDK's is {(exported - dropped) / ours:,.1f} times as much.\n"
    )


def _emit(variant: str, events: int, env: dict[str, str]) -> float:
    command = [sys.executable, "-m", "tests.perf.emit", variant, str(events)]
    ran = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)
    return float(json.loads(ran.stdout))
