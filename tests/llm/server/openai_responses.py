"""OpenAI's responses: https://platform.openai.com/docs/api-reference/responses and …/responses-streaming.

A choice's ``finish`` is the response's status; ``options["incomplete"]`` says why it is incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .script import CREATED, Reply, Request, Says, Script
from .wire import event, pieces, stream, whole

Item = dict[str, Any]


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST …/responses``."""
    if script.body is not None:
        return whole(script, script.body)
    if request.body.get("stream"):
        failed = script.breaks_with
        return stream(
            script,
            [event(told, told["type"]) for told in _numbered(request.body, script)],
            failed=None if failed is None else event(failed, failed["type"]),
        )
    return whole(script, _response(request.body, script, _status(script), _items(script.choices[0])))


def _status(script: Script) -> str:
    return script.choices[0].finish or "completed"


def _response(asked: dict[str, Any], script: Script, status: str, output: list[Item]) -> Item:
    reason = script.options.get("incomplete")
    ended = status != "in_progress"
    return {
        "id": script.id,
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "error": script.options.get("error") if status == "failed" else None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "model": script.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": asked.get("temperature", 1.0),
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": asked.get("tools", []),
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": script.usage if ended else None,
        "user": None,
        "metadata": {},
        **script.extra,
    }


def _items(says: Says) -> list[Item]:
    items: list[Item] = []
    if says.reasoning:
        summary = [{"type": "summary_text", "text": says.reasoning}]
        items.append({"id": "rs_1", "type": "reasoning", "summary": summary})
    if says.text or says.refusal or not says.calls:
        items.append(_message([_part(says)], "completed"))
    items += [_function_call(index, says, "completed") for index in range(len(says.calls))]
    return items


def _message(content: list[Item], status: str) -> Item:
    return {"id": "msg_1", "type": "message", "status": status, "content": content, "role": "assistant"}


def _part(says: Says, *, begun: bool = False) -> Item:
    if says.refusal:
        return {"type": "refusal", "refusal": "" if begun else says.refusal}
    text = "" if begun else says.text
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _function_call(index: int, says: Says, status: str) -> Item:
    call = says.calls[index]
    return {
        "id": f"fc_{index + 1}",
        "type": "function_call",
        "status": status,
        "arguments": call.arguments if status == "completed" else "",
        "call_id": call.id,
        "name": call.name,
    }


# --- streamed -------------------------------------------------------------------------------------------------------


def _numbered(asked: dict[str, Any], script: Script) -> Iterator[Item]:
    for number, told in enumerate(_events(asked, script)):
        yield {"type": told["type"], "sequence_number": number, **told}


def _events(asked: dict[str, Any], script: Script) -> Iterator[Item]:
    says = script.choices[0]
    for name in ("created", "in_progress"):
        yield {"type": f"response.{name}", "response": _response(asked, script, "in_progress", [])}
    items = _items(says)
    for index, item in enumerate(items):
        yield from _item_events(script, says, index, item)
    status = _status(script)
    yield {"type": f"response.{status}", "response": _response(asked, script, status, items)}


def _item_events(script: Script, says: Says, index: int, item: Item) -> Iterator[Item]:
    at = {"item_id": item["id"], "output_index": index}
    kind = item["type"]
    if kind == "reasoning":
        begun: Item = {**item, "summary": []}
        told = _summary_events(script, says, at)
    elif kind == "message":
        begun = _message([], "in_progress")
        told = _message_events(script, says, at)
    else:
        number = int(item["id"].removeprefix("fc_")) - 1
        begun = _function_call(number, says, "in_progress")
        told = _call_events(item, at)
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    yield from told
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _summary_events(script: Script, says: Says, at: Item) -> Iterator[Item]:
    at = {**at, "summary_index": 0}
    name = "response.reasoning_summary"
    part = {"type": "summary_text", "text": says.reasoning}
    yield {"type": f"{name}_part.added", **at, "part": {**part, "text": ""}}
    for piece in pieces(says.reasoning, script.piece):
        yield {"type": f"{name}_text.delta", **at, "delta": piece}
    yield {"type": f"{name}_text.done", **at, "text": says.reasoning}
    yield {"type": f"{name}_part.done", **at, "part": part}


def _message_events(script: Script, says: Says, at: Item) -> Iterator[Item]:
    at = {**at, "content_index": 0}
    name, key = ("refusal", "refusal") if says.refusal else ("output_text", "text")
    more: Item = {} if says.refusal else {"logprobs": []}
    yield {"type": "response.content_part.added", **at, "part": _part(says, begun=True)}
    for piece in pieces(says.refusal or says.text, script.piece):
        yield {"type": f"response.{name}.delta", **at, "delta": piece, **more}
    yield {"type": f"response.{name}.done", **at, key: says.refusal or says.text, **more}
    yield {"type": "response.content_part.done", **at, "part": _part(says)}


def _call_events(item: Item, at: Item) -> Iterator[Item]:
    name = "response.function_call_arguments"
    for piece in pieces(item["arguments"], 7):
        yield {"type": f"{name}.delta", **at, "delta": piece}
    yield {"type": f"{name}.done", **at, "arguments": item["arguments"], "name": item["name"]}
