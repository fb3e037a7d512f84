"""What it costs an app to tell a span: by offpath's API, by Langfuse's SDK through offpath, and by that SDK alone.

python -m tests.perf.spans API CALL COUNT

Each round is a process of its own, in which blocks of calls take turns with blocks of the same calls without a span; what is
shown is the difference. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final, TypedDict

from tests.framework.place import Place, place
from tests.framework.processes import ROOT

from .markdown import heading, quantile, table
from .span_calls import APIS, CALLS, NO_SPAN, Calls
from .variants import BLACK_HOLE

#: Its pages are in use before anything is counted, and two blocks fit into it.
RING: Final = 32 << 20
#: Bytes of the events of a block: they fit into the ring, whatever the exporter does.
BLOCK_BYTES: Final = RING // 2
#: Calls at the start of a block that are not counted: what happened before has emptied the CPU's caches.
UNCOUNTED: Final = 10
#: Of Langfuse's SDK a state of 5 MB takes so long that few calls have to do.
SECONDS: Final = 10.0
SHARES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
#: µs at most, at p50 (issue 7).
GOALS: Final = {
    "`@observe`, sync, 1 KB": 4,
    "`@observe`, async, 1 KB": 4,
    "`update_current_span(metadata=…)`": 1,
    "3 nested `@observe`, 64 KB": 25,
}
OURS: Final = "offpath"


class Round(TypedDict):
    """Times of single calls, the CPU time that each adds, and what offpath's ring took and refused."""

    base_ns: list[float]
    call_ns: list[float]
    added_cpu_us: float
    captured: int
    dropped: int


def report(black_hole: str, rounds: int, calls: int) -> str:
    """Measure, and return tables."""
    text = heading("Spans that an app tells, in µs")
    text += (
        f"{rounds} rounds of at most {calls:,} calls in blocks, with the exporter beside, which empties a ring of "
        f"{RING >> 20} MiB between blocks; what is shown is the difference to the same calls without a span. CPU is that "
        "of all threads of the process. Langfuse's SDK sends to a local server that drops all of it, and is waited for "
        f"after each block, in CPU time and not in that of calls. A round takes at most {SECONDS:g} s.\n\n"
    )
    config = f'[ring]\nsize = {RING}\n[sinks.local]\ntype = "sqlite"\n'
    taken: dict[str, dict[str, list[Round]]] = {call: {api: [] for api in APIS} for call in CALLS}
    with place(config) as made, made.exporter():
        for _ in range(rounds):
            for call, by_api in taken.items():
                for api, measured in by_api.items():
                    if call != NO_SPAN or api != "offpath, through Langfuse's SDK":
                        measured.append(_round(made, black_hole, api, call, calls))
    for api in APIS:
        rows = [_row(call, by_api[api]) for call, by_api in taken.items() if by_api[api]]
        text += table([api, *SHARES, "CPU", "captured", "dropped"], rows)
    small, large = (_p50(taken[f"`@observe`, a state of {size}"][OURS]) for size in ("16 KB", "5 MB"))
    text += f"offpath: a state of 5 MB costs {large / small:.2f} times what one of 16 KB does. At p50 "
    said = [f"{call} takes {_p50(taken[call][OURS]):.1f} of {goal} µs" for call, goal in GOALS.items()]
    return text + f"{', '.join(said)}.\n"


def _round(made: Place, black_hole: str, api: str, call: str, calls: int) -> Round:
    command = [sys.executable, "-m", "tests.perf.spans", api, call, str(calls)]
    env = {**made.env, BLACK_HOLE: black_hole, "LANGFUSE_RELEASE": "1"}
    ran = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)
    measured: Round = json.loads(ran.stdout.splitlines()[-1])
    return measured


def _row(call: str, rounds: list[Round]) -> list[str]:
    cpu = statistics.median(each["added_cpu_us"] for each in rounds)
    counts = [sum(each["captured"] for each in rounds), sum(each["dropped"] for each in rounds)]
    shown = [f"{count:,}" for count in counts] if counts[0] else ["", ""]
    return [call, *(_us(_added(rounds, share)) for share in SHARES.values()), _us(cpu), *shown]


