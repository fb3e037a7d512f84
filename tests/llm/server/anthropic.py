"""Anthropic's messages: https://docs.anthropic.com/en/api/messages and …/messages-streaming.

A choice is a turn of text, thinking and tools; ``options["blocks"]`` gives its blocks of content where their order is
another. ``options["pings"]``: before which events, by number, a ping comes; the API sends one after the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .script import Reply, Request, Script
from .wire import event, pieces, stream, whole

Block = dict[str, Any]


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST …/messages``."""
    if script.body is not None:
        return whole(script, script.body)
    if request.body.get("stream"):
        failed = script.breaks_with
        events = [event(told, told["type"]) for told in events_of(script)]
        return stream(script, events, failed=None if failed is None else event(failed, "error"))
    return whole(script, message_of(script))


def message_of(script: Script) -> dict[str, Any]:
    """Return the whole answer."""
    ended = script.choices[0]
    blocks = _blocks(script)
    return {**_message(script, blocks, script.usage), **_stop(ended.finish, ended.extra), **script.extra}


def _message(script: Script, blocks: list[Block], usage: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "id": script.id,
        "type": "message",
        "role": "assistant",
        "model": script.model,
        "content": blocks,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def _stop(reason: str | None, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {"stop_reason": reason, "stop_sequence": None, **extra}


def _blocks(script: Script) -> list[Block]:
    if "blocks" in script.options:
        blocks: list[Block] = script.options["blocks"]
        return blocks
    says = script.choices[0]
    made: list[Block] = []
    if says.reasoning:
        made.append(
            {"type": "thinking", "thinking": says.reasoning, "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}
        )
    if says.text:
        made.append({"type": "text", "text": says.text})
    for call in says.calls:
        made.append(
            {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
        )
    return made


# --- streamed -------------------------------------------------------------------------------------------------------


def events_of(script: Script) -> Iterator[dict[str, Any]]:
    """Return the events of a stream."""
    usage = dict(script.usage or {})
    output = usage.pop("output_tokens", 0)
    details = usage.pop("output_tokens_details", None)
    yield {"type": "message_start", "message": _message(script, [], {**usage, "output_tokens": 1})}
    for index, block in enumerate(_blocks(script)):
        yield from _block_events(script, index, block)
    ended = script.choices[0]
    more = {} if details is None else {"output_tokens_details": details}
    told = {"output_tokens": output, **more, **script.options.get("last_usage", {})}
    yield {"type": "message_delta", "delta": _stop(ended.finish, ended.extra), "usage": told}
    yield {"type": "message_stop"}


def _block_events(script: Script, index: int, block: Block) -> Iterator[dict[str, Any]]:
    kind = block["type"]
    deltas: list[dict[str, Any]] = []
    if kind == "text":
        begun: Block = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"], script.piece)]
    elif kind == "thinking":
        begun = {"type": "thinking", "thinking": "", "signature": ""}
        thought = pieces(block["thinking"], script.piece)
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in thought]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif kind == "tool_use":
        begun = {**block, "input": {}}
        written = json.dumps(block["input"], ensure_ascii=False) if block["input"] else ""
        deltas = [{"type": "input_json_delta", "partial_json": each} for each in ("", *pieces(written, 9))]
    else:
        begun = block
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    if index == 0:
        yield {"type": "ping"}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}
