"""The gateway's calls as generations, read out of the bodies that were recorded in data/offpath.db, or another store."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

Event = dict[str, Any]

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


def generation(event: Event) -> dict[str, object]:
    """Return what a call was. One that was refused, broken off or cut has no usage."""
    headers = dict(event["response"]["headers"])
    is_stream = headers.get("content-type", "").startswith("text/event-stream")
    asked = next(objects(event["request"]["body"]), {})
    said = list(objects(event["response"]["body"], is_stream=is_stream))
    usage = last(each.get("usage") for each in said) or {}
    first_byte, duration = event["first_byte_ns"], event["duration_ns"]
    # Of a stream, the words come after the first byte; otherwise they come when all are there.
    speaking = duration - (first_byte or 0) if is_stream else duration
    return {
        "time": event["start_time"][11:23],
        "status": event["status"],
        "model": last(each.get("model") for each in said) or asked.get("model"),
        "stream": "yes" if is_stream else "no",
        "in": usage.get("prompt_tokens"),
        "out": usage.get("completion_tokens"),
        "total": usage.get("total_tokens"),
        "first-byte": milliseconds(first_byte),
        "duration": milliseconds(duration),
        "tokens/s": round(usage["completion_tokens"] / speaking * 1e9) if usage and speaking else None,
        "finish": last(choice.get("finish_reason") for each in said for choice in each.get("choices", [])),
    }


def objects(body: Event, *, is_stream: bool = False) -> Iterator[Event]:
    """Return the JSON object that a body is; of a stream, that of each event. What was cut is left out."""
    gap = "\n" if body["kept"] < body["size"] else ""
    text = body["head"] + gap + body["tail"]
    for each in text.split("\n") if is_stream else [text]:
        try:
            value = json.loads(each.removeprefix("data:"))
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def last(values: Iterable[Any]) -> Any:
    """Return the last value that is there."""
    return next((value for value in reversed(list(values)) if value), None)


def milliseconds(nanoseconds: int | None) -> str | None:
    """Return a duration, `41.5ms`."""
    return None if nanoseconds is None else f"{nanoseconds / 1e6:.1f}ms"


def shown(value: object) -> str:
    """Return a cell; what a client or a model said must not steer the terminal."""
    return "-" if value is None else "".join(c if c.isprintable() else "\ufffd" for c in str(value))


if __name__ == "__main__":
    main(*sys.argv[1:] or ["data/offpath.db"])
