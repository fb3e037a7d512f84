"""How answers are written: JSON, server-sent events, lines of JSON, and the odd but legal forms of them.

Server-sent events are those of https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Sequence
from typing import Any

from .script import Change, Reply, Script


def dumps(value: Any) -> str:
    """Write JSON as most servers do: no blanks, and no escapes that are not needed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pieces(text: str, size: int = 0) -> list[str]:
    """Cut a text as a stream does: into words with the blanks before them, or into so many characters."""
    if size:
        return [text[start : start + size] for start in range(0, len(text), size)]
    return re.findall(r"\s*\S+|\s+$", text)


def event(data: Any, name: str | None = None) -> bytes:
    """Write one server-sent event."""
    written = data if isinstance(data, str) else dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {written}\n\n".encode()


# --- replies --------------------------------------------------------------------------------------------------------


def whole(script: Script, body: Any, content_type: str = "application/json") -> Reply:
    """Answer in one piece."""
    content = body if isinstance(body, bytes) else dumps(body).encode()
    return _reply(script, [content], content_type)


def stream(
    script: Script,
    events: Sequence[bytes],
    content_type: str = "text/event-stream",
    failed: bytes | None = None,
) -> Reply:
    """Answer in events; if the script breaks off, only its first ones, and then what says so."""
    chunks = list(events[: script.breaks_after])
    if failed is not None:
        chunks.append(failed)
    reply = _reply(script, chunks, content_type)
    reply.cut, reply.stays_open = script.cut, script.stays_open
    return reply


def _reply(script: Script, chunks: list[bytes], content_type: str) -> Reply:
    headers = [("content-type", content_type), *script.headers]
    for change in script.changes:
        chunks = change(chunks)
    if encoding := dict(headers).get("content-encoding"):
        content = b"".join(chunks)
        packed = zlib.compress(content) if encoding == "deflate" else gzip.compress(content, mtime=0)
        # Streams are sent on as they are packed.
        chunks = [packed] if len(chunks) == 1 else [packed[at : at + 64] for at in range(0, len(packed), 64)]
    return Reply(script.status, headers, chunks)


# --- odd but legal --------------------------------------------------------------------------------------------------


def crlf(chunks: list[bytes]) -> list[bytes]:
    """End lines as Windows does."""
    return [chunk.replace(b"\n", b"\r\n") for chunk in chunks]


def without_blanks(chunks: list[bytes]) -> list[bytes]:
    """Leave out the blank behind a field's colon."""
    return [re.sub(rb"(?m)^(data|event): ", rb"\1:", chunk) for chunk in chunks]


def with_bom(chunks: list[bytes]) -> list[bytes]:
    """Begin with a byte order mark."""
    return ["\ufeff".encode() + chunks[0], *chunks[1:]]


def with_comments(chunks: list[bytes]) -> list[bytes]:
    """Keep the connection alive with comments, before and between events."""
    return [each for chunk in chunks for each in (b": keep-alive\n\n", chunk)]


def over_lines(chunks: list[bytes]) -> list[bytes]:
    """Give each event's JSON several lines, and so several fields."""
    return [_over_lines(chunk) for chunk in chunks]


def _over_lines(chunk: bytes) -> bytes:
    found = re.match(rb"((?:event: .*\n)?)data: (\{.*\})\n\n$", chunk, re.DOTALL)
    if found is None:
        return chunk
    lines = json.dumps(json.loads(found[2]), ensure_ascii=False, indent=1).splitlines()
    return found[1] + "".join(f"data: {line}\n" for line in lines).encode() + b"\n"


def indented(chunks: list[bytes]) -> list[bytes]:
    """Write a JSON answer for people to read, with every character that is not ASCII escaped."""
    return [json.dumps(json.loads(b"".join(chunks)), indent=2).encode()]


def in_pieces_of(size: int) -> Change:
    """Cut all of it anew, through events and characters."""

    def change(chunks: list[bytes]) -> list[bytes]:
        joined = b"".join(chunks)
        return [joined[start : start + size] for start in range(0, len(joined), size)]

    return change


def joined(chunks: list[bytes]) -> list[bytes]:
    """Send all of it at once."""
    return [b"".join(chunks)]


def insert(at: int, chunk: bytes) -> Change:
    """Send something more before the event of this number."""
    return lambda chunks: [*chunks[:at], chunk, *chunks[at:]]
