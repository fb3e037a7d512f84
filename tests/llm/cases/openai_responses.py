"""OpenAI's responses."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import openai_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "gpt-5-mini"
ANSWERED: Final = "gpt-5-mini-2025-08-07"


def case(
    name: str,
    shows: str,
    ask: Ask,
    script: Script,
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    defaults: dict[str, Any] = {
        "input": [user(said.QUESTION)],
        "response_id": script.id or None,
        "response_model": script.model or None,
    }
    return Case(
        name=name,
        shows=shows,
        client="openai",
        host="api.openai.com",
        ask=ask,
        script=script,
        expected=expect("openai", "chat", MODEL, **{**defaults, **expected}),
    )


def responses(**asked: Any) -> Ask:
    """Ask."""
    return client.responses(**{"model": MODEL, "input": said.QUESTION, **asked})


def script(name: str, says: Says, **more: Any) -> Script:
    """Make the script of an answer."""
    return Script([says], **{"id": f"resp_{name}", "model": ANSWERED, "usage": _USAGE, **more})


_USAGE: Final = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 50,
}
_COUNTED: Final = {"input": 30, "output": 20, "total": 50}
_SAYS: Final = Says(said.ANSWER)
_PLAIN: Final[dict[str, Any]] = {
    "output": [assistant(said.ANSWER)],
    "usage": _COUNTED,
    "finish": ["completed"],
}
_TOOLS: Final = [{"type": "function", "name": "weather", "parameters": said.CITY, "strict": True}]
_CALLS: Final = [
    Call("call_oslo", "weather", '{"city":"Oslo"}'),
    Call("call_bergen", "weather", '{"city":"Bergen"}'),
]
_WANTED: Final = [
    wanted("call_oslo", "weather", '{"city":"Oslo"}'),
    wanted("call_bergen", "weather", '{"city":"Bergen"}'),
]
_ITEMS: Final = [
    {"role": "developer", "content": said.BE_BRIEF},
    {"role": "user", "content": [{"type": "input_text", "text": said.QUESTION}]},
    {"type": "function_call", "call_id": "call_oslo", "name": "weather", "arguments": '{"city":"Oslo"}'},
    {"type": "function_call_output", "call_id": "call_oslo", "output": '{"celsius":7}'},
    {"role": "assistant", "content": [{"type": "output_text", "text": "7 °C."}]},
    {"role": "user", "content": "And tomorrow?"},
]
_ITEMS_READ: Final = [
    {"role": "developer", "content": said.BE_BRIEF},
    user(said.QUESTION),
    assistant(None, tool_calls=_WANTED[:1]),
    tool("call_oslo", '{"celsius":7}'),
    assistant("7 °C."),
    user("And tomorrow?"),
]
_PARTS: Final = [
    {"type": "input_text", "text": "What is in these?"},
    {"type": "input_image", "image_url": said.PNG_URL, "detail": "low"},
    {"type": "input_file", "file_id": "file-6F2ksmvXxt4VdoqmHRw6kL"},
]
_PARTS_READ: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image", "url": said.PNG_URL},
    {"type": "file", "id": "file-6F2ksmvXxt4VdoqmHRw6kL"},
]
_DETAILED: Final = {
    "input_tokens": 2030,
    "input_tokens_details": {"cached_tokens": 2000},
    "output_tokens": 84,
    "output_tokens_details": {"reasoning_tokens": 64},
    "total_tokens": 2114,
}
_DETAILS_COUNTED: Final = {
    "input": 30,
    "input_cached_tokens": 2000,
    "output": 20,
    "output_reasoning_tokens": 64,
    "total": 2114,
}
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT)
_THOUGHT: Final = {
    **_PLAIN,
    "output": [assistant(said.ANSWER, reasoning=said.THOUGHT)],
    "usage": _DETAILS_COUNTED,
}
_REASONS: Final = {"reasoning": {"effort": "low", "summary": "auto"}}
_LATER: Final = b'event: response.later\ndata: {"type":"response.later","sequence_number":99,"what":{}}\n\n'
_FAILED: Final = {"code": "server_error", "message": "The model failed to generate a response."}

CASES: Final = [
    case("plain", "a question and its answer", responses(), script("plain", _SAYS), **_PLAIN),
    case(
        "streamed",
        "an answer in events",
        responses(stream=True),
        script("streamed", _SAYS),
        stream=True,
        **_PLAIN,
    ),
    case(
        "streamed-with-later-events",
        "among them one of no known kind",
        responses(stream=True),
        script("streamed-with-later-events", _SAYS, changes=[wire.insert(4, _LATER), wire.in_pieces_of(333)]),
        stream=True,
        **_PLAIN,
    ),
    case(
        "instructions-and-parameters",
        "instructions, which are apart from the input, and parameters",
        responses(instructions=said.BE_BRIEF, temperature=0.25, top_p=0.5, max_output_tokens=64),
        script("instructions-and-parameters", _SAYS),
        input=[system(said.BE_BRIEF), user(said.QUESTION)],
        parameters={"temperature": 0.25, "top_p": 0.5, "max_output_tokens": 64},
        **_PLAIN,
    ),
    case(
        "items",
        "a conversation with a call and what it gave, as items",
        responses(input=_ITEMS, tools=_TOOLS),
        script("items", _SAYS),
        input=_ITEMS_READ,
        **_PLAIN,
    ),
    case(
        "parts",
        "an image and a file in the question",
        responses(input=[{"role": "user", "content": _PARTS}]),
        script("parts", _SAYS),
        input=[user(_PARTS_READ)],
        **_PLAIN,
    ),
    case(
        "function-calls",
        "two calls",
        responses(tools=_TOOLS),
        script("function-calls", Says(calls=_CALLS)),
        **{**_PLAIN, "output": [assistant(None, tool_calls=_WANTED)]},
    ),
    case(
        "function-calls-streamed",
        "text and two calls, in events",
        responses(tools=_TOOLS, stream=True),
        script("function-calls-streamed", Says("Let me look.", calls=_CALLS)),
        stream=True,
        **{**_PLAIN, "output": [assistant("Let me look.", tool_calls=_WANTED)]},
    ),
    case(
        "reasoning",
        "a summary of what the model thinks; cached and reasoning tokens",
        responses(**_REASONS),
        script("reasoning", _THINKS, usage=_DETAILED),
        **_THOUGHT,
    ),
    case(
        "reasoning-streamed",
        "the same, in events",
        responses(stream=True, **_REASONS),
        script("reasoning-streamed", _THINKS, usage=_DETAILED),
        stream=True,
        **_THOUGHT,
    ),
    case(
        "refusal-streamed",
        "the model says why it does not answer",
        responses(stream=True),
        script("refusal-streamed", Says(refusal="I cannot help with that.")),
        stream=True,
        **{**_PLAIN, "output": [assistant(None, refusal="I cannot help with that.")]},
    ),
    case(
        "incomplete",
        "the answer ends where it was told to",
        responses(max_output_tokens=16, stream=True),
        script(
            "incomplete",
            Says("It rains in", finish="incomplete"),
            options={"incomplete": "max_output_tokens"},
        ),
        stream=True,
        parameters={"max_output_tokens": 16},
        output=[assistant("It rains in")],
        usage=_COUNTED,
        finish=["max_output_tokens"],
    ),
    case(
        "failed",
        "the model fails when it has begun, and the last event says so",
        responses(stream=True),
        script("failed", Says("It ", finish="failed"), options={"error": _FAILED}, usage=None),
        stream=True,
        output=[assistant("It ")],
        finish=["failed"],
        failed=("server_error", "server_error", "The model failed to generate a response."),
        unsure=["partial", "finish_reasons"],
    ),
    case(
        "error-in-the-stream",
        "an event that says what went wrong",
        responses(stream=True),
        script(
            "error-in-the-stream",
            _SAYS,
            breaks_after=6,
            breaks_with={
                "type": "error",
                "sequence_number": 6,
                "code": "rate_limit_exceeded",
                "message": "Rate limit reached.",
                "param": None,
            },
        ),
        stream=True,
        output=[assistant("It rains")],
        partial=True,
        failed=("rate_limit", "rate_limit_exceeded", "Rate limit reached."),
    ),
    case(
        "broken-off",
        "the stream ends before the answer does",
        responses(stream=True),
        script("broken-off", _SAYS, breaks_after=6),
        stream=True,
        output=[assistant("It rains")],
        partial=True,
    ),
    case(
        "unicode-streamed",
        "texts that are more than ASCII, in parts that end within characters",
        responses(input=said.ODD_QUESTION, stream=True),
        script("unicode-streamed", Says(said.ODD_ANSWER), piece=2, changes=[wire.in_pieces_of(61)]),
        stream=True,
        input=[user(said.ODD_QUESTION)],
        **{**_PLAIN, "output": [assistant(said.ODD_ANSWER)]},
    ),
    case(
        "long-streamed",
        "16 KB, which the stream says five times over",
        responses(stream=True),
        script("long-streamed", Says(said.LONG[:16384]), piece=2048),
        stream=True,
        **{**_PLAIN, "output": [assistant(said.LONG[:16384])]},
    ),
]
