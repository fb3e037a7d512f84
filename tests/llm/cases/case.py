"""One case: who asks, what the model does, and what offpath is to say of it.

The expectation is written by hand, from the API's reference; ``record`` holds it against what the client understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.llm.clients.heard import Ask
from tests.llm.server.script import Script

Message = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A case, by the name of its file."""

    name: str
    shows: str
    client: str
    #: What the client would ask in production.
    host: str
    ask: Ask
    script: Script
    #: ``llm`` and ``error`` of the event; None: it is no business of a model's.
    expected: dict[str, Any] | None


# --- what is expected -----------------------------------------------------------------------------------------------


def expect(  # noqa: PLR0913 - as many as there are fields
    system: str,
    operation: str,
    model: str,
    *,
    input: Sequence[Message],  # noqa: A002 - it is the field's name
    output: Sequence[Message] = (),
    response_model: str | None = None,
    response_id: str | None = None,
    stream: bool = False,
    parameters: Mapping[str, Any] | None = None,
    usage: Mapping[str, int] | None = None,
    finish: Sequence[str] = (),
    partial: bool = False,
    failed: tuple[str, str | None, str | None] | None = None,
    unsure: Sequence[str] = (),
) -> dict[str, Any]:
    """What an event is to have.

    ``failed``: the kind of the error, its type and its message, if the API gives them. ``unsure``: the fields of ``llm`` of
    which nothing is expected.
    """
    kind, type_, message = failed or (None, None, None)
    llm = {
        "system": system,
        "operation": operation,
        "request_model": model,
        "response_model": response_model,
        "response_id": response_id,
        "stream": stream,
        "input": list(input),
        "output": list(output),
        "parameters": dict(parameters or {}),
        "usage": dict(usage or {}),
        "finish_reasons": list(finish),
        "partial": partial,
        "error_kind": kind,
    }
    return {
        "llm": {name: value for name, value in llm.items() if name not in unsure},
        "error": {"type": type_, "message": message} if failed else None,
    }


def system(text: str) -> Message:
    """Return what the model is told beforehand."""
    return {"role": "system", "content": text}


def user(content: Any) -> Message:
    """Return what it is asked."""
    return {"role": "user", "content": content}


def assistant(content: Any, **more: Any) -> Message:
    """Return what it answers."""
    return {"role": "assistant", "content": content, **more}


def tool(call: str | None, content: Any, **more: Any) -> Message:
    """Return what a tool gave."""
    named = {"tool_call_id": call} if call else {}
    return {"role": "tool", "content": content, **named, **more}


def wanted(call: str | None, name: str, arguments: str) -> Message:
    """Return a call of a tool."""
    named = {"id": call} if call else {}
    return {**named, "type": "function", "function": {"name": name, "arguments": arguments}}
