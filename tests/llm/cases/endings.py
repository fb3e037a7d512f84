"""How answers of the other families end: broken off, cut, with an error in the stream, with the client gone."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import anthropic_ as anthropic
from tests.llm.clients import cohere_ as cohere
from tests.llm.server.script import Call, Says, Script

from . import (
    anthropic_messages,
    bedrock_converse,
    cohere_chat,
    gemini_generate,
    mistral_chat,
    ollama_chat,
    said,
)
from .case import Case, assistant, wanted

#: What had come.
_SO_FAR: Final[dict[str, Any]] = {"output": [assistant("It rains in")], "partial": True}

# --- Anthropic ------------------------------------------------------------------------------------------------------

_CLAUDE_SAYS: Final = Says(said.ANSWER, finish="end_turn")
#: The first event tells what went in, and a count of what came out that is no more than a beginning.
_CLAUDE: Final[dict[str, Any]] = {**_SO_FAR, "unsure": ["usage"]}
_OVERLOADED: Final = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def _claude(
    name: str, shows: str, *, ask: Any = None, says: Says = _CLAUDE_SAYS, script: Any = None, **more: Any
) -> Case:
    made = anthropic_messages.script(name, says, **(script or {}))
    return anthropic_messages.case(name, shows, asked={"stream": True}, ask=ask, script=made, **more)


ANTHROPIC: Final = [
    _claude("broken-off", "the stream ends before the message does", script={"breaks_after": 6}, **_CLAUDE),
    _claude("cut", "the connection is cut", script={"breaks_after": 6, "cut": True}, **_CLAUDE),
    _claude(
        "error-in-the-stream",
        "an event says that there are too many to serve",
        script={"breaks_after": 6, "breaks_with": _OVERLOADED},
        failed=("overloaded", "overloaded_error", "Overloaded"),
        **_CLAUDE,
    ),
    _claude(
        "cut-within-a-call",
        "the arguments of a call have come in part, and are kept as they are",
        says=Says(calls=[Call("toolu_oslo", "weather", '{"city":"Oslo"}')], finish="tool_use"),
        script={"breaks_after": 5},
        output=[assistant(None, tool_calls=[wanted("toolu_oslo", "weather", '{"city": ')])],
        partial=True,
        unsure=["usage"],
    ),
    _claude(
        "client-leaves-after-the-end",
        "the client goes when the message has ended, though the response has not: that is all of it",
        ask=anthropic.messages(
            leaves=True,
            model=anthropic_messages.MODEL,
            max_tokens=256,
            messages=anthropic_messages.ASKED,
            stream=True,
        ),
        script={"stays_open": True},
        output=[assistant(said.ANSWER)],
        usage=anthropic_messages.COUNTED,
        finish=["end_turn"],
    ),
]

# --- Gemini ---------------------------------------------------------------------------------------------------------

_GEMINI_SAYS: Final = Says(said.ANSWER, finish="STOP")
_UNAVAILABLE: Final = {
    "error": {
        "code": 503,
        "message": "The model is overloaded. Please try again later.",
        "status": "UNAVAILABLE",
    }
}


def _gemini(name: str, shows: str, *, script: dict[str, Any], **more: Any) -> Case:
    made = gemini_generate.script(name, _GEMINI_SAYS, **script)
    expected = {**_SO_FAR, "output": [assistant(said.ANSWER[:16])], **more}
    return gemini_generate.case(name, shows, gemini_generate.stream(), made, stream=True, **expected)


GEMINI: Final = [
    _gemini("broken-off", "the stream ends before the answer does", script={"breaks_after": 1}),
    _gemini("cut", "the connection is cut", script={"breaks_after": 1, "cut": True}),
    _gemini(
        "error-in-the-stream",
        "an event says that there are too many to serve",
        script={"breaks_after": 1, "breaks_with": _UNAVAILABLE},
        failed=("overloaded", "UNAVAILABLE", "The model is overloaded. Please try again later."),
    ),
    gemini_generate.case(
        "broken-off-in-an-array",
        "the array of a stream is never closed",
        gemini_generate.curl("streamGenerateContent"),
        gemini_generate.script("broken-off-in-an-array", _GEMINI_SAYS, breaks_after=1),
        package="httpx",
        stream=True,
        output=[assistant(said.ANSWER[:16])],
        partial=True,
    ),
]

# --- Bedrock --------------------------------------------------------------------------------------------------------

_BEDROCK_SAYS: Final = Says(said.ANSWER, finish="end_turn")
_THROTTLED: Final = ("throttlingException", {"message": "Too many tokens, please wait before trying again."})
_STREAM_ERROR: Final = (
    "modelStreamErrorException",
    {"message": "The model ended unexpectedly.", "originalMessage": "x", "originalStatusCode": 500},
)


def _bedrock(name: str, shows: str, *, script: dict[str, Any], **more: Any) -> Case:
    made = bedrock_converse.script(_BEDROCK_SAYS, breaks_after=4, **script)
    return bedrock_converse.case(
        name, shows, bedrock_converse.stream(), made, stream=True, **{**_SO_FAR, **more}
    )


BEDROCK: Final = [
    _bedrock("converse-broken-off", "the stream ends before the message does", script={}),
    _bedrock(
        "converse-cut-within-a-message",
        "the connection is cut in the middle of a message of the event stream",
        script={"cut": True, "changes": [lambda chunks: [*chunks[:-1], chunks[-1], chunks[0][:40]]]},
    ),
    _bedrock(
        "converse-throttled-in-the-stream",
        "an exception in the stream",
        script={"breaks_with": _THROTTLED},
        failed=("rate_limit", _THROTTLED[0], _THROTTLED[1]["message"]),
    ),
    _bedrock(
        "converse-model-error-in-the-stream",
        "another one, of the model's",
        script={"breaks_with": _STREAM_ERROR},
        failed=("server_error", _STREAM_ERROR[0], "The model ended unexpectedly."),
    ),
]

# --- Cohere, Mistral, Ollama ----------------------------------------------------------------------------------------

COHERE: Final = [
    cohere_chat.case(
        "broken-off",
        "the stream ends before the message does",
        cohere_chat.stream(),
        cohere_chat.script("broken-off", Says(said.ANSWER, finish="COMPLETE"), breaks_after=5),
        stream=True,
        **_SO_FAR,
    ),
    cohere_chat.case(
        "error-at-the-end",
        "the last event says that the answer broke off",
        cohere_chat.stream(),
        cohere_chat.script("error-at-the-end", Says("It rains in", finish="ERROR")),
        stream=True,
        output=[assistant("It rains in")],
        usage=cohere_chat.COUNTED,
        finish=["ERROR"],
        unsure=["partial", "error_kind"],
    ),
    cohere_chat.case(
        "v1-broken-off",
        "the lines end before the answer does",
        cohere.chat_stream_v1(model=cohere_chat.MODEL, message=said.QUESTION),
        # The id is told at the end.
        Script([Says(said.ANSWER, finish="COMPLETE")], breaks_after=4),
        stream=True,
        **{**_SO_FAR, "unsure": ["response_id"]},
    ),
]

MISTRAL: Final = [
    mistral_chat.case(
        "broken-off",
        "the stream ends before the answer does",
        mistral_chat.stream(),
        mistral_chat.script("broken-off", Says(said.ANSWER, finish="stop"), breaks_after=4),
        stream=True,
        **_SO_FAR,
    ),
]

_CRASHED: Final = "an error was encountered while running the model: unexpected EOF"

OLLAMA: Final = [
    ollama_chat.case(
        "broken-off",
        "the lines end before the answer does",
        ollama_chat.chat(stream=True),
        ollama_chat.script(Says(said.ANSWER, finish="stop"), breaks_after=3),
        stream=True,
        **_SO_FAR,
    ),
    ollama_chat.case(
        "cut-within-a-line",
        "the connection is cut in the middle of a line",
        ollama_chat.chat(stream=True),
        ollama_chat.script(
            Says(said.ANSWER, finish="stop"),
            breaks_after=4,
            cut=True,
            changes=[lambda chunks: [*chunks[:3], chunks[3][:-30]]],
        ),
        stream=True,
        **_SO_FAR,
    ),
    ollama_chat.case(
        "error-in-the-stream",
        "a line says what went wrong",
        ollama_chat.chat(stream=True),
        ollama_chat.script(Says(said.ANSWER, finish="stop"), breaks_after=3, breaks_with={"error": _CRASHED}),
        stream=True,
        failed=("server_error", None, _CRASHED),
        **_SO_FAR,
    ),
]
