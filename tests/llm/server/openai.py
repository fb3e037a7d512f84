"""OpenAI's chat completions, and what Azure, vLLM, OpenRouter, Mistral and others add to them.

https://platform.openai.com/docs/api-reference/chat, https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html,
https://openrouter.ai/docs/api-reference/overview, https://learn.microsoft.com/azure/ai-foundry/openai/reference,
https://docs.mistral.ai/api. A script's ``options``:

- ``reasoning``: the key for what the model thinks; Mistral's is ``thinking``, a part of the content
- ``usage``: ``last``: in the stream's last chunk with a choice, asked for or not; ``groq``: there, in a place of its own
- ``opening``: what is written before a stream's first chunk
- ``whole_calls``: a call comes in one piece, as Mistral's do
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from .script import CREATED, Call, Reply, Request, Says, Script
from .wire import event, pieces, stream, whole


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST …/chat/completions``, and FIM, which answers alike."""
    if script.body is not None:
        return whole(
            script, script.body, "text/html" if isinstance(script.body, bytes) else "application/json"
        )
    if request.body.get("stream"):
        failed = script.breaks_with
        events = [*script.options.get("opening", ()), *_events(request.body, script), event("[DONE]")]
        return stream(script, events, failed=None if failed is None else event(failed))
    choices = [_choice(script, index, says) for index, says in enumerate(script.choices)]
    usage = {} if script.usage is None else {"usage": script.usage}
    return whole(script, {**_head(script, "chat.completion"), "choices": choices, **usage, **script.extra})


def _head(script: Script, kind: str) -> dict[str, Any]:
    return {"id": script.id, "object": kind, "created": CREATED, "model": script.model}


def _choice(script: Script, index: int, says: Says) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _content(script, says)}
    if key := _reasoning_key(script, says):
        message[key] = says.reasoning
    if says.refusal:
        message["refusal"] = says.refusal
    if says.calls:
        message["tool_calls"] = [_call(call) for call in says.calls]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": says.finish, **says.extra}


def _reasoning_key(script: Script, says: Says) -> str | None:
    key: str | None = script.options.get("reasoning", "reasoning_content")
    return key if says.reasoning and key != "thinking" else None


def _content(script: Script, says: Says) -> Any:
    if says.reasoning and script.options.get("reasoning") == "thinking":
        return [_thinking(says.reasoning), {"type": "text", "text": says.text}]
    return says.text if says.text or not (says.calls or says.refusal) else None


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _call(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


# --- streamed -------------------------------------------------------------------------------------------------------


def _events(asked: Mapping[str, Any], script: Script) -> Iterator[bytes]:
    told = asked.get("stream_options") or {}
    usage = script.usage if told.get("include_usage") else None
    head = {**_head(script, "chat.completion.chunk"), **script.extra}
    chunks = list(_chunks(script))
    for number, choice in enumerate(chunks):
        more: dict[str, Any] = {}
        last = number >= len(chunks) - len(script.choices)
        if script.usage is not None and told.get("continuous_usage_stats"):
            more = {"usage": _so_far(script.usage, number)}
        elif usage is not None:
            more = {"usage": None}
        elif last and script.options.get("usage") == "last":
            more = {"usage": script.usage}
        elif last and script.options.get("usage") == "groq":
            more = {"x_groq": {"id": "req_01jd", "usage": script.usage}}
        yield event({**head, "choices": [choice], **more})
    if usage is not None:
        yield event({**head, "choices": [], "usage": usage})


def _so_far(usage: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What vLLM tells with each chunk, if it is asked to."""
    completion = min(number, usage["completion_tokens"])
    prompt = usage["prompt_tokens"]
    return {"prompt_tokens": prompt, "total_tokens": prompt + completion, "completion_tokens": completion}


def _chunks(script: Script) -> Iterator[dict[str, Any]]:
    """The deltas of all choices by turns, and then their ends."""
    by_choice = [list(_deltas(script, says)) for says in script.choices]
    for turn in zip_longest(*by_choice):
        for index, delta in enumerate(turn):
            if delta is not None:
                yield _delta(index, delta, None)
    for index, says in enumerate(script.choices):
        yield {**_delta(index, {}, says.finish), **says.extra}


def _delta(index: int, delta: Any, finish: str | None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _deltas(script: Script, says: Says) -> Iterator[dict[str, Any]]:
    nothing = None if says.calls or says.refusal else ""
    yield {"role": "assistant", "content": nothing}
    for piece in pieces(says.reasoning, script.piece):
        key = _reasoning_key(script, says)
        yield {key: piece} if key else {"content": [_thinking(piece)]}
    for piece in pieces(says.text, script.piece):
        yield {"content": piece}
    for piece in pieces(says.refusal, script.piece):
        yield {"refusal": piece}
    whole = bool(script.options.get("whole_calls"))
    by_call = [list(_call_deltas(index, call, whole=whole)) for index, call in enumerate(says.calls)]
    if says.interleaved:
        by_call = [[delta for delta in turn if delta] for turn in zip_longest(*by_call)]
    for deltas in by_call:
        for delta in deltas:
            yield {"tool_calls": [delta]}


def _call_deltas(index: int, call: Call, *, whole: bool) -> Iterator[dict[str, Any]]:
    if whole:
        yield {"index": index, **_call(call)}
        return
    yield {"index": index, **_call(Call(call.id, call.name, ""))}
    for piece in pieces(call.arguments, 7):
        yield {"index": index, "function": {"arguments": piece}}
