"""What is sent: a request to an app, what the app tells of it, and a judgement; as the event's JSON.

The request is the root of a trace; beneath it are a call of a model, and a tool that failed. The judgement is of the
call.
"""

from __future__ import annotations

import json
from typing import Any, Final

Event = dict[str, Any]

ROOT_SPAN: Final = "00f067aa0ba902b7"
GENERATION_SPAN: Final = "00f067aa0ba902b8"
TOOL_SPAN: Final = "00f067aa0ba902b9"

#: When the request came, in nanoseconds since 1970, and as text but for what follows the seconds.
START: Final = 1_767_323_045_123_456_789
_SECOND: Final = "2026-01-02T03:04:05"

ASKED_SPAN: Final = "00f067aa0ba902bb"

#: What the official client of OpenAI would send, and hear.
ASKED: Final = {
    "model": "gpt-4o",
    "temperature": 0.5,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Does it rain in Oslo?"},
    ],
}
_CALL: Final = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
}
ANSWERED: Final = {
    "id": "chatcmpl-2",
    "object": "chat.completion",
    "created": 1_767_323_045,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": None, "tool_calls": [_CALL]},
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {
        "prompt_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 10},
        "completion_tokens": 5,
        "total_tokens": 55,
    },
}

QUESTION: Final = '{"question":"hi"}'
ANSWER: Final = '{"answer":"hello"}'
MESSAGES: Final = '[{"role":"user","content":"hi"}]'
METADATA: Final = '{"tier":"gold","attempt":2}'


def told(trace: str) -> list[Event]:
    """Return all of it, in this trace."""
    return [_request(trace), _generation(trace), _tool(trace), _score(trace)]


def _request(trace: str) -> Event:
    headers = [["content-type", "application/json"]]
    return {
        **_common(trace, "a", ROOT_SPAN, after=0, lasts=41_000_000),
        "kind": "exchange",
        "source": "asgi",
        "first_byte_ns": 1_200_000,
        "outcome": "completed",
        "method": "POST",
        "scheme": "http",
        "host": "api.example:8080",
        "path": "/v1/chat/completions",
        "query": "a=1",
        "route": "/v1/chat/{what}",
        "client": "10.0.0.7",
        "http_version": "1.1",
        "status": 200,
        "request": {"headers": headers, "chunks": 1, "body": _body(QUESTION)},
        "response": {"headers": headers, "chunks": 1, "body": _body(ANSWER)},
    }


def _generation(trace: str) -> Event:
    return {
        **_common(trace, "b", GENERATION_SPAN, after=1_000_000, lasts=30_000_000),
        **_span("generation", "answer"),
        "input": _body(MESSAGES),
        "output": _body("hello"),
        "metadata": _body(METADATA),
        "llm": {
            "system": "openai",
            "operation": "chat",
            "request_model": "gpt-4o",
            "response_model": "gpt-4o-2024-08-06",
            "response_id": "chatcmpl-1",
            "stream": True,
            "parameters": {"temperature": 0.5, "max_tokens": 64},
            "input": None,
            "output": None,
            "usage": {"input": 40, "input_cached_tokens": 10, "output": 5, "total": 55},
            "cost": {"input": 0.25, "output": 0.5, "total": 0.75},
            "estimated": False,
            "first_token_ns": 3_000_000,
            "finish_reasons": ["stop"],
            "partial": False,
            "error_kind": None,
        },
    }


def asked(trace: str) -> Event:
    """Return a call of a model that the app made, by its traffic alone; what it was is for the exporter to read."""
    headers = [["content-type", "application/json"]]
    return {
        **_common(trace, "e", ASKED_SPAN, after=0, lasts=31_000_000),
        "kind": "exchange",
        "source": "httpx",
        "first_byte_ns": 30_000_000,
        "outcome": "completed",
        "method": "POST",
        "scheme": "https",
        "host": "api.openai.com",
        "path": "/v1/chat/completions",
        "http_version": "1.1",
        "status": 200,
        "request": {"headers": headers, "chunks": 1, "body": _body(json.dumps(ASKED))},
        "response": {"headers": headers, "chunks": 1, "body": _body(json.dumps(ANSWERED))},
    }


def _tool(trace: str) -> Event:
    return {
        **_common(trace, "c", TOOL_SPAN, after=2_000_000, lasts=1_000_000),
        **_span("tool", "look up"),
        "level": "ERROR",
        "status_message": "not found",
        "error": {"type": "KeyError", "message": "'x'"},
        "input": _body("plain"),
    }


def _score(trace: str) -> Event:
    return {
        **_common(trace, "d", "00f067aa0ba902ba", after=3_000_000, lasts=0),
        "kind": "score",
        "parent_span_id": GENERATION_SPAN,
        "name": "correct",
        "value": 0.5,
        "data_type": "NUMERIC",
        "comment": "so so",
    }


def _common(trace: str, digit: str, span: str, after: int, lasts: int) -> Event:
    return {
        "schema": 1,
        # One in each trace: it is what a judgement is stored under.
        "id": trace[:-1] + digit,
        "trace_id": trace,
        "span_id": span,
        "service": "chat-api",
        "environment": "test",
        "release": "2026.11.1",
        "start_time": f"{_SECOND}.{START % 1_000_000_000 + after:09d}Z",
        "duration_ns": lasts,
        "user_id": "alice",
        "session_id": "s-1",
        "tags": ["a", "b"],
    }


def _span(kind: str, name: str) -> Event:
    return {
        "kind": kind,
        "source": "sdk",
        "parent_span_id": ROOT_SPAN,
        "name": name,
        "trace_name": "chat",
        "is_app_root": False,
        "level": "DEFAULT",
        "version": "v7",
    }


def _body(text: str) -> Event:
    size = len(text.encode())
    return {"size": size, "kept": size, "head": text, "tail": "", "encoding": "utf-8"}


def lines(events: list[Event]) -> str:
    """Return them as a program reads them."""
    return "".join(json.dumps(event) + "\n" for event in events)
