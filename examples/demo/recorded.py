"""What the exporter has in its store, and whether it is what was sent."""

from __future__ import annotations

import json
import sqlite3
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .table import table
from .traffic import Sent

HEAD = ["time", "request", "method", "route", "status", "outcome", "ms", "first byte", "in", "out", "chunks"]
QUERY = """
    SELECT strftime('%H:%M:%f', start_time / 1e9, 'unixepoch') AS time, method, route, status, outcome,
           duration_ns, first_byte_ns, request_size, response_size, json
    FROM events WHERE kind = 'exchange' ORDER BY start_time
"""
#: How many of those that came at once are shown one by one.
SHOWN = 3


@dataclass(frozen=True)
class Recorded:
    """A row of the store."""

    name: str
    time: str
    method: str
    route: str
    status: int
    outcome: str
    ms: float
    first_byte_ms: float
    bytes_in: int
    bytes_out: int
    chunks: int

    def cells(self) -> list[str]:
        """Return the cells of the table above."""
        took = [f"{self.ms:.1f}", f"{self.first_byte_ms:.1f}"]
        sizes = [str(self.bytes_in), str(self.bytes_out), str(self.chunks)]
        return [self.time, self.name, self.method, self.route, str(self.status), self.outcome, *took, *sizes]


def read(store: Path) -> list[Recorded]:
    """Read every exchange, oldest first."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [_recorded(row) for row in connection.execute(QUERY)]


def _recorded(row: sqlite3.Row) -> Recorded:
    event = json.loads(row["json"])
    headers = dict(event["request"]["headers"])
    return Recorded(
        name=headers.get("x-request-id", "?"),
        time=row["time"],
        method=row["method"],
        route=row["route"] or "",
        status=row["status"],
        outcome=row["outcome"],
        ms=row["duration_ns"] / 1e6,
        first_byte_ms=(row["first_byte_ns"] or 0) / 1e6,
        bytes_in=row["request_size"],
        bytes_out=row["response_size"],
        chunks=event["response"]["chunks"],
    )


def differences(sent: Sequence[Sent], recorded: Sequence[Recorded]) -> list[str]:
    """Return what was sent and is not recorded once, as what it was."""
    times = Counter((row.name, row.status, row.outcome) for row in recorded)
    names = Counter(row.name for row in recorded)
    return [
        f"{each} was recorded {names[each.name]} times"
        + "".join(f", as {row.status} {row.outcome}" for row in recorded if row.name == each.name)
        for each in sent
        if times[each.name, each.status, each.outcome] != 1 or names[each.name] != 1
    ]


def show(recorded: Sequence[Recorded]) -> str:
    """Return the table of the traffic: those that came at once are summed up."""
    singles = [row for row in recorded if not row.name.startswith(("at-once-", "latency"))]
    at_once = [row for row in recorded if row.name.startswith("at-once-")]
    rows = [row.cells() for row in (*singles, *at_once[:SHOWN])]
    rows.append(_sum_up(at_once[SHOWN:]))
    return table(HEAD, rows)


def _sum_up(rest: Sequence[Recorded]) -> list[str]:
    if not rest:
        return [""] * len(HEAD)
    common = [
        "/".join(sorted({str(getattr(row, name)) for row in rest}))
        for name in ("method", "route", "status", "outcome")
    ]
    middle = [
        f"{statistics.median(getattr(row, name) for row in rest):.{digits}f}"
        for name, digits in (
            ("ms", 1),
            ("first_byte_ms", 1),
            ("bytes_in", 0),
            ("bytes_out", 0),
            ("chunks", 0),
        )
    ]
    return ["", f"{len(rest)} more (medians)", *common, *middle]
