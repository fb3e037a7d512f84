"""What each adds to a call of an ASGI app, in one process and with no network."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Literal

from tests.framework.place import Place
from tests.framework.processes import ROOT

from .markdown import heading, quantile, table
from .round import EXPORTER, Round
from .variants import BLACK_HOLE

#: On few CPUs, most of the tail is the scheduler's, which has the exporter to run too: a block of requests in a loop is
#: more than any app offers. This tells apart what offpath does in the app.
ALONE = "offpath, its exporter standing still meanwhile"
VARIANTS = [
    "offpath",
    ALONE,
    "offpath, 20 rules",
    "offpath, 100 rules",
    "BaseHTTPMiddleware",
    "OTel ASGI, batch processor",
    "Langfuse, 3 nested @observe",
]
SIZES = {"1 KB": 1 << 10, "64 KB": 64 << 10}
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def report(place: Place, exporter: int, black_hole: str, rounds: int, requests: int) -> str:
    """Measure, and return tables; an exporter is running in the place, with this process id."""
    env = {**place.env, BLACK_HOLE: black_hole}
    text = heading("Added to a call of the app, in µs")
    text += (
        f"{rounds} rounds of {requests:,} requests, a body of the size named in and out. Each round is a process of "
        "its own, in which blocks of requests through it and through a pass-through ASGI class take turns; what is shown "
        "is the difference. CPU is that of all threads of the process. offpath's exporter runs beside, as for users; "
        "what the SDKs export goes to a local server that drops it. Not counted are the first lap of the ring and the first "
        "requests of a block.\n\n"
    )
    for name, size in SIZES.items():
        taken: dict[str, list[Round]] = {variant: [] for variant in VARIANTS}
        for _ in range(rounds):
            for variant, measured in taken.items():
                if variant == ALONE:
                    still = {**env, EXPORTER: str(exporter)}
                    measured.append(_round(still, "offpath", size, requests))
                else:
                    measured.append(_round(env, variant, size, requests))
        rows = [_pass_through([each for rounds_taken in taken.values() for each in rounds_taken])]
        rows += [_row(variant, measured) for variant, measured in taken.items()]
        text += table([f"{name} bodies", *SHARES, "CPU"], rows)
    return text


def _round(env: dict[str, str], variant: str, size: int, requests: int) -> Round:
    command = [sys.executable, "-m", "tests.perf.round", variant, str(size), str(requests)]
    ran = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)
    measured: Round = json.loads(ran.stdout)
    return measured


def _pass_through(rounds: list[Round]) -> list[str]:
    base = _pooled(rounds, "base_ns")
    return [
        "the call itself, with a pass-through",
        *(f"{quantile(base, share):,.1f}" for share in SHARES.values()),
        "",
    ]


def _row(variant: str, rounds: list[Round]) -> list[str]:
    base, app = _pooled(rounds, "base_ns"), _pooled(rounds, "app_ns")
    added = [quantile(app, share) - quantile(base, share) for share in SHARES.values()]
    cpu = statistics.median(each["added_cpu_us"] for each in rounds)
    return [variant, *(f"{value:+,.1f}" for value in added), f"{cpu:+,.1f}"]


def _pooled(rounds: list[Round], key: Literal["app_ns", "base_ns"]) -> list[float]:
    """Return the latencies of all rounds in µs, sorted."""
    return sorted(ns / 1000 for each in rounds for ns in each[key])
