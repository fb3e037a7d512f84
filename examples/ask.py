"""Asks the app of an example one question, and shows the trace: what the app was asked, and under it what it asked models.

    python ../ask.py 'How is the weather in Oslo?'

It is run where run.sh is: there, ``data/offpath.db`` is what was recorded. ``APP_URL`` and ``STORE`` name others.
"""

from __future__ import annotations

import codecs
import json
import os
import sqlite3
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

Event = dict[str, Any]

URL = os.environ.get("APP_URL", "http://127.0.0.1:8000")
STORE = os.environ.get("STORE", "data/offpath.db")

HEAD = ["what", "status", "model", "stream", "in", "out", "first token", "took", "ended with"]
#: Of the newest exchange of the app since then, all that is in its trace.
QUERY = """
    SELECT json FROM events WHERE trace_id = (
        SELECT trace_id FROM events WHERE source = 'asgi' AND start_time >= ? ORDER BY start_time DESC LIMIT 1
    ) ORDER BY start_time
"""


def main(question: str) -> None:
    """Ask, print the answer as it comes, and then the trace."""
    begun = time.time_ns()
    ask(question)
    rows = [HEAD, *tree(recorded(begun))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def ask(question: str) -> None:
    """Print what the app answers."""
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{URL}/ask", body, {"content-type": "application/json"})
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    with urllib.request.urlopen(request) as response:
        while piece := response.read1():
            print(*map(shown, decode(piece).split("\n")), sep="\n", end="", flush=True)
    print("\n")


def recorded(since: int, patience: float = 30) -> list[Event]:
    """Return the events of the app's newest trace, as soon as they are stored."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if events := stored(since):
            return events
        time.sleep(0.05)
    sys.exit(f"ask.py: in {patience:g} s nothing of it came into {STORE}")


def stored(since: int) -> list[Event]:
    """Return what is there of it; nothing while there is no store."""
    try:
        with closing(sqlite3.connect(f"file:{STORE}?mode=ro", uri=True)) as connection:
            return [json.loads(text) for (text,) in connection.execute(QUERY, [since])]
    except sqlite3.OperationalError:
        return []


def tree(events: Sequence[Event]) -> Iterator[list[str]]:
    """Return a row for each event, below its parent and in the order in which they began."""
    known = {event["span_id"] for event in events}
    for event in events:
        if event["parent_span_id"] not in known:
            yield from branch(event, events, "", "")


def branch(event: Event, events: Sequence[Event], own: str, below: str) -> Iterator[list[str]]:
    """Return the rows of an event and of all below it; the lines of the tree before its own, and before theirs."""
    yield [f"{own}{shown(name(event))}", *map(shown, cells(event))]
    children = [each for each in events if each["parent_span_id"] == event["span_id"]]
    for child in children:
        is_last = child is children[-1]
        yield from branch(
            child, events, below + ("└─ " if is_last else "├─ "), below + ("   " if is_last else "│  ")
        )


def name(event: Event) -> str:
    """Return what a model was asked for, or what an exchange is otherwise."""
    return str(event["llm"]["operation"]) if event["llm"] else f"{event['method']} {event['path']}"


def cells(event: Event) -> list[object]:
    """Return what else is told of an event, by the columns."""
    took = milliseconds(event["duration_ns"])
    llm = event["llm"]
    if llm is None:
        return [event["status"], None, None, None, None, None, took, None]
    usage = llm["usage"]
    calls = [call["function"] for message in llm["output"] or [] for call in message.get("tool_calls", [])]
    ended = [f"{call['name']}({call['arguments']})" for call in calls] or llm["finish_reasons"]
    return [
        event["status"],
        llm["response_model"] or llm["request_model"],
        "yes" if llm["stream"] else "no",
        tokens(usage, "input"),
        tokens(usage, "output"),
        milliseconds(llm["first_token_ns"]),
        took,
        ", ".join(ended) or None,
    ]


def tokens(usage: dict[str, int], kind: str) -> int | None:
    """Return the tokens of all kinds that begin so, such as those from a cache; None if they are not known."""
    known = [count for name, count in usage.items() if name.startswith(kind)]
    return sum(known) if known else None


def milliseconds(nanoseconds: int | None) -> str | None:
    """Return a duration, `41.5ms`."""
    return None if nanoseconds is None else f"{nanoseconds / 1e6:.1f}ms"


def shown(value: object) -> str:
    """Return it as text; what a client or a model said must not steer the terminal."""
    return "-" if value is None else "".join(c if c.isprintable() else "\ufffd" for c in str(value))


if __name__ == "__main__":
    main(*sys.argv[1:])
