"""Mistral's chat, its completions of code, and embeddings."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import mistral_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "mistral-small-latest"
CODE: Final = "codestral-latest"
ASKED: Final = [user(said.QUESTION)]
TOOLS: Final = [{"type": "function", "function": {"name": "weather", "parameters": said.CITY}}]
USAGE: Final = {"prompt_tokens": 10, "total_tokens": 22, "completion_tokens": 12}
COUNTED: Final = {"input": 10, "output": 12, "total": 22}


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
    defaults: dict[str, Any] = {
        "input": ASKED,
        "response_id": script.id or None,
        "response_model": script.model or None,
    }
    return Case(
        name=name,
        shows=shows,
        client="mistralai",
        host="api.mistral.ai",
        ask=ask,
        script=script,
        expected=expect("mistral_ai", operation, model, **{**defaults, **expected}),
    )


def chat(**asked: Any) -> Ask:
    """Ask for an answer in one piece."""
    return client.chat(**{"model": MODEL, "messages": ASKED, **asked})


def stream(**asked: Any) -> Ask:
    """Ask for an answer in parts."""
    return client.chat_stream(**{"model": MODEL, "messages": ASKED, **asked})


def script(name: str, *choices: Says, model: str = MODEL, **more: Any) -> Script:
    """Make the script of an answer; a stream's last chunk has the usage, asked for or not."""
    options = {"usage": "last", "reasoning": "thinking"}
    return Script(
        choices, **{"id": f"cmpl-{name}", "model": model, "usage": USAGE, "options": options, **more}
    )


_SAYS: Final = Says(said.ANSWER, finish="stop")
_PLAIN: Final[dict[str, Any]] = {"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["stop"]}
_CALLS: Final = [
    Call("D681PevKs", "weather", '{"city":"Oslo"}'),
    Call("bWsXrV4bM", "weather", '{"city":"Bergen"}'),
]
_WANTED: Final = [
    wanted("D681PevKs", "weather", '{"city":"Oslo"}'),
    wanted("bWsXrV4bM", "weather", '{"city":"Bergen"}'),
]
_CALLED: Final[dict[str, Any]] = {
    "output": [assistant(None, tool_calls=_WANTED)],
    "usage": COUNTED,
    "finish": ["tool_calls"],
}
_AFTER_TOOLS: Final = [
    system(said.BE_BRIEF),
    *ASKED,
    assistant("", tool_calls=_WANTED[:1]),
    {**tool("D681PevKs", "7 °C"), "name": "weather"},
    assistant("7 °C."),
    user("And tomorrow?"),
]
_PARTS: Final = [
    {"type": "text", "text": "What is in this?"},
    {"type": "image_url", "image_url": said.PNG_URL},
]
_PARTS_READ: Final = [{"type": "text", "text": "What is in this?"}, {"type": "image", "url": said.PNG_URL}]
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="stop")
_THOUGHT: Final = {**_PLAIN, "output": [assistant(said.ANSWER, reasoning=said.THOUGHT)]}
_PARAMETERS: Final = {"temperature": 0.25, "top_p": 0.5, "max_tokens": 64, "random_seed": 7, "stop": ["END"]}
_FILLED: Final = Says("a, b):\n    ", finish="stop")
_FIM: Final = {"model": CODE, "prompt": "def add(", "suffix": "return a + b"}
_FIM_EXPECTED: Final[dict[str, Any]] = {
    "model": CODE,
    "operation": "text_completion",
    "input": [user("def add(")],
    "output": [assistant("a, b):\n    ")],
    "usage": COUNTED,
    "finish": ["stop"],
}

CASES: Final = [
    case("plain", "a question and its answer", chat(), script("plain", _SAYS), **_PLAIN),
    case(
        "streamed",
        "an answer in parts; the last has the usage, though nobody asked for it",
        stream(),
        script("streamed", _SAYS),
        stream=True,
        **_PLAIN,
    ),
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
        "tools-answered",
        "a conversation with a call and what it gave, with the tool's name",
        chat(messages=_AFTER_TOOLS, tools=TOOLS),
        script("tools-answered", _SAYS),
        input=_AFTER_TOOLS,
        **_PLAIN,
    ),
    case(
        "tool-calls",
        "two calls",
        chat(tools=TOOLS),
        script("tool-calls", Says(calls=_CALLS, finish="tool_calls")),
        **_CALLED,
    ),
    case(
        "tool-calls-streamed",
        "the same, in a stream, in which a call comes whole",
        stream(tools=TOOLS),
        script(
            "tool-calls-streamed",
            Says(calls=_CALLS, finish="tool_calls"),
            options={"usage": "last", "whole_calls": True},
        ),
        stream=True,
        **_CALLED,
    ),
    case(
        "choices",
        "two answers to one question",
        chat(n=2),
        script("choices", Says("Rain.", finish="stop"), Says("Snow", finish="length")),
        parameters={"n": 2},
        output=[assistant("Rain."), assistant("Snow")],
        usage=COUNTED,
        finish=["stop", "length"],
    ),
    case(
        "thinking",
        "what the model thinks is a part of the content",
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
        "structured",
        "the answer is JSON",
        chat(response_format={"type": "json_object"}),
        script("structured", Says('{"city":"Oslo"}', finish="stop")),
        **{**_PLAIN, "output": [assistant('{"city":"Oslo"}')]},
    ),
    case(
        "length-streamed",
        "the answer ends where it was told to",
        stream(max_tokens=3),
        script("length-streamed", Says("It rains in", finish="length")),
        stream=True,
        parameters={"max_tokens": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["length"],
    ),
    case(
        "unicode-streamed",
        "texts that are more than ASCII, in parts that end within characters",
        stream(messages=[user(said.ODD_QUESTION)]),
        script(
            "unicode-streamed", Says(said.ODD_ANSWER, finish="stop"), piece=2, changes=[wire.in_pieces_of(61)]
        ),
        stream=True,
        input=[user(said.ODD_QUESTION)],
        **{**_PLAIN, "output": [assistant(said.ODD_ANSWER)]},
    ),
    case(
        "fim",
        "code between what comes before it and what comes after",
        client.chat(part="fim", **_FIM),
        script("fim", _FILLED, model=CODE),
        **_FIM_EXPECTED,
    ),
    case(
        "fim-streamed",
        "the same, in parts",
        client.chat_stream(part="fim", **_FIM),
        script("fim-streamed", _FILLED, model=CODE),
        stream=True,
        **_FIM_EXPECTED,
    ),
    case(
        "embeddings",
        "two texts become vectors",
        client.embed(model="mistral-embed", inputs=[said.QUESTION, "Hello"]),
        Script(
            id="embd-1",
            model="mistral-embed",
            body={
                "id": "embd-1",
                "object": "list",
                "data": [
                    {"object": "embedding", "embedding": [0.25, -0.5], "index": 0},
                    {"object": "embedding", "embedding": [0.5, 0.125], "index": 1},
                ],
                "model": "mistral-embed",
                "usage": {"prompt_tokens": 9, "total_tokens": 9, "completion_tokens": 0},
            },
        ),
        operation="embeddings",
        model="mistral-embed",
        input=[user(said.QUESTION), user("Hello")],
        usage={"input": 9, "total": 9},
    ),
]