def _us(value: float) -> str:
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.0f}"


def _p50(rounds: list[Round]) -> float:
    return _added(rounds, SHARES["p50"])


def _added(rounds: list[Round], share: float) -> float:
    """Return by how much a call takes longer in so many of all calls, in µs."""
    base = sorted(ns for each in rounds for ns in each["base_ns"])
    call = sorted(ns for each in rounds for ns in each["call_ns"])
    return (quantile(call, share) - quantile(base, share)) / 1000


# --- one round, in its own process ----------------------------------------------------------------------------------


def measure(name: str, call: str, count: int) -> Round:
    """Measure a round."""
    api = APIS[name]()
    calls = CALLS[call](api)
    size = max(1, min(calls.block, BLOCK_BYTES // calls.event_bytes - UNCOUNTED))
    loop = asyncio.new_event_loop()

    def block(of: Callable[[], Any]) -> tuple[list[float], int]:
        begun = time.process_time_ns()
        taken = (
            loop.run_until_complete(_awaited(calls, of, size)) if calls.is_async else _called(calls, of, size)
        )
        return taken, time.process_time_ns() - begun

    def observed() -> tuple[list[float], int]:
        taken, cpu = block(calls.call)
        begun = time.process_time_ns()
        # What it takes to get rid of them is no call's time, and is CPU time.
        api.flush()
        return taken, cpu + time.process_time_ns() - begun

    _warm(observed, calls, size)
    before = _told(name)
    base_ns, call_ns, cpu = list[float](), list[float](), 0
    end = time.monotonic() + SECONDS
    while len(call_ns) < count and time.monotonic() < end:
        base, base_cpu = block(calls.base)
        call_times, call_cpu = observed()
        base_ns += base
        call_ns += call_times
        cpu += call_cpu - base_cpu
    loop.close()
    captured, dropped = (after - first for after, first in zip(_told(name), before, strict=True))
    made = len(call_ns) // size * (size + UNCOUNTED)
    _check(name, captured, made * calls.events)
    return {
        "base_ns": [ns / calls.parts for ns in base_ns],
        "call_ns": [ns / calls.parts for ns in call_ns],
        "added_cpu_us": cpu / made / calls.parts / 1000,
        "captured": captured,
        "dropped": dropped,
    }


def _called(calls: Calls, of: Callable[[], Any], size: int) -> list[float]:
    taken = list[float]()
    for number in range(UNCOUNTED + size):
        with calls.around():
            begun = time.perf_counter_ns()
            of()
            ns = time.perf_counter_ns() - begun
        if number >= UNCOUNTED:
            taken.append(ns)
    return taken


async def _awaited(calls: Calls, of: Callable[[], Any], size: int) -> list[float]:
    taken = list[float]()
    for number in range(UNCOUNTED + size):
        begun = time.perf_counter_ns()
        await of()
        ns = time.perf_counter_ns() - begun
        if number >= UNCOUNTED:
            taken.append(ns)
    return taken


def _warm(observed: Callable[[], Any], calls: Calls, size: int) -> None:
    """Have code and caches get warm, and the ring get its pages."""
    end = time.monotonic() + SECONDS / 2
    for _ in range(1 + RING // (calls.event_bytes * size)):
        observed()
        if time.monotonic() > end:
            return


def _told(name: str) -> tuple[int, int]:
    """Return what offpath took and refused until now."""
    if not name.startswith(OURS):
        return 0, 0
    import offpath

    status = offpath.status()
    return status["captured"], sum(status["dropped"].values())


def _check(name: str, captured: int, expected: int) -> None:
    """To drop an event is cheaper than to record it."""
    if name.startswith(OURS) and captured != expected:
        raise RuntimeError(f"{name}: of {expected} events, {captured} were recorded")


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
