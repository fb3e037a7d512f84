"""What it takes until an app can start, in a fresh process.

python -m tests.perf.startup VARIANT
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.framework.processes import ROOT

from .markdown import heading, table
from .variants import BLACK_HOLE, make

VARIANTS = ["offpath", "OTel ASGI, batch processor", "Langfuse, 3 nested @observe"]
RUNS = 5


def resident_mb() -> float:
    """Return how much memory this process has of its own and of files, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = re.search(r"VmRSS:\s*(\d+) kB", status)
    return int(line[1]) * 1024 / 1e6 if line else 0


def measure(variant: str) -> tuple[float, float]:
    """Return milliseconds and MB of importing and constructing."""
    memory, begun = resident_mb(), time.perf_counter()
    make(variant, 1024)
    return (time.perf_counter() - begun) * 1000, resident_mb() - memory


def report(env: dict[str, str], black_hole: str) -> str:
    """Measure each in fresh processes, and return a table."""
    rows = []
    for variant in VARIANTS:
        command = [sys.executable, "-m", "tests.perf.startup", variant]
        runs = []
        for _ in range(RUNS):
            environment = {**env, BLACK_HOLE: black_hole}
            ran = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
            runs.append(json.loads(ran.stdout))
        milliseconds, megabytes = (sorted(column)[RUNS // 2] for column in zip(*runs, strict=True))
        rows.append([variant, f"{milliseconds:.1f} ms", f"{megabytes:.1f} MB"])
    return heading("Import and construction, in a fresh process") + table(["", "time", "memory"], rows)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
