"""The runs that have no network: a case's calls of the core, natively and in the component."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.framework.processes import ROOT

from .case import HOST, Case, Headers
from .events import Event, Events

#: Where `make test` builds the programs.
_PROGRAMS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "examples"


def natively(cases: Sequence[Case]) -> Events:
    """Call the core as a crate."""
    return _named(cases, _answers("parity", "record", told=map(_told, cases)))


def in_the_component(cases: Sequence[Case]) -> Events:
    """Call dist/offpath.wasm, and have the exporter's code show its events."""
    events = _answers("component", str(ROOT / "dist" / "offpath.wasm"), told=map(_told, cases))
    recorded = [event for event in events if event]
    shown = iter(_answers("parity", "show", told=({"event": event} for event in recorded)))
    return _named(cases, [next(shown) if event else None for event in events])


def _named(cases: Sequence[Case], events: Sequence[Event | None]) -> Events:
    return {case.name: event for case, event in zip(cases, events, strict=True)}


def _answers(program: str, *arguments: str, told: Iterable[dict[str, Any]]) -> list[Any]:
    lines = "".join(json.dumps(each) + "\n" for each in told)
    command = [str(_PROGRAMS / program), *arguments]
    ran = subprocess.run(command, input=lines, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def _told(case: Case) -> dict[str, Any]:
    """What a host would hand over; tests/parity/told.rs reads it. Bytes are text of ISO 8859-1."""
    websocket = case.websocket
    scheme = "ws" if case.is_websocket else "http"
    head = [case.method, scheme, HOST.decode(), case.path, case.query, "1.1", "127.0.0.1"]
    return {
        "config": case.config,
        "head": head,
        "request_headers": _flat(case.all_headers),
        "request": [chunk.decode("latin-1") for chunk in case.sent("client")],
        "status": case.status or 0,
        "response_headers": _flat(case.response_headers),
        "response": [chunk.decode("latin-1") for chunk in case.sent("server")],
        "elapsed_ns": case.takes_ms * 1_000_000 + 6,
        "outcome": "client_disconnected" if case.client_leaves else "completed",
        "route": case.route or "",
        "close_code": websocket.close_code if websocket else 0,
        "subprotocol": websocket.subprotocol if websocket else "",
    }


def _flat(headers: Headers) -> list[str]:
    """Name and value in turn, without the white space around them (RFC 9110, section 5.5)."""
    return [text.strip().decode("latin-1") for pair in headers for text in pair]
