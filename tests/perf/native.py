"""The measurements that the crates bring themselves."""

from __future__ import annotations

import json
import subprocess

from tests.framework.processes import ROOT

from .markdown import heading, table


def ring() -> str:
    """Return what a write into the ring costs."""
    printed = _example("offpath-ring", "write_cost")
    return heading("A write into the ring") + f"```text\n{printed.rstrip()}\n```\n"


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


def _example(package: str, name: str, *arguments: str) -> str:
    cargo = ["cargo", "run", "--quiet", "--locked", "--release", "-p", package, "--example", name]
    ran = subprocess.run([*cargo, "--", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return ran.stdout
