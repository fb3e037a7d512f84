"""The measurements that the crates bring themselves."""

from __future__ import annotations

import json
import subprocess

from tests.framework.processes import ROOT

from .markdown import heading, table


def ring() -> str:
    """Return what a write into the ring costs."""
    return heading("A write into the ring") + _printed("offpath-ring", "write_cost")


def rules() -> str:
    """Return what an exchange costs in the core, under more and more rules."""
    return heading("An exchange in the core, compiled natively, in ns") + _printed(
        "offpath-core", "exchange_cost"
    )


def redaction(seconds: float) -> str:
    """Return how much the exporter looks through in a second of a core's time."""
    return heading("Redaction") + _printed("offpath-exporter", "redact_rate", str(seconds))


def enrichment(seconds: float) -> str:
    """Return how much of what models say the exporter reads in a second of a core's time."""
    return heading("Reading LLM traffic") + _printed("offpath-enrich", "enrich_rate", str(seconds))


def intake(events: int) -> str:
    """Return how fast the exporter takes events from a ring to its spool."""
    measured = json.loads(_example("offpath-exporter", "intake_rate", str(events)))
    row = [
        f"{measured['events']:,} of {measured['bytes_per_event']:,} bytes",
        f"{measured['events_per_second']:,.0f}",
        f"{measured['events_per_cpu_second']:,.0f}",
        f"{measured['peak_resident_mb']:.1f} MB",
    ]
    head = ["events", "a second", "a second of CPU", "resident at most"]
    return heading("The exporter, from a ring to its spool") + table(head, [row])


def delivery(events: int) -> str:
    """Return how fast events go through the exporter and out of it, with one core for it."""
    rows = []
    for sink, what in {"otlp": "spool to OTLP", "phoenix": "spool to OTLP with both bodies"}.items():
        measured = json.loads(_example("offpath-exporter", "http_rate", sink, str(events), core=0))
        rows.append(_rate(what, measured, f"{measured['peak_resident_mb']:.0f} MB"))
    for line in _example("offpath-exporter", "redis_rate", str(events), core=0).splitlines():
        measured = json.loads(line)
        # The ring of this measurement is in the same process, and is as large as all events.
        resident = f"{measured['peak_anonymous_mb']:.0f} MB without the ring"
        rows.append(_rate(measured["what"], measured, resident))
    head = ["events of 1 KB", "a second", "CPU of each, in µs", "resident at most"]
    return heading("Through the exporter, on one core") + table(head, rows)


def _rate(what: str, measured: dict[str, float], resident: str) -> list[str]:
    rate, cpu = measured["events_per_second"], measured["cpu_us_per_event"]
    return [what, f"{rate:,.0f}", f"{cpu:,.1f}", resident]


def _printed(package: str, name: str, *arguments: str) -> str:
    return f"```text\n{_example(package, name, *arguments).rstrip()}\n```\n"


def _example(package: str, name: str, *arguments: str, core: int | None = None) -> str:
    cargo = ["cargo", "run", "--quiet", "--locked", "--release", "-p", package, "--example", name]
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    command = [*pinned, *cargo, "--", *arguments]
    ran = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return ran.stdout
