"""Amazon Bedrock's converse and invoke, whole and as event streams.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and its neighbours; what a model answers to
invoke: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html. A script that breaks off breaks off with
``(type, payload)`` of an exception.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from . import anthropic
from .eventstream import event, exception
from .script import Reply, Request, Says, Script
from .wire import dumps, pieces, stream, whole

STREAM: Final = "application/vnd.amazon.eventstream"

#: Events are made longer by some of these, so that their length does not tell what is in them.
_PADDING: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

_METRICS: Final = "amazon-bedrock-invocationMetrics"


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST /model/<model>/…``."""
    if script.body is not None:
        return whole(script, script.body)
    _, _, model, method = request.path.split("/")
    if method == "converse":
        return whole(script, _converse(script))
    if method == "invoke":
        return whole(script, _invoke(model, script))
    if method == "converse-stream":
        events = [
            event(kind, {**told, "p": _PADDING[: 7 + len(kind)]}) for kind, told in _converse_events(script)
        ]
    else:
        events = [_chunk(each) for each in _invoke_events(model, script)]
    failed = None if script.breaks_with is None else exception(*script.breaks_with)
    return stream(script, events, STREAM, failed)


def _chunk(told: Any) -> bytes:
    payload = base64.b64encode(dumps(told).encode()).decode("ascii")
    return event("chunk", {"bytes": payload, "p": _PADDING[: 3 + len(payload) % 20]})


# --- converse -------------------------------------------------------------------------------------------------------


def _converse(script: Script) -> dict[str, Any]:
    says = script.choices[0]
    return {
        "metrics": {"latencyMs": 551},
        "output": {"message": {"content": _blocks(says), "role": "assistant"}},
        "stopReason": says.finish,
        "usage": script.usage,
        **script.extra,
    }


def _blocks(says: Says) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if says.reasoning:
        text = {"text": says.reasoning, "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}
        blocks.append({"reasoningContent": {"reasoningText": text}})
    if says.text:
        blocks.append({"text": says.text})
    for call in says.calls:
        use = {"input": json.loads(call.arguments), "name": call.name, "toolUseId": call.id}
        blocks.append({"toolUse": use})
    return blocks


def _converse_events(script: Script) -> Iterator[tuple[str, dict[str, Any]]]:
    says = script.choices[0]
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(_blocks(says)):
        at = {"contentBlockIndex": index}
        if "toolUse" in block:
            use = block["toolUse"]
            start = {"toolUse": {"name": use["name"], "toolUseId": use["toolUseId"]}}
            yield "contentBlockStart", {**at, "start": start}
        for delta in _converse_deltas(block, script.piece):
            yield "contentBlockDelta", {**at, "delta": delta}
        yield "contentBlockStop", at
    yield "messageStop", {"stopReason": says.finish}
    yield "metadata", {"metrics": {"latencyMs": 551}, "usage": script.usage, **script.extra}


def _converse_deltas(block: Mapping[str, Any], size: int) -> Iterator[dict[str, Any]]:
    if "toolUse" in block:
        for piece in pieces(json.dumps(block["toolUse"]["input"], ensure_ascii=False), 9):
            yield {"toolUse": {"input": piece}}
    elif "reasoningContent" in block:
        text = block["reasoningContent"]["reasoningText"]
        for piece in pieces(text["text"], size):
            yield {"reasoningContent": {"text": piece}}
        yield {"reasoningContent": {"signature": text["signature"]}}
    else:
        for piece in pieces(block["text"], size):
            yield {"text": piece}


# --- invoke: each vendor's own --------------------------------------------------------------------------------------


def _invoke(model: str, script: Script) -> Any:
    says, usage = script.choices[0], script.usage or {}
    vendor = _vendor(model)
    if vendor == "anthropic":
        return anthropic.message_of(script)
    if vendor == "nova":
        return _converse(script) | {"metrics": {}}
    if vendor == "titan":
        result = {"tokenCount": usage["output"], "outputText": says.text, "completionReason": says.finish}
        return {"inputTextTokenCount": usage["input"], "results": [result]}
    if vendor == "meta":
        counts = {"prompt_token_count": usage["input"], "generation_token_count": usage["output"]}
        return {"generation": says.text, **counts, "stop_reason": says.finish}
    return {
        "response_id": script.id,
        "text": says.text,
        "generation_id": "f7b5a7a0-5f0f-4c34-8a39-1f2b2a7f3b1a",
        "finish_reason": says.finish,
    }


def _vendor(model: str) -> str:
    return next(name for name in ("anthropic", "nova", "titan", "meta", "cohere") if name in model)


def _invoke_events(model: str, script: Script) -> Iterator[dict[str, Any]]:
    """Each vendor's events; the last one has Bedrock's own counts beside it."""
    events = list(_VENDORS[_vendor(model)](script))
    yield from events[:-1]
    usage: Mapping[str, Any] = script.usage or {}
    counts = {
        "inputTokenCount": usage.get("input", usage.get("input_tokens", usage.get("inputTokens"))),
        "outputTokenCount": usage.get("output", usage.get("output_tokens", usage.get("outputTokens"))),
        "invocationLatency": 551,
        "firstByteLatency": 213,
    }
    yield {**events[-1], _METRICS: counts}


def _nova_events(script: Script) -> Iterator[dict[str, Any]]:
    for kind, told in _converse_events(script):
        yield {kind: told}


def _titan_events(script: Script) -> Iterator[dict[str, Any]]:
    says, usage = script.choices[0], script.usage or {}
    for piece in pieces(says.text, script.piece):
        yield _titan(piece, None, None, usage["input"])
    yield _titan("", usage["output"], says.finish, usage["input"])


def _titan(text: str, total: int | None, reason: str | None, count: int) -> dict[str, Any]:
    return {
        "outputText": text,
        "index": 0,
        "totalOutputTextTokenCount": total,
        "completionReason": reason,
        "inputTextTokenCount": count,
    }


def _meta_events(script: Script) -> Iterator[dict[str, Any]]:
    says, usage = script.choices[0], script.usage or {}
    for number, piece in enumerate(pieces(says.text, script.piece)):
        prompt = usage["input"] if number == 0 else None
        yield _meta(piece, prompt, number + 1, None)
    yield _meta("", None, usage["output"], says.finish)


def _meta(text: str, prompt: int | None, count: int, reason: str | None) -> dict[str, Any]:
    counts = {"prompt_token_count": prompt, "generation_token_count": count}
    return {"generation": text, **counts, "stop_reason": reason}


def _cohere_events(script: Script) -> Iterator[dict[str, Any]]:
    says = script.choices[0]
    for piece in pieces(says.text, script.piece):
        yield {"is_finished": False, "event_type": "text-generation", "text": piece}
    response = _invoke("cohere", script)
    ended = {"is_finished": True, "event_type": "stream-end", "finish_reason": says.finish}
    yield {**ended, "response": response}


_VENDORS: Final[Mapping[str, Callable[[Script], Iterator[dict[str, Any]]]]] = {
    "anthropic": anthropic.events_of,
    "nova": _nova_events,
    "titan": _titan_events,
    "meta": _meta_events,
    "cohere": _cohere_events,
}
