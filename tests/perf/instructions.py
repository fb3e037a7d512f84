"""How many instructions an exchange takes, counted by valgrind's callgrind.

They do not depend on the machine's load, so they can be held to a budget. Start-up is in both of two runs, and so not
in their difference.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tests.framework.place import place
from tests.framework.processes import ROOT

#: Few enough that the ring takes all of them.
FEW, MANY = 100, 500

#: `rep movsb` counts as one instruction for each byte, and whether glibc copies so depends on addresses: without it,
#: what is counted is the same in every run.
COPY_PLAINLY = "glibc.cpu.x86_rep_movsb_threshold=1073741824"

CALLGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]

SIZES = {"1 KB": 1 << 10, "64 KB": 64 << 10}

#: What is counted: a variant, and the size of its bodies.
COUNTED = {
    "1 KB": ("offpath", SIZES["1 KB"]),
    "64 KB": ("offpath", SIZES["64 KB"]),
    "1 KB, 20 rules": ("offpath, 20 rules", SIZES["1 KB"]),
    "1 KB, 100 rules": ("offpath, 100 rules", SIZES["1 KB"]),
}


def why_not() -> str | None:
    """Return why nothing can be counted here, or None."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    tried = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "true"], check=False
    )
    return None if tried.returncode == 0 else "valgrind does not run here"


def added(variant: str, size: int) -> int:
    """Return the instructions that a variant adds to an exchange of bodies of this many bytes."""
    return per_exchange(variant, size) - per_exchange("pass-through", size)


def per_exchange(variant: str, size: int) -> int:
    """Return the instructions of one exchange."""
    return (_counted(variant, size, MANY) - _counted(variant, size, FEW)) // (MANY - FEW)


def _counted(variant: str, size: int, exchanges: int) -> int:
    workload = [sys.executable, "-m", "tests.perf.workload", variant, str(size), str(exchanges)]
    with place() as made:
        env = {**made.env, "PYTHONHASHSEED": "0", "GLIBC_TUNABLES": COPY_PLAINLY}
        ran = subprocess.run(
            [*CALLGRIND, *workload], cwd=ROOT, env=env, check=True, capture_output=True, text=True
        )
    collected = re.search(r"Collected : (\d+)", ran.stderr)
    if collected is None:
        raise RuntimeError(f"callgrind counted nothing: {ran.stderr[-2000:]}")
    return int(collected[1])
