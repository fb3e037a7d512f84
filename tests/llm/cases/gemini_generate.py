"""Google's generateContent at the Gemini API."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import genai_ as client
from tests.llm.clients import http
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "gemini-2.5-flash"
HOST: Final = "generativelanguage.googleapis.com"

USAGE: Final = {
    "promptTokenCount": 8,
    "candidatesTokenCount": 12,
    "totalTokenCount": 20,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}],
}
COUNTED: Final = {"input": 8, "output": 12, "total": 20}


def case(  # noqa: PLR0913 - what its cases differ in
    name: str,
    shows: str,
    ask: Ask,
    script: Script,
    *,
    family: str = "gcp.gemini",
    operation: str = "generate_content",
    package: str = "google-genai",
    host: str = HOST,
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    defaults: dict[str, Any] = {
        "model": MODEL,
        "input": [user(said.QUESTION)],
        "response_id": script.id or None,
        "response_model": script.model or None,
    }
    return Case(
        name=name,
        shows=shows,
        client=package,
        host=host,
        ask=ask,
        script=script,
        expected=expect(family, operation, **{**defaults, **expected}),
    )


def generate(contents: Any = said.QUESTION, **more: Any) -> Ask:
    """Ask for an answer in one piece."""
    return client.generate(model=MODEL, contents=contents, **more)


def stream(contents: Any = said.QUESTION, **more: Any) -> Ask:
    """Ask for an answer in parts."""
    return client.generate_stream(model=MODEL, contents=contents, **more)


def script(name: str, *choices: Says, usage: Any = USAGE, **more: Any) -> Script:
    """Make the script of an answer."""
    return Script(choices, id=f"resp-{name}", model=MODEL, usage=usage, **more)


def plain(name: str, shows: str, ask: Ask, **more: Any) -> Case:
    """Make a case in which one answers as in most."""
    given = more.pop("script", {})
    made = script(name, Says(said.ANSWER, finish="STOP"), **given)
    return case(
        name,
        shows,
        ask,
        made,
        **{"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["STOP"], **more},
    )


_DECLARED: Final = {"function_declarations": [{"name": "weather", "parameters": said.CITY}]}
#: The client would call the tools itself.
TOOLS: Final = {"tools": [_DECLARED], "automatic_function_calling": {"disable": True}}
CALLS: Final = [Call("", "weather", '{"city":"Oslo"}'), Call("", "weather", '{"city":"Bergen"}')]
WANTED: Final = [wanted(None, "weather", '{"city":"Oslo"}'), wanted(None, "weather", '{"city":"Bergen"}')]
_AFTER_TOOLS: Final = [
    {"role": "user", "parts": [{"text": said.QUESTION}]},
    {
        "role": "model",
        "parts": [{"function_call": {"id": "c1", "name": "weather", "args": {"city": "Oslo"}}}],
    },
    {
        "role": "user",
        "parts": [{"function_response": {"id": "c1", "name": "weather", "response": {"celsius": 7}}}],
    },
    {"role": "model", "parts": [{"text": "7 °C."}]},
    {"role": "user", "parts": [{"text": "And tomorrow?"}]},
]
_AFTER_TOOLS_READ: Final = [
    user(said.QUESTION),
    assistant(None, tool_calls=[wanted("c1", "weather", '{"city":"Oslo"}')]),
    tool("c1", '{"celsius":7}', name="weather"),
    assistant("7 °C."),
    user("And tomorrow?"),
]
_PARTS: Final = {
    "role": "user",
    "parts": [
        {"text": "What is in these?"},
        {"inline_data": {"mime_type": "image/png", "data": said.PNG}},
        {"file_data": {"mime_type": "application/pdf", "file_uri": "https://files.example/v1beta/files/abc"}},
        {"inline_data": {"mime_type": "audio/wav", "data": said.WAV}},
    ],
}
_PARTS_READ: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image", "media_type": "image/png", "data": said.PNG_BASE64},
    {"type": "file", "media_type": "application/pdf", "url": "https://files.example/v1beta/files/abc"},
    {"type": "audio", "media_type": "audio/wav", "data": said.WAV_BASE64},
]
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="STOP")
_THINKING: Final = {
    "promptTokenCount": 8,
    "candidatesTokenCount": 12,
    "thoughtsTokenCount": 30,
    "totalTokenCount": 50,
}
_THINKING_COUNTED: Final = {"input": 8, "output": 12, "output_reasoning_tokens": 30, "total": 50}
_INCLUDE_THOUGHTS: Final = {"thinking_config": {"include_thoughts": True, "thinking_budget": 1024}}
_CONFIG: Final = {
    "system_instruction": said.BE_BRIEF,
    "temperature": 0.25,
    "top_p": 0.5,
    "top_k": 20,
    "max_output_tokens": 64,
    "stop_sequences": ["END"],
    "seed": 7,
}
_CONFIGURED: Final = {
    "temperature": 0.25,
    "topP": 0.5,
    "topK": 20,
    "maxOutputTokens": 64,
    "stopSequences": ["END"],
    "seed": 7,
}
_HELD_BACK: Final = {"promptTokenCount": 8, "totalTokenCount": 8}
_SAFETY: Final = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]
_BODY: Final = {"contents": [{"role": "user", "parts": [{"text": said.QUESTION}]}]}


def curl(method: str, body: Any = None, query: str = "") -> Ask:
    """Ask as a program without a client does."""
    return http.request("POST", f"/v1beta/models/{MODEL}:{method}{query}", json=body or _BODY)


CASES: Final = [
    plain("plain", "a question and its answer", generate()),
    plain("streamed", "an answer in parts", stream(), stream=True),
    plain(
        "streamed-async",
        "the same with the asynchronous client",
        client.generate_async(model=MODEL, contents=said.QUESTION),
        stream=True,
    ),
    plain(
        "streamed-with-usage-in-each",
        "each event has the counts that are known by then; the last ones hold",
        stream(),
        script={"options": {"with_each": {"promptTokenCount": 8, "totalTokenCount": 8}}},
        stream=True,
    ),
    plain(
        "streamed-as-an-array",
        "without alt=sse a stream is an array of JSON that comes in parts",
        curl("streamGenerateContent"),
        package="httpx",
        stream=True,
    ),
    plain(
        "streamed-as-an-array-in-odd-parts",
        "the same, cut anywhere",
        curl("streamGenerateContent"),
        package="httpx",
        script={"changes": [wire.in_pieces_of(97)]},
        stream=True,
    ),
    plain(
        "system-and-parameters",
        "a system prompt and parameters, which are apart from the messages",
        generate(config=_CONFIG),
        input=[system(said.BE_BRIEF), user(said.QUESTION)],
        parameters=_CONFIGURED,
    ),
    plain(
        "tools-answered",
        "a conversation with a call and what it gave",
        generate(_AFTER_TOOLS),
        input=_AFTER_TOOLS_READ,
    ),
    plain(
        "parts", "an image, a file and audio in the question", generate([_PARTS]), input=[user(_PARTS_READ)]
    ),
    case(
        "function-calls",
        "two calls, which have no ids",
        generate(config=TOOLS),
        script("function-calls", Says(calls=CALLS, finish="STOP")),
        output=[assistant(None, tool_calls=WANTED)],
        usage=COUNTED,
        finish=["STOP"],
    ),
    case(
        "function-calls-streamed",
        "text and two calls, in parts",
        stream(config=TOOLS),
        script("function-calls-streamed", Says("Let me look.", calls=CALLS, finish="STOP")),
        stream=True,
        output=[assistant("Let me look.", tool_calls=WANTED)],
        usage=COUNTED,
        finish=["STOP"],
    ),
    case(
        "candidates",
        "two answers to one question",
        generate(config={"candidate_count": 2}),
        script("candidates", Says("Rain.", finish="STOP"), Says("Snow", finish="MAX_TOKENS")),
        parameters={"candidateCount": 2},
        output=[assistant("Rain."), assistant("Snow")],
        usage=COUNTED,
        finish=["STOP", "MAX_TOKENS"],
    ),
    case(
        "candidates-streamed",
        "the same, in parts that come together",
        stream(config={"candidate_count": 2}),
        script(
            "candidates-streamed",
            Says("It will rain all day in Oslo.", finish="STOP"),
            Says("Snow", finish="MAX_TOKENS"),
        ),
        stream=True,
        parameters={"candidateCount": 2},
        output=[assistant("It will rain all day in Oslo."), assistant("Snow")],
        usage=COUNTED,
        finish=["STOP", "MAX_TOKENS"],
    ),
    case(
        "thoughts",
        "what the model thinks is apart from what it says, in text and in tokens",
        generate(config=_INCLUDE_THOUGHTS),
        script("thoughts", _THINKS, usage=_THINKING),
        output=[assistant(said.ANSWER, reasoning=said.THOUGHT)],
        usage=_THINKING_COUNTED,
        finish=["STOP"],
    ),
    case(
        "thoughts-streamed",
        "the same, in parts",
        stream(config=_INCLUDE_THOUGHTS),
        script("thoughts-streamed", _THINKS, usage=_THINKING),
        stream=True,
        output=[assistant(said.ANSWER, reasoning=said.THOUGHT)],
        usage=_THINKING_COUNTED,
        finish=["STOP"],
    ),
    plain(
        "cached",
        "tokens that are read from a cache are among those of the prompt",
        generate(),
        script={
            "usage": {
                "promptTokenCount": 2008,
                "cachedContentTokenCount": 2000,
                "candidatesTokenCount": 12,
                "totalTokenCount": 2020,
            }
        },
        usage={"input": 8, "input_cached_tokens": 2000, "output": 12, "total": 2020},
    ),
    plain(
        "tokens-of-tools",
        "tokens that the API's own tools put into the prompt are input too",
        generate(),
        script={
            "usage": {
                "promptTokenCount": 8,
                "toolUsePromptTokenCount": 40,
                "candidatesTokenCount": 12,
                "totalTokenCount": 60,
            }
        },
        usage={"input": 48, "output": 12, "total": 60},
    ),
    case(
        "structured",
        "the answer is JSON of a schema",
        generate(config={"response_mime_type": "application/json", "response_schema": said.CITY}),
        script("structured", Says('{"city":"Oslo"}', finish="STOP")),
        parameters={"responseMimeType": "application/json"},
        output=[assistant('{"city":"Oslo"}')],
        usage=COUNTED,
        finish=["STOP"],
    ),
    case(
        "length",
        "the answer ends where it was told to",
        stream(config={"max_output_tokens": 3}),
        script("length", Says("It rains in", finish="MAX_TOKENS")),
        stream=True,
        parameters={"maxOutputTokens": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["MAX_TOKENS"],
    ),
    case(
        "safety",
        "the answer is held back: there is a candidate without content",
        generate(),
        script(
            "safety",
            Says(finish="SAFETY", extra={"safetyRatings": _SAFETY}),
            usage=_HELD_BACK,
        ),
        output=[assistant("")],
        usage={"input": 8, "total": 8},
        finish=["SAFETY"],
    ),
    case(
        "prompt-blocked",
        "the question is not passed on: there is no candidate, and the API says why",
        generate(),
        script(
            "prompt-blocked",
            usage=_HELD_BACK,
            extra={"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
        ),
        usage={"input": 8, "total": 8},
        finish=["PROHIBITED_CONTENT"],
    ),
    case(
        "empty",
        "the model says nothing",
        stream(),
        script("empty", Says(finish="STOP")),
        stream=True,
        output=[assistant("")],
        usage=COUNTED,
        finish=["STOP"],
    ),
    case(
        "unicode-streamed",
        "texts that are more than ASCII, in parts that end within characters",
        stream(said.ODD_QUESTION),
        script(
            "unicode-streamed", Says(said.ODD_ANSWER, finish="STOP"), piece=2, changes=[wire.in_pieces_of(53)]
        ),
        stream=True,
        input=[user(said.ODD_QUESTION)],
        output=[assistant(said.ODD_ANSWER)],
        usage=COUNTED,
        finish=["STOP"],
    ),
    plain("long", "50 KB are asked", generate(said.LONG), input=[user(said.LONG)]),
]
