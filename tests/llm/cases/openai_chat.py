"""OpenAI's chat completions: what they say."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import openai_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "gpt-4o-mini"
#: What it says it is.
ANSWERED: Final = "gpt-4o-mini-2024-07-18"

ASKED: Final = [user(said.QUESTION)]
TOOLS: Final = [{"type": "function", "function": {"name": "weather", "parameters": said.CITY}}]
OSLO: Final = '{"city":"Oslo"}'
BERGEN: Final = '{"city":"Bergen, Nordnes"}'

USAGE: Final = {
    "prompt_tokens": 50,
    "completion_tokens": 12,
    "total_tokens": 62,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
COUNTED: Final = {"input": 50, "output": 12, "total": 62}
WITH_USAGE: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}


def identity(name: str) -> str:
    """Return the id of a case's answer."""
    return f"chatcmpl-{name}"


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
    told: dict[str, Any] = {"model": MODEL, "messages": ASKED, **(asked or {})}
    answered = script.status < 400
    defaults: dict[str, Any] = {
        "model": told["model"],
        "input": told["messages"],
        "response_id": script.id or None,
        "response_model": script.model or None,
        "stream": bool(told.get("stream")) and answered,
    }
    return Case(
        name=name,
        shows=shows,
        client="openai",
        host="api.openai.com",
        ask=ask or client.chat(**told),
        script=script,
        expected=expect("openai", "chat", **{**defaults, **expected}),
    )


def script(name: str, *choices: Says, usage: Any = USAGE, **more: Any) -> Script:
    """Make the script of an answer."""
    extra = {"service_tier": "default", "system_fingerprint": "fp_44709d6fcb"}
    return Script(choices, id=identity(name), model=ANSWERED, usage=usage, **{"extra": extra, **more})


def plain(name: str, shows: str, **more: Any) -> Case:
    """Make a case in which one answers as in most."""
    given = more.pop("script", {})
    return case(
        name,
        shows,
        script=script(name, Says(said.ANSWER, finish="stop"), **given),
        **{"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["stop"], **more},
    )


_CALLED: Final = Says(calls=[Call("call_oslo", "weather", OSLO)], finish="tool_calls")
_TWO_CALLS: Final = [Call("call_oslo", "weather", OSLO), Call("call_bergen", "weather", BERGEN)]
_TWO_WANTED: Final = [wanted("call_oslo", "weather", OSLO), wanted("call_bergen", "weather", BERGEN)]
_AFTER_TOOLS: Final = [
    system(said.BE_BRIEF),
    *ASKED,
    assistant(None, tool_calls=_TWO_WANTED),
    tool("call_oslo", '{"celsius":7}'),
    tool("call_bergen", '{"celsius":9}'),
    assistant("7 and 9 °C."),
    user("And tomorrow?"),
]

_PARTS: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image_url", "image_url": {"url": said.PNG_URL, "detail": "low"}},
    {"type": "image_url", "image_url": {"url": "https://images.example/cat.png"}},
    {"type": "input_audio", "input_audio": {"data": said.WAV_BASE64, "format": "wav"}},
    {"type": "file", "file": {"file_id": "file-6F2ksmvXxt4VdoqmHRw6kL"}},
]
_PARTS_READ: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image", "url": said.PNG_URL},
    {"type": "image", "url": "https://images.example/cat.png"},
    {"type": "audio", "data": said.WAV_BASE64, "media_type": "audio/wav"},
    {"type": "file", "id": "file-6F2ksmvXxt4VdoqmHRw6kL"},
]

_SCHEMA: Final = {
    "type": "json_schema",
    "json_schema": {"name": "weather", "strict": True, "schema": said.CITY},
}


