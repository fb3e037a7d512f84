"""What the exporter has in its store, and whether it is what was sent."""

from __future__ import annotations

import json
import sqlite3
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from .table import table
from .traffic import Sent

HEAD = ["time", "request", "method", "route", "status", "outcome", "ms", "first byte", "in", "out", "chunks"]
QUERY = """
    SELECT strftime('%H:%M:%f', start_time / 1e9, 'unixepoch') AS time, method, route, status, outcome,
           duration_ns, first_byte_ns, request_size, response_size, user_id, session_id, json,
           (SELECT group_concat(kind) FROM events AS below
            WHERE below.trace_id = events.trace_id AND below.seq != events.seq AND below.kind != 'score') AS below
    FROM events WHERE kind = 'exchange' AND source = 'asgi' ORDER BY start_time
"""
OTHERS = """
    SELECT CASE kind WHEN 'exchange' THEN 'call' ELSE kind END AS name, count(*) FROM events
    WHERE kind != 'exchange' OR source != 'asgi' GROUP BY name ORDER BY name
"""
#: How many of those that came at once, and of the turns of conversations, are shown one by one.
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
    user: str | None = None
    session: str | None = None
    #: The kinds of what was recorded below it, in the order of the alphabet.
    below: tuple[str, ...] = ()

    def cells(self) -> list[str]:
        """Return the cells of the table above."""
        took = [f"{self.ms:.1f}", f"{self.first_byte_ms:.1f}"]
        sizes = [str(self.bytes_in), str(self.bytes_out), str(self.chunks)]
        return [self.time, self.name, self.method, self.route, str(self.status), self.outcome, *took, *sizes]


def read(store: Path) -> list[Recorded]:
    """Read every request that came in, oldest first."""
    with _opened(store) as connection:
        connection.row_factory = sqlite3.Row
        return [_recorded(row) for row in connection.execute(QUERY)]


def others(store: Path) -> dict[str, int]:
    """Count what else was recorded, by its kind: spans, scores, and calls that the apps made."""
    with _opened(store) as connection:
        return dict(connection.execute(OTHERS).fetchall())


def _opened(store: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True))


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
        user=row["user_id"],
        session=row["session_id"],
        below=tuple(sorted((row["below"] or "").split(","))) if row["below"] else (),
    )


def differences(sent: Sequence[Sent], recorded: Sequence[Recorded]) -> list[str]:
    """Return what was sent and is not recorded once, as what it was."""
    as_sent = [_as_sent(row) for row in recorded]
    names = Counter(row.name for row in recorded)
    return [
        f"{each} was recorded {names[each.name]} times"
        + "".join(f", as {row}" for row in as_sent if row.name == each.name)
        for each in sent
        if names[each.name] != 1 or replace(each, below=tuple(sorted(each.below))) not in as_sent
    ]


def _as_sent(row: Recorded) -> Sent:
    return Sent(row.name, row.status, row.outcome, row.user, row.session, row.below)


def show(recorded: Sequence[Recorded]) -> str:
    """Return the table of the traffic: those that came at once, and turns of conversations, are summed up."""
    kinds: dict[str, list[Recorded]] = {"-turn-": [], "at-once-": [], "latency": [], "-feedback": [], "": []}
    for row in recorded:
        kinds[next(kind for kind in kinds if kind in row.name)].append(row)
    turns, at_once, _, _, singles = kinds.values()
    rows = [row.cells() for row in singles]
    for many in (at_once, turns):
        rows += [row.cells() for row in many[:SHOWN]]
        rows.append(_sum_up(many[SHOWN:]))
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
