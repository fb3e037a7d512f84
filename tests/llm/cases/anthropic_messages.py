"""Anthropic's messages: what they say."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import anthropic_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "claude-sonnet-4-5"
ANSWERED: Final = "claude-sonnet-4-5-20250929"

ASKED: Final = [user(said.QUESTION)]
TOOLS: Final = [{"name": "weather", "input_schema": said.CITY}]
USAGE: Final = {
    "input_tokens": 25,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 15,
    "service_tier": "standard",
}
COUNTED: Final = {"input": 25, "output": 15, "total": 40}


def case(
    name: str,
    shows: str,
    *,
    asked: dict[str, Any] | None = None,
    script: Script,
    ask: Ask | None = None,
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    told: dict[str, Any] = {"model": MODEL, "max_tokens": 256, "messages": ASKED, **(asked or {})}
    defaults: dict[str, Any] = {
        "model": told["model"],
        "input": told["messages"],
        "response_id": script.id or None,
        "response_model": script.model or None,
        "stream": bool(told.get("stream")) and script.status < 400,
        "parameters": {"max_tokens": told["max_tokens"]},
    }
    return Case(
        name=name,
        shows=shows,
        client="anthropic",
        host="api.anthropic.com",
        ask=ask or client.messages(**told),
        script=script,
        expected=expect("anthropic", "chat", **{**defaults, **expected}),
    )


def script(name: str, says: Says, usage: Any = USAGE, **more: Any) -> Script:
    """Make the script of an answer."""
    return Script([says], id=f"msg_{name}", model=ANSWERED, usage=usage, **more)


def plain(name: str, shows: str, **more: Any) -> Case:
    """Make a case in which one answers as in most."""
    given = more.pop("script", {})
    return case(
        name,
        shows,
        script=script(name, Says(said.ANSWER, finish="end_turn"), **given),
        **{"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["end_turn"], **more},
    )


_CALLS: Final = [
    Call("toolu_oslo", "weather", '{"city":"Oslo"}'),
    Call("toolu_bergen", "weather", '{"city":"Bergen"}'),
]
#: As the API writes them in a stream.
_STREAMED_CALLS: Final = [
    wanted("toolu_oslo", "weather", '{"city": "Oslo"}'),
    wanted("toolu_bergen", "weather", '{"city": "Bergen"}'),
]
_READ_CALLS: Final = [
    wanted("toolu_oslo", "weather", '{"city":"Oslo"}'),
    wanted("toolu_bergen", "weather", '{"city":"Bergen"}'),
]


def _use(identity: str, city: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": "weather", "input": {"city": city}}


_AFTER_TOOLS: Final = [
    *ASKED,
    assistant(
        [{"type": "text", "text": "Let me look."}, _use("toolu_oslo", "Oslo"), _use("toolu_bergen", "Bergen")]
    ),
    user(
        [
            {"type": "tool_result", "tool_use_id": "toolu_oslo", "content": "7 °C"},
            {
                "type": "tool_result",
                "tool_use_id": "toolu_bergen",
                "content": [{"type": "text", "text": "9 °C"}],
            },
            {"type": "text", "text": "And tomorrow?"},
        ]
    ),
]
_AFTER_TOOLS_READ: Final = [
    *ASKED,
    assistant("Let me look.", tool_calls=_READ_CALLS),
    tool("toolu_oslo", "7 °C"),
    tool("toolu_bergen", "9 °C"),
    user("And tomorrow?"),
]

_PARTS: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": said.PNG_BASE64}},
    {"type": "image", "source": {"type": "url", "url": "https://images.example/cat.png"}},
    {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": said.PDF_BASE64},
    },
]
_PARTS_READ: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image", "media_type": "image/png", "data": said.PNG_BASE64},
    {"type": "image", "url": "https://images.example/cat.png"},
    {"type": "file", "media_type": "application/pdf", "data": said.PDF_BASE64},
]

_THINKING: Final = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
_THOUGHT: Final = [assistant(said.ANSWER, reasoning=said.THOUGHT)]
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="end_turn")

_CACHED: Final = {
    **USAGE,
    "input_tokens": 12,
    "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 2000,
    "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 0},
}
_CACHED_COUNTED: Final = {
    "input": 12,
    "input_cached_tokens": 2000,
    "input_cache_creation": 300,
    "output": 15,
    "total": 2327,
}
_CACHED_SYSTEM: Final = {
    "system": [{"type": "text", "text": said.BE_BRIEF, "cache_control": {"type": "ephemeral"}}]
}

_SEARCHED: Final = [
    {"type": "text", "text": "I look it up. "},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [
            {
                "type": "web_search_result",
                "title": "Weather",
                "url": "https://weather.example/oslo",
                "encrypted_content": "EqgfCioIARgBIiQ3",
                "page_age": None,
            }
        ],
    },
    {"type": "text", "text": "It rains."},
]

_OUTSIDE: Final = b'event: content_block_start_v2\ndata: {"type":"content_block_start_v2","index":9}\n\n'

CASES: Final = [
    plain("plain", "a question and its answer"),
    plain("streamed", "an answer in parts", asked={"stream": True}),
    plain(
        "streamed-async",
        "the same with the asynchronous client",
        ask=client.messages_async(model=MODEL, max_tokens=256, messages=ASKED),
        stream=True,
    ),
    plain(
        "streamed-by-the-helper",
        "the same with the client's own way to put an answer together",
        ask=client.stream(model=MODEL, max_tokens=256, messages=ASKED),
        stream=True,
    ),
    plain(
        "system-and-parameters",
        "a system prompt, which is apart from the messages, and parameters",
        asked={
            "system": said.BE_BRIEF,
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u-1"},
            "service_tier": "auto",
        },
        input=[system(said.BE_BRIEF), *ASKED],
        parameters={"max_tokens": 256, "stop_sequences": ["END"], "service_tier": "auto"},
    ),
    plain(
        "cached",
        "a system prompt in a block that is cached: tokens that are read from the cache, and written into it",
        asked=_CACHED_SYSTEM,
        input=[system(said.BE_BRIEF), *ASKED],
        script={"usage": _CACHED},
        usage=_CACHED_COUNTED,
    ),
    plain(
        "cached-streamed",
        "the same, in parts: the first event tells what went in",
        asked={**_CACHED_SYSTEM, "stream": True},
        input=[system(said.BE_BRIEF), *ASKED],
        script={"usage": _CACHED},
        usage=_CACHED_COUNTED,
    ),
    plain(
        "usage-told-again-at-the-end",
        "the last event tells all counts again; those are the ones that hold",
        asked={"stream": True},
        script={"options": {"last_usage": {"input_tokens": 31, "cache_read_input_tokens": 5}}},
        usage={"input": 31, "input_cached_tokens": 5, "output": 15, "total": 51},
    ),
    plain(
        "tools-answered",
        "a conversation with calls and what they gave",
        asked={"messages": _AFTER_TOOLS, "tools": TOOLS},
        input=_AFTER_TOOLS_READ,
    ),
    plain(
        "parts",
        "images and a document in the question",
        asked={"messages": [user(_PARTS)]},
        input=[user(_PARTS_READ)],
    ),
    case(
        "tool-use",
        "text, and then two calls",
        asked={"tools": TOOLS, "tool_choice": {"type": "auto"}},
        script=script("tool-use", Says("Let me look.", calls=_CALLS, finish="tool_use")),
        output=[assistant("Let me look.", tool_calls=_READ_CALLS)],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "tool-use-streamed",
        "two calls whose arguments come in parts",
        asked={"tools": TOOLS, "stream": True},
        script=script("tool-use-streamed", Says("Let me look.", calls=_CALLS, finish="tool_use")),
        output=[assistant("Let me look.", tool_calls=_STREAMED_CALLS)],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "tool-use-of-nothing-streamed",
        "a call without arguments, of which the stream says nothing",
        asked={"tools": TOOLS, "stream": True},
        script=script(
            "tool-use-of-nothing-streamed", Says(calls=[Call("toolu_now", "now", "{}")], finish="tool_use")
        ),
        output=[assistant(None, tool_calls=[wanted("toolu_now", "now", "{}")])],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "thinking",
        "what the model thinks is apart from what it says",
        asked=_THINKING,
        script=script("thinking", _THINKS),
        output=_THOUGHT,
        usage=COUNTED,
        finish=["end_turn"],
    ),
    case(
        "thinking-streamed",
        "the same, in parts, with a signature, and how many of the tokens were thought",
        asked={**_THINKING, "stream": True},
        script=script(
            "thinking-streamed", _THINKS, {**USAGE, "output_tokens_details": {"thinking_tokens": 9}}
        ),
        output=_THOUGHT,
        usage={"input": 25, "output": 6, "output_reasoning_tokens": 9, "total": 40},
        finish=["end_turn"],
    ),
    case(
        "thinking-redacted",
        "a block of thought that is encrypted says nothing",
        asked=_THINKING,
        script=script(
            "thinking-redacted",
            Says(finish="end_turn"),
            options={
                "blocks": [
                    {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3p"},
                    {"type": "text", "text": said.ANSWER},
                ]
            },
        ),
        output=[assistant(said.ANSWER)],
        usage=COUNTED,
        finish=["end_turn"],
    ),
    case(
        "blocks-of-other-kinds",
        "a tool that the API runs itself, between two texts",
        asked={"stream": True},
        script=script("blocks-of-other-kinds", Says(finish="end_turn"), options={"blocks": _SEARCHED}),
        output=[assistant("I look it up. It rains.")],
        usage=COUNTED,
        finish=["end_turn"],
    ),
    case(
        "refusal",
        "the model stops because it must not answer",
        asked={"stream": True},
        script=script("refusal", Says("I ", finish="refusal")),
        output=[assistant("I ")],
        usage=COUNTED,
        finish=["refusal"],
    ),
    case(
        "length",
        "the answer ends where it was told to",
        asked={"max_tokens": 3},
        script=script("length", Says("It rains in", finish="max_tokens")),
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["max_tokens"],
    ),
    case(
        "stop-sequence",
        "the answer ends before a sequence that was named",
        asked={"stop_sequences": ["7"]},
        script=script("stop-sequence", Says("It is ", finish="stop_sequence", extra={"stop_sequence": "7"})),
        parameters={"max_tokens": 256, "stop_sequences": ["7"]},
        output=[assistant("It is ")],
        usage=COUNTED,
        finish=["stop_sequence"],
    ),
    case(
        "empty",
        "the model has nothing to say: there is no block",
        script=script("empty", Says(finish="end_turn")),
        output=[assistant("")],
        usage=COUNTED,
        finish=["end_turn"],
    ),
    case(
        "empty-streamed",
        "the same, in parts",
        asked={"stream": True},
        script=script("empty-streamed", Says(finish="end_turn")),
        output=[assistant("")],
        usage=COUNTED,
        finish=["end_turn"],
    ),
    case(
        "unicode-streamed",
        "texts that are more than ASCII, in parts that end within characters",
        asked={"messages": [user(said.ODD_QUESTION)], "stream": True},
        script=script(
            "unicode-streamed",
            Says(said.ODD_ANSWER, finish="end_turn"),
            piece=2,
            changes=[wire.in_pieces_of(53)],
        ),
        output=[assistant(said.ODD_ANSWER)],
        usage=COUNTED,
        finish=["end_turn"],
    ),
    case(
        "long-streamed",
        "50 KB, in parts",
        asked={"stream": True},
        script=script("long-streamed", Says(said.LONG, finish="end_turn"), piece=1024),
        output=[assistant(said.LONG)],
        usage=COUNTED,
        finish=["end_turn"],
    ),
    plain(
        "unknown-events",
        "events that a later version may send",
        asked={"stream": True},
        script={
            "changes": [wire.insert(3, _OUTSIDE), wire.insert(5, b'event: ping\ndata: {"type": "ping"}\n\n')]
        },
        ask=None,
    ),
]
