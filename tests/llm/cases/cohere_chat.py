"""Cohere's chat of both versions, embeddings, reranking."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import cohere_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "command-a-03-2025"
EMBED: Final = "embed-v4.0"
RERANK: Final = "rerank-v3.5"

#: What is charged for is what counts; what the model's template adds is not charged for.
USAGE: Final = {
    "billed_units": {"input_tokens": 9, "output_tokens": 12},
    "tokens": {"input_tokens": 504, "output_tokens": 14},
}
COUNTED: Final = {"input": 9, "output": 12, "total": 21}
ASKED: Final = [user(said.QUESTION)]
TOOLS: Final = [{"type": "function", "function": {"name": "weather", "parameters": said.CITY}}]


def case(  # noqa: PLR0913 - what its cases differ in
    name: str,
    shows: str,
    ask: Ask,
    script: Script,
    *,
    operation: str = "chat",
    model: str = MODEL,
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    defaults: dict[str, Any] = {"input": ASKED, "response_id": script.id or None}
    return Case(
        name=name,
        shows=shows,
        client="cohere",
        host="api.cohere.com",
        ask=ask,
        script=script,
        expected=expect("cohere", operation, model, **{**defaults, **expected}),
    )


def chat(**asked: Any) -> Ask:
    """Ask for an answer in one piece."""
    return client.chat(**{"model": MODEL, "messages": ASKED, **asked})


def stream(**asked: Any) -> Ask:
    """Ask for an answer in parts."""
    return client.chat_stream(**{"model": MODEL, "messages": ASKED, **asked})


def script(name: str, says: Says, usage: Any = USAGE, **more: Any) -> Script:
    """Make the script of an answer."""
    return Script([says], id=f"cohere-{name}", usage=usage, **more)


_SAYS: Final = Says(said.ANSWER, finish="COMPLETE")
_PLAIN: Final[dict[str, Any]] = {"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["COMPLETE"]}
_CALLS: Final = [
    Call("weather_oslo", "weather", '{"city":"Oslo"}'),
    Call("weather_bergen", "weather", '{"city":"Bergen"}'),
]
_WANTED: Final = [
    wanted("weather_oslo", "weather", '{"city":"Oslo"}'),
    wanted("weather_bergen", "weather", '{"city":"Bergen"}'),
]
_PLAN: Final = "I will look up both cities."
_CALLED: Final[dict[str, Any]] = {
    "output": [assistant(None, reasoning=_PLAN, tool_calls=_WANTED)],
    "usage": COUNTED,
    "finish": ["TOOL_CALL"],
}
_CALLING: Final = Says(reasoning=_PLAN, calls=_CALLS, finish="TOOL_CALL")
_AFTER_TOOLS: Final = [
    *ASKED,
    {"role": "assistant", "tool_plan": _PLAN, "tool_calls": _WANTED},
    tool("weather_oslo", "7 °C"),
    tool("weather_bergen", [{"type": "text", "text": "9 °C"}]),
    user("And tomorrow?"),
]
_PARAMETERS: Final = {
    "temperature": 0.25,
    "p": 0.5,
    "k": 20,
    "max_tokens": 64,
    "seed": 7,
    "stop_sequences": ["END"],
}
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="COMPLETE")
_THOUGHT: Final = {**_PLAIN, "output": [assistant(said.ANSWER, reasoning=said.THOUGHT)]}
_PARTS: Final = [
    {"type": "text", "text": "What is in this?"},
    {"type": "image_url", "image_url": {"url": said.PNG_URL}},
]
_PARTS_READ: Final = [{"type": "text", "text": "What is in this?"}, {"type": "image", "url": said.PNG_URL}]
_CITED: Final = {
    "citations": [
        {"start": 0, "end": 8, "text": "It rains", "sources": [{"type": "document", "id": "doc:0"}]}
    ]
}
_CITES: Final = wire.event(
    {"type": "citation-start", "index": 0, "delta": {"message": {"citations": _CITED["citations"][0]}}},
    "citation-start",
)
_CITED_ALL: Final = wire.event({"type": "citation-end", "index": 0}, "citation-end")

_V2: Final = [
    case("plain", "a question and its answer", chat(), script("plain", _SAYS), **_PLAIN),
    case("streamed", "an answer in parts", stream(), script("streamed", _SAYS), stream=True, **_PLAIN),
    case(
        "system-and-parameters",
        "a system prompt and parameters",
        chat(messages=[system(said.BE_BRIEF), *ASKED], **_PARAMETERS),
        script("system-and-parameters", _SAYS),
        input=[system(said.BE_BRIEF), *ASKED],
        parameters=_PARAMETERS,
        **_PLAIN,
    ),
    case(
        "tool-calls",
        "what the model plans, and two calls",
        chat(tools=TOOLS),
        script("tool-calls", _CALLING, options={"plan": True}),
        **_CALLED,
    ),
    case(
        "tool-calls-streamed",
        "the same, in parts",
        stream(tools=TOOLS),
        script("tool-calls-streamed", _CALLING, options={"plan": True}),
        stream=True,
        **_CALLED,
    ),
    case(
        "tools-answered",
        "a conversation with calls and what they gave",
        chat(messages=_AFTER_TOOLS, tools=TOOLS),
        script("tools-answered", _SAYS),
        input=[
            *ASKED,
            assistant(None, reasoning=_PLAN, tool_calls=_WANTED),
            tool("weather_oslo", "7 °C"),
            tool("weather_bergen", "9 °C"),
            user("And tomorrow?"),
        ],
        **_PLAIN,
    ),
    case(
        "thinking",
        "what the model thinks is apart from what it says",
        chat(),
        script("thinking", _THINKS),
        **_THOUGHT,
    ),
    case(
        "thinking-streamed",
        "the same, in parts",
        stream(),
        script("thinking-streamed", _THINKS),
        stream=True,
        **_THOUGHT,
    ),
    case(
        "parts",
        "an image in the question",
        chat(messages=[user(_PARTS)]),
        script("parts", _SAYS),
        input=[user(_PARTS_READ)],
        **_PLAIN,
    ),
    case(
        "citations",
        "what the answer rests on is no part of it",
        chat(documents=["It rains in Oslo."]),
        script("citations", Says(said.ANSWER, finish="COMPLETE", extra=_CITED)),
        **_PLAIN,
    ),
    case(
        "citations-streamed",
        "the same, in events among those of the answer",
        stream(documents=["It rains in Oslo."]),
        script("citations-streamed", _SAYS, changes=[wire.insert(4, _CITES), wire.insert(5, _CITED_ALL)]),
        stream=True,
        **_PLAIN,
    ),
    case(
        "structured",
        "the answer is JSON",
        chat(response_format={"type": "json_object", "schema": said.CITY}),
        script("structured", Says('{"city":"Oslo"}', finish="COMPLETE")),
        **{**_PLAIN, "output": [assistant('{"city":"Oslo"}')]},
    ),
    case(
        "length-streamed",
        "the answer ends where it was told to",
        stream(max_tokens=3),
        script("length-streamed", Says("It rains in", finish="MAX_TOKENS")),
        stream=True,
        parameters={"max_tokens": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["MAX_TOKENS"],
    ),
    case(
        "stop-sequence",
        "the answer ends before a sequence that was named",
        chat(stop_sequences=["7"]),
        script("stop-sequence", Says("It is ", finish="STOP_SEQUENCE")),
        parameters={"stop_sequences": ["7"]},
        output=[assistant("It is ")],
        usage=COUNTED,
        finish=["STOP_SEQUENCE"],
    ),
    case(
        "empty-streamed",
        "the model says nothing",
        stream(),
        script("empty-streamed", Says(finish="COMPLETE")),
        stream=True,
        **{**_PLAIN, "output": [assistant("")]},
    ),
    case(
        "unicode-streamed",
        "texts that are more than ASCII, in parts that end within characters",
        stream(messages=[user(said.ODD_QUESTION)]),
        script(
            "unicode-streamed",
            Says(said.ODD_ANSWER, finish="COMPLETE"),
            piece=2,
            changes=[wire.in_pieces_of(61)],
        ),
        stream=True,
        input=[user(said.ODD_QUESTION)],
        **{**_PLAIN, "output": [assistant(said.ODD_ANSWER)]},
    ),
]

_HISTORY: Final = [{"role": "USER", "message": "Hello"}, {"role": "CHATBOT", "message": "Hi!"}]
_V1_ASKED: Final = {
    "model": MODEL,
    "message": said.QUESTION,
    "preamble": said.BE_BRIEF,
    "chat_history": _HISTORY,
    "temperature": 0.25,
}
_V1_PLAIN: Final[dict[str, Any]] = {
    **_PLAIN,
    "input": [system(said.BE_BRIEF), user("Hello"), assistant("Hi!"), user(said.QUESTION)],
    "parameters": {"temperature": 0.25},
}
_V1_CALLED: Final[dict[str, Any]] = {
    "output": [
        assistant(
            _PLAN,
            tool_calls=[
                wanted(None, "weather", '{"city":"Oslo"}'),
                wanted(None, "weather", '{"city":"Bergen"}'),
            ],
        )
    ],
    "usage": COUNTED,
    "finish": ["COMPLETE"],
}
_V1_TOOLS: Final = [
    {
        "name": "weather",
        "description": "Tells the weather",
        "parameter_definitions": {"city": {"type": "str", "required": True}},
    }
]
_V1_CALLING: Final = Says(_PLAN, calls=_CALLS, finish="COMPLETE")

_V1: Final = [
    case(
        "v1",
        "a question with a history and its answer",
        client.chat_v1(**_V1_ASKED),
        script("v1", _SAYS),
        **_V1_PLAIN,
    ),
    case(
        "v1-streamed",
        "an answer in lines of JSON; the last has all of it again",
        client.chat_stream_v1(**_V1_ASKED),
        script("v1-streamed", _SAYS),
        stream=True,
        **_V1_PLAIN,
    ),
    case(
        "v1-tool-calls",
        "two calls, which have no ids",
        client.chat_v1(model=MODEL, message=said.QUESTION, tools=_V1_TOOLS),
        script("v1-tool-calls", _V1_CALLING),
        **_V1_CALLED,
    ),
    case(
        "v1-tool-calls-streamed",
        "the same, in lines",
        client.chat_stream_v1(model=MODEL, message=said.QUESTION, tools=_V1_TOOLS),
        script("v1-tool-calls-streamed", _V1_CALLING),
        stream=True,
        **_V1_CALLED,
    ),
]

_TEXTS: Final = [said.QUESTION, said.ODD_QUESTION]
_RANKED: Final = [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.25}]


def _meta(**units: int) -> dict[str, Any]:
    return {"meta": {"api_version": {"version": "2"}, "billed_units": units}}


_OTHER: Final = [
    case(
        "embed",
        "two texts become vectors",
        client.other(
            "embed", model=EMBED, texts=_TEXTS, input_type="search_query", embedding_types=["float"]
        ),
        Script(
            id="embed-1",
            body={
                "id": "embed-1",
                "embeddings": {"float": [[0.25, -0.5], [0.5, 0.125]]},
                "texts": _TEXTS,
                **_meta(input_tokens=14),
            },
        ),
        operation="embeddings",
        model=EMBED,
        input=[user(text) for text in _TEXTS],
        parameters={"input_type": "search_query", "embedding_types": ["float"]},
        usage={"input": 14, "total": 14},
    ),
    case(
        "v1-embed",
        "the same by version 1",
        client.other(
            "embed", version=1, model="embed-english-v3.0", texts=["Hello"], input_type="search_query"
        ),
        Script(
            id="embed-2",
            body={
                "id": "embed-2",
                "embeddings": [[0.25, -0.5]],
                "texts": ["Hello"],
                "response_type": "embeddings_floats",
                **_meta(input_tokens=2),
            },
        ),
        operation="embeddings",
        model="embed-english-v3.0",
        input=[user("Hello")],
        parameters={"input_type": "search_query"},
        usage={"input": 2, "total": 2},
    ),
    case(
        "rerank",
        "documents are put into the order of a question; that is paid for by the search, not by tokens",
        client.other(
            "rerank", model=RERANK, query=said.QUESTION, documents=["It snows.", "It rains."], top_n=2
        ),
        Script(id="rerank-1", body={"id": "rerank-1", "results": _RANKED, **_meta(search_units=1)}),
        operation="rerank",
        model=RERANK,
        parameters={"top_n": 2},
        input=[user(said.QUESTION), user("It snows."), user("It rains.")],
    ),
    case(
        "v1-rerank",
        "the same by version 1, whose documents may be objects",
        client.other(
            "rerank",
            version=1,
            model=RERANK,
            query=said.QUESTION,
            documents=[{"text": "It snows."}, {"text": "It rains."}],
        ),
        Script(id="rerank-2", body={"id": "rerank-2", "results": _RANKED, **_meta(search_units=1)}),
        operation="rerank",
        model=RERANK,
        input=[user(said.QUESTION), user("It snows."), user("It rains.")],
    ),
]

CASES: Final = [*_V2, *_V1, *_OTHER]