CASES: Final = [
    plain("plain", "a question and its answer"),
    plain(
        "plain-async",
        "the same with the asynchronous client",
        ask=client.chat_async(model=MODEL, messages=ASKED),
    ),
    plain("streamed", "an answer in parts, with the usage at its end", asked=WITH_USAGE),
    plain(
        "streamed-async",
        "the same with the asynchronous client",
        asked=WITH_USAGE,
        ask=client.chat_async(model=MODEL, messages=ASKED, **WITH_USAGE),
    ),
    plain("streamed-without-usage", "nobody asked for the usage", asked={"stream": True}, usage={}),
    plain(
        "system-and-parameters",
        "a system prompt, and all that may be told beside the messages",
        asked={
            "messages": [system(said.BE_BRIEF), {**user(said.QUESTION), "name": "ann"}],
            "temperature": 0.25,
            "top_p": 0.5,
            "max_completion_tokens": 64,
            "frequency_penalty": 0.5,
            "presence_penalty": -0.5,
            "seed": 7,
            "stop": ["END", "\n\n"],
            "reasoning_effort": "low",
        },
        parameters={
            "temperature": 0.25,
            "top_p": 0.5,
            "max_completion_tokens": 64,
            "frequency_penalty": 0.5,
            "presence_penalty": -0.5,
            "seed": 7,
            "stop": ["END", "\n\n"],
            "reasoning_effort": "low",
        },
    ),
    plain(
        "developer",
        "what OpenAI calls the system prompt of its reasoning models",
        asked={"messages": [{"role": "developer", "content": said.BE_BRIEF}, *ASKED]},
    ),
    plain(
        "tools-answered",
        "a conversation with calls and what they gave",
        asked={"messages": _AFTER_TOOLS, "tools": TOOLS},
    ),
    plain(
        "parts",
        "images, audio and a file in the question",
        asked={"messages": [user(_PARTS)]},
        input=[user(_PARTS_READ)],
    ),
    case(
        "tool-call",
        "the model wants a tool to be called",
        asked={"tools": TOOLS, "tool_choice": "auto", "parallel_tool_calls": False},
        script=script("tool-call", _CALLED),
        parameters={"tool_choice": "auto", "parallel_tool_calls": False},
        output=[assistant(None, tool_calls=[wanted("call_oslo", "weather", OSLO)])],
        usage=COUNTED,
        finish=["tool_calls"],
    ),
    case(
        "tool-calls-streamed",
        "two calls, one after another",
        asked={"tools": TOOLS, **WITH_USAGE},
        script=script("tool-calls-streamed", Says(calls=_TWO_CALLS, finish="tool_calls")),
        output=[assistant(None, tool_calls=_TWO_WANTED)],
        usage=COUNTED,
        finish=["tool_calls"],
    ),
    case(
        "tool-calls-interleaved",
        "the arguments of two calls come by turns",
        asked={"tools": TOOLS, **WITH_USAGE},
        script=script(
            "tool-calls-interleaved",
            Says("Let me look.", calls=_TWO_CALLS, finish="tool_calls", interleaved=True),
        ),
        output=[assistant("Let me look.", tool_calls=_TWO_WANTED)],
        usage=COUNTED,
        finish=["tool_calls"],
    ),
    case(
        "tool-call-with-broken-arguments",
        "what the model wrote is no JSON, and is kept as it is",
        asked={"tools": TOOLS},
        script=script(
            "tool-call-with-broken-arguments",
            Says(calls=[Call("call_oslo", "weather", '{"city":"Os')], finish="length"),
        ),
        output=[assistant(None, tool_calls=[wanted("call_oslo", "weather", '{"city":"Os')])],
        usage=COUNTED,
        finish=["length"],
    ),
    case(
        "choices",
        "three answers to one question",
        asked={"n": 3},
        script=script(
            "choices",
            Says("Rain.", finish="stop"),
            Says("Snow.", finish="stop"),
            Says("Fog", finish="length"),
        ),
        parameters={"n": 3},
        output=[assistant("Rain."), assistant("Snow."), assistant("Fog")],
        usage=COUNTED,
        finish=["stop", "stop", "length"],
    ),
    case(
        "choices-streamed",
        "three answers whose parts come by turns; one of them is a call",
        asked={"n": 3, "tools": TOOLS, **WITH_USAGE},
        script=script(
            "choices-streamed", Says("It will rain.", finish="stop"), _CALLED, Says("Fog", finish="length")
        ),
        parameters={"n": 3},
        output=[
            assistant("It will rain."),
            assistant(None, tool_calls=[wanted("call_oslo", "weather", OSLO)]),
            assistant("Fog"),
        ],
        usage=COUNTED,
        finish=["stop", "tool_calls", "length"],
    ),
    case(
        "structured",
        "the answer is JSON of a schema",
        asked={"response_format": _SCHEMA},
        script=script("structured", Says(OSLO, finish="stop")),
        output=[assistant(OSLO)],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "json-mode-streamed",
        "the answer is JSON, in parts",
        asked={"response_format": {"type": "json_object"}, **WITH_USAGE},
        script=script("json-mode-streamed", Says('{"city": "Oslo", "celsius": [7, 9]}', finish="stop")),
        output=[assistant('{"city": "Oslo", "celsius": [7, 9]}')],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "refusal",
        "the model says why it does not answer",
        asked={"response_format": _SCHEMA},
        script=script("refusal", Says(refusal="I cannot help with that.", finish="stop")),
        output=[assistant(None, refusal="I cannot help with that.")],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "refusal-streamed",
        "the same, in parts",
        asked={"response_format": _SCHEMA, **WITH_USAGE},
        script=script("refusal-streamed", Says(refusal="I cannot help with that.", finish="stop")),
        output=[assistant(None, refusal="I cannot help with that.")],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "length",
        "the answer ends where it was told to",
        asked={"max_tokens": 3},
        script=script("length", Says("It rains in", finish="length")),
        parameters={"max_tokens": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["length"],
    ),
    case(
        "length-streamed",
        "the same, in parts; that it is short does not make it partial",
        asked={"max_tokens": 3, **WITH_USAGE},
        script=script("length-streamed", Says("It rains in", finish="length")),
        parameters={"max_tokens": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["length"],
    ),
    case(
        "content-filter",
        "the answer was taken back",
        script=script("content-filter", Says("", finish="content_filter")),
        output=[assistant("")],
        usage=COUNTED,
        finish=["content_filter"],
    ),
    case(
        "stop-sequence",
        "the answer ends before one of the sequences that were named",
        asked={"stop": ["7"]},
        script=script("stop-sequence", Says("It rains in Oslo, and it is ", finish="stop")),
        parameters={"stop": ["7"]},
        output=[assistant("It rains in Oslo, and it is ")],
        usage=COUNTED,
        finish=["stop"],
    ),
]
