"""OpenAI's chat completions: how they may come, how they end, what goes wrong."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import http
from tests.llm.clients import openai_ as client
from tests.llm.server import wire
from tests.llm.server.script import Change, Says, Script

from . import said
from .case import Case, assistant
from .openai_chat import ASKED, COUNTED, MODEL, WITH_USAGE, case, script

_SAYS: Final = Says(said.ANSWER, finish="stop")
_ANSWERED: Final[dict[str, Any]] = {"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["stop"]}
_GZIP: Final = [("content-encoding", "gzip")]

#: What a later version may send.
_LATER: Final = b'data: {"id":"chatcmpl-x","object":"chat.completion.trace","steps":[{"name":"plan"}]}\n\n'
_EXTRA: Final = {"new_field": {"a": [1, 2, {"b": None}]}, "service_tier": "flex"}


def _odd(name: str, shows: str, *changes: Change, **more: Any) -> Case:
    """A stream that is written in another way, and says the same."""
    made = script(name, _SAYS, changes=changes, **more)
    return case(name, shows, asked=WITH_USAGE, script=made, **_ANSWERED)


_ODD: Final = [
    _odd("sse-crlf", "lines end as Windows ends them", wire.crlf),
    _odd("sse-without-blanks", "there is no blank behind a field's colon", wire.without_blanks),
    _odd(
        "sse-with-comments",
        "comments keep the connection alive, before and between events",
        wire.with_comments,
    ),
    _odd("sse-over-lines", "an event's JSON has many lines, and so the event many fields", wire.over_lines),
    _odd(
        "sse-in-odd-chunks",
        "chunks end anywhere, also within a line's end",
        wire.crlf,
        wire.in_pieces_of(7),
    ),
    _odd("sse-at-once", "all events come in one chunk", wire.joined),
    _odd(
        "sse-with-events-of-later-versions",
        "an event of no known kind, and fields of no known name",
        wire.insert(3, _LATER),
        extra=_EXTRA,
    ),
    _odd(
        "sse-with-named-events",
        "fields beside the data: names, ids, times to wait",
        lambda chunks: [b"id: 7\nevent: message\nretry: 3000\n" + chunk for chunk in chunks],
    ),
    _odd("sse-gzip", "a stream that is packed", headers=_GZIP),
    case(
        "sse-bom",
        "the stream begins with a byte order mark, as a reader of events must take",
        ask=http.request(
            "POST", "/v1/chat/completions", json={"model": MODEL, "messages": ASKED, **WITH_USAGE}
        ),
        asked=WITH_USAGE,
        script=script("sse-bom", _SAYS, changes=[wire.with_bom]),
        **_ANSWERED,
    ),
    case(
        "json-gzip", "an answer that is packed", script=script("json-gzip", _SAYS, headers=_GZIP), **_ANSWERED
    ),
    case(
        "json-deflate",
        "an answer that is packed in another way",
        script=script("json-deflate", _SAYS, headers=[("content-encoding", "deflate")]),
        **_ANSWERED,
    ),
    case(
        "json-indented",
        "an answer that is written for people, in chunks that end anywhere",
        script=script("json-indented", _SAYS, changes=[wire.indented, wire.in_pieces_of(100)]),
        **_ANSWERED,
    ),
]

_BROKEN: Final[dict[str, Any]] = {"output": [assistant("It rains in")], "partial": True}

_ENDS: Final = [
    case(
        "broken-off",
        "the response ends before the answer does",
        asked=WITH_USAGE,
        script=script("broken-off", _SAYS, breaks_after=4),
        **_BROKEN,
    ),
    case(
        "cut",
        "the connection is cut",
        asked=WITH_USAGE,
        script=script("cut", _SAYS, breaks_after=4, cut=True),
        **_BROKEN,
    ),
    case(
        "cut-within-an-event",
        "the connection is cut in the middle of an event",
        asked=WITH_USAGE,
        script=script(
            "cut-within-an-event",
            _SAYS,
            breaks_after=5,
            cut=True,
            changes=[lambda chunks: [*chunks[:4], chunks[4][:-20]]],
        ),
        **_BROKEN,
    ),
    case(
        "error-in-the-stream",
        "the model fails when it has begun",
        asked=WITH_USAGE,
        script=script(
            "error-in-the-stream",
            _SAYS,
            breaks_after=4,
            breaks_with={
                "error": {
                    "message": "The server had an error while processing your request.",
                    "type": "server_error",
                    "param": None,
                    "code": None,
                }
            },
        ),
        **_BROKEN,
        failed=("server_error", "server_error", "The server had an error while processing your request."),
    ),
    case(
        "client-leaves",
        "the client has heard enough",
        asked=WITH_USAGE,
        ask=client.chat(model=MODEL, messages=ASKED, leaves_after=4, **WITH_USAGE),
        script=script("client-leaves", _SAYS, breaks_after=4, stays_open=True),
        **_BROKEN,
    ),
    case(
        "client-leaves-after-the-end",
        "the client goes after the end marker, though the response has not ended: that is all of it",
        asked=WITH_USAGE,
        script=script("client-leaves-after-the-end", _SAYS, stays_open=True),
        **_ANSWERED,
    ),
]


def failed(
    name: str,
    shows: str,
    status: int,
    error: dict[str, Any],
    kind: str,
    *headers: tuple[str, str],
    **more: Any,
) -> Case:
    """Make a case of an answer that is an error; its type is its code, or what it calls its type."""
    made = Script(status=status, headers=headers, body={"error": {"param": None, **error}})
    type_ = error["code"] or error["type"]
    return case(name, shows, script=made, failed=(kind, type_, error["message"]), **more)


def _error(message: str, type_: str, code: str | None = None) -> dict[str, Any]:
    return {"message": message, "type": type_, "code": code}


_LIMIT: Final = (
    "Rate limit reached for gpt-4o-mini in organization org-x on requests per min (RPM): Limit 3, Used 3."
)
_QUOTA: Final = "You exceeded your current quota, please check your plan and billing details."
_LONG: Final = (
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130011 tokens."
)
_INVALID: Final = "Unsupported value: 'temperature' must be at most 2."

_ERRORS: Final = [
    failed(
        "error-rate-limit",
        "too many requests, with the time to wait",
        429,
        _error(_LIMIT, "requests", "rate_limit_exceeded"),
        "rate_limit",
        ("retry-after", "20"),
        ("x-ratelimit-reset-requests", "20s"),
    ),
    failed(
        "error-quota",
        "no money is left",
        429,
        _error(_QUOTA, "insufficient_quota", "insufficient_quota"),
        "quota",
    ),
    failed(
        "error-context-length",
        "the question is too long",
        400,
        _error(_LONG, "invalid_request_error", "context_length_exceeded"),
        "context_length",
    ),
    failed(
        "error-authentication",
        "the key is wrong",
        401,
        _error("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
        "authentication",
    ),
    failed(
        "error-permission",
        "the key may not do that",
        403,
        _error("You are not allowed to sample from this model.", "invalid_request_error"),
        "permission",
    ),
    failed(
        "error-not-found",
        "there is no such model",
        404,
        _error("The model `gpt-9` does not exist.", "invalid_request_error", "model_not_found"),
        "not_found",
    ),
    failed(
        "error-invalid",
        "a parameter is wrong",
        400,
        _error(_INVALID, "invalid_request_error"),
        "invalid_request",
    ),
    failed(
        "error-content-filter",
        "the question is not let through",
        400,
        _error(
            "Your request was rejected by our safety system.",
            "invalid_request_error",
            "content_policy_violation",
        ),
        "content_filter",
    ),
    failed(
        "error-server",
        "the server failed",
        500,
        _error("The server had an error.", "server_error"),
        "server_error",
    ),
    failed(
        "error-overloaded",
        "there are too many to serve",
        503,
        _error("The engine is currently overloaded, please try again later.", "server_error"),
        "overloaded",
    ),
    failed(
        "error-timeout", "it took too long", 408, _error("Request timed out.", "timeout_error"), "timeout"
    ),
    case(
        "error-of-a-gateway",
        "what lies between answers, and not in JSON",
        script=Script(
            status=504,
            body=b"<html><head><title>504 Gateway Time-out</title></head></html>\n",
        ),
        failed=("timeout", None, None),
    ),
]

CASES: Final = [*_ODD, *_ENDS, *_ERRORS]
