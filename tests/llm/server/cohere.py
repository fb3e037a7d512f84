"""Cohere's chat, versions 2 and 1; embeddings and reranking, whose answers are in the script.

https://docs.cohere.com/reference/chat, …/chat-stream, https://docs.cohere.com/v1/reference/chat, …/embed, …/rerank. What a
model of version 2 thinks is a part of its content; with ``options["plan"]`` it is the plan that comes before calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .script import Call, Reply, Request, Says, Script
from .wire import dumps, event, pieces, stream, whole

Told = dict[str, Any]


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST /v2/chat`` or ``/v1/chat``, or whatever else has its answer in the script."""
    if script.body is not None:
        return whole(script, script.body)
    if request.path == "/v1/chat":
        if request.body.get("stream"):
            lines = [f"{dumps(each)}\n".encode() for each in _v1_events(script)]
            return stream(script, lines, "application/stream+json")
        return whole(script, _v1(script))
    if request.body.get("stream"):
        return stream(script, [event(told, told["type"]) for told in _v2_events(script)])
    says = script.choices[0]
    return whole(script, {"id": script.id, "message": _message(script, says), **_end(script, says)})


def _end(script: Script, says: Says) -> Told:
    return {"finish_reason": says.finish, "usage": script.usage}


# --- version 2 ------------------------------------------------------------------------------------------------------


def _message(script: Script, says: Says) -> Told:
    message: Told = {"role": "assistant"}
    content: list[Told] = []
    if says.reasoning and not script.options.get("plan"):
        content.append({"type": "thinking", "thinking": says.reasoning})
    if says.text or not says.calls:
        content.append({"type": "text", "text": says.text})
    if content:
        message["content"] = content
    if script.options.get("plan"):
        message["tool_plan"] = says.reasoning
    if says.calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in says.calls]
    return {**message, **says.extra}


def _call(call: Call, arguments: str) -> Told:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _v2_events(script: Script) -> Iterator[Told]:
    says = script.choices[0]
    message: Told = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield {"id": script.id, "type": "message-start", "delta": {"message": message}}
    index = 0
    if script.options.get("plan"):
        for piece in pieces(says.reasoning, script.piece):
            yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}
    elif says.reasoning:
        yield from _content_events(script, index, "thinking", says.reasoning)
        index += 1
    if says.text or not says.calls:
        yield from _content_events(script, index, "text", says.text)
    for number, call in enumerate(says.calls):
        yield from _call_events(number, call)
    yield {"id": script.id, "type": "message-end", "delta": _end(script, says)}


def _content_events(script: Script, index: int, kind: str, text: str) -> Iterator[Told]:
    begun = {"message": {"content": {"type": kind, kind: ""}}}
    yield {"type": "content-start", "index": index, "delta": begun}
    for piece in pieces(text, script.piece):
        told = {"message": {"content": {kind: piece}}}
        yield {"type": "content-delta", "index": index, "delta": told}
    yield {"type": "content-end", "index": index}


def _call_events(index: int, call: Call) -> Iterator[Told]:
    begun = {"message": {"tool_calls": _call(call, "")}}
    yield {"type": "tool-call-start", "index": index, "delta": begun}
    for piece in pieces(call.arguments, 7):
        told = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
        yield {"type": "tool-call-delta", "index": index, "delta": told}
    yield {"type": "tool-call-end", "index": index}


# --- version 1 ------------------------------------------------------------------------------------------------------


def _v1(script: Script) -> Told:
    says = script.choices[0]
    calls = [{"name": call.name, "parameters": json.loads(call.arguments)} for call in says.calls]
    return {
        "response_id": script.id,
        "text": says.text,
        "generation_id": "f7b5a7a0-5f0f-4c34-8a39-1f2b2a7f3b1a",
        "finish_reason": says.finish,
        **({"tool_calls": calls} if calls else {}),
        "meta": {"api_version": {"version": "1"}, **(script.usage or {})},
    }


def _v1_events(script: Script) -> Iterator[Told]:
    response = _v1(script)
    generation = response["generation_id"]
    yield {"is_finished": False, "event_type": "stream-start", "generation_id": generation}
    for piece in pieces(response["text"], script.piece):
        yield {"is_finished": False, "event_type": "text-generation", "text": piece}
    if calls := response.get("tool_calls"):
        yield {"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": calls}
    ended = {"is_finished": True, "event_type": "stream-end", "response": response}
    yield {**ended, "finish_reason": response["finish_reason"]}
