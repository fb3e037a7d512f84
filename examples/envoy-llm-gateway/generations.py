"""The gateway's calls as generations, as they were recorded in data/offpath.db, or another store."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from typing import Any

QUERY = "SELECT json FROM events WHERE kind = 'exchange' AND route = 'llm' ORDER BY start_time"


def main(store: str) -> None:
    """Print a line for each call."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        found = [generation(json.loads(event)) for (event,) in connection.execute(QUERY)]
    if not found:
        print("nothing is recorded yet")
        return
    rows = [list(found[0]), *([shown(value) for value in each.values()] for each in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def generation(event: dict[str, Any]) -> dict[str, object]:
    """Return what a call was. One that was refused has no usage; what is no call of a model has nothing but its times."""
    llm = event["llm"] or {}
    usage = llm.get("usage", {})
    speed = llm.get("tokens_per_second")
    return {
        "time": event["start_time"][11:23],
        "status": event["status"],
        "model": llm.get("response_model") or llm.get("request_model"),
        "stream": "yes" if llm.get("stream") else "no",
        "in": tokens(usage, "input"),
        "out": tokens(usage, "output"),
        "total": usage.get("total"),
        "first-token": milliseconds(llm.get("first_token_ns")),
        "duration": milliseconds(event["duration_ns"]),
        "tokens/s": None if speed is None else round(speed),
        "cost": None if llm.get("cost_usd") is None else f"${llm['cost_usd']:.6f}",
        "finish": ",".join(llm.get("finish_reasons", [])) or llm.get("error_kind"),
    }


def tokens(usage: dict[str, int], kind: str) -> int | None:
    """Return the tokens of all kinds that begin so, such as those from a cache; None if they are not known."""
    known = [count for name, count in usage.items() if name.startswith(kind)]
    return sum(known) if known else None


def milliseconds(nanoseconds: int | None) -> str | None:
    """Return a duration, `41.5ms`."""
    return None if nanoseconds is None else f"{nanoseconds / 1e6:.1f}ms"


def shown(value: object) -> str:
    """Return a cell; what a client or a model said must not steer the terminal."""
    return "-" if value is None else "".join(c if c.isprintable() else "\ufffd" for c in str(value))


if __name__ == "__main__":
    main(*sys.argv[1:] or ["data/offpath.db"])
