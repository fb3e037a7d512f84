"""Ollama's chat and generate, whose streams are lines of JSON; embeddings, whose answers are in the script.

https://github.com/ollama/ollama/blob/main/docs/api.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from .script import Call, Reply, Request, Says, Script
from .wire import dumps, pieces, stream, whole

Told = dict[str, Any]

_CREATED: Final = "2026-01-02T03:04:05.123456789Z"


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST /api/chat`` or ``/api/generate``, or whatever else has its answer in the script."""
    if script.body is not None:
        return whole(script, script.body)
    chat = request.path == "/api/chat"
    says = script.choices[0]
    # What does not say whether it wants a stream gets one.
    if not request.body.get("stream", True):
        message = (
            _message(says.text, says.reasoning, says.calls) if chat else _said(says.text, says.reasoning)
        )
        return whole(
            script, {**_head(script), **message, **_end(script, says)}, "application/json; charset=utf-8"
        )
    failed = None if script.breaks_with is None else _line(script.breaks_with)
    lines = [_line({**_head(script), **told}) for told in _events(script, says, chat=chat)]
    return stream(script, lines, "application/x-ndjson", failed)


def _line(told: Told) -> bytes:
    return f"{dumps(told)}\n".encode()


def _head(script: Script) -> Told:
    return {"model": script.model, "created_at": _CREATED}


def _end(script: Script, says: Says) -> Told:
    return {"done": True, "done_reason": says.finish, **(script.usage or {})}


def _message(text: str, thinking: str = "", calls: Any = ()) -> Told:
    message: Told = {"role": "assistant", "content": text}
    if thinking:
        message["thinking"] = thinking
    if calls:
        message["tool_calls"] = [_call(index, call) for index, call in enumerate(calls)]
    return {"message": message}


def _call(index: int, call: Call) -> Told:
    named = {"id": call.id} if call.id else {}
    function = {"index": index, "name": call.name, "arguments": json.loads(call.arguments)}
    return {**named, "function": function}


def _said(text: str, thinking: str = "") -> Told:
    return {"response": text, **({"thinking": thinking} if thinking else {})}


def _events(script: Script, says: Says, *, chat: bool) -> Iterator[Told]:
    written = _message if chat else _said
    for piece in pieces(says.reasoning, script.piece):
        yield {**written("", piece), "done": False}
    for piece in pieces(says.text, script.piece):
        yield {**written(piece), "done": False}
    for index, call in enumerate(says.calls):
        made = _message("")
        made["message"]["tool_calls"] = [_call(index, call)]
        yield {**made, "done": False}
    yield {**written(""), **_end(script, says)}
