"""Ollama's chat, generate and embeddings."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import http
from tests.llm.clients import ollama_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

MODEL: Final = "llama3.2"
ASKED: Final = [user(said.QUESTION)]
TOOLS: Final = [{"type": "function", "function": {"name": "weather", "parameters": said.CITY}}]
USAGE: Final = {
    "total_duration": 4883583458,
    "load_duration": 1334875,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 342546000,
    "eval_count": 12,
    "eval_duration": 4535599000,
}
COUNTED: Final = {"input": 26, "output": 12, "total": 38}


def case(  # noqa: PLR0913 - what its cases differ in
    name: str,
    shows: str,
    ask: Ask,
    script: Script,
    *,
    operation: str = "chat",
    model: str = MODEL,
    package: str = "ollama",
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    defaults: dict[str, Any] = {"input": ASKED, "response_model": script.model or None}
    return Case(
        name=name,
        shows=shows,
        client=package,
        host="localhost:11434",
        ask=ask,
        script=script,
        expected=expect("ollama", operation, model, **{**defaults, **expected}),
    )


def chat(**asked: Any) -> Ask:
    """Ask."""
    return client.chat(**{"model": MODEL, "messages": ASKED, **asked})


def script(says: Says, usage: Any = USAGE, **more: Any) -> Script:
    """Make the script of an answer, which has no id."""
    return Script([says], model=MODEL, usage=usage, **more)


_SAYS: Final = Says(said.ANSWER, finish="stop")
_PLAIN: Final[dict[str, Any]] = {"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["stop"]}
_STREAMED: Final = {**_PLAIN, "stream": True}
_CALLS: Final = [Call("", "weather", '{"city":"Oslo"}'), Call("", "weather", '{"city":"Bergen"}')]
_WANTED: Final = [wanted(None, "weather", '{"city":"Oslo"}'), wanted(None, "weather", '{"city":"Bergen"}')]
_AFTER_TOOLS: Final = [
    system(said.BE_BRIEF),
    *ASKED,
    {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}]},
    {"role": "tool", "content": "7 °C", "tool_name": "weather"},
    user("And tomorrow?"),
]
_AFTER_TOOLS_READ: Final = [
    system(said.BE_BRIEF),
    *ASKED,
    assistant(None, tool_calls=[wanted(None, "weather", '{"city":"Oslo"}')]),
    tool(None, "7 °C", name="weather"),
    user("And tomorrow?"),
]
_OPTIONS: Final = {"num_predict": 64, "seed": 7, "stop": ["END"], "temperature": 0.25, "top_p": 0.5}
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="stop")
_THOUGHT: Final = {
    **_PLAIN,
    "output": [assistant(said.ANSWER, reasoning=said.THOUGHT)],
    "parameters": {"think": True},
}
_GENERATED: Final = {**_PLAIN, "operation": "text_completion", "input": [user(said.QUESTION)]}
_VECTORS: Final = [[0.25, -0.5], [0.5, 0.125]]

CASES: Final = [
    case("plain", "a question and its answer", chat(), script(_SAYS), **_PLAIN),
    case("streamed", "an answer in lines of JSON", chat(stream=True), script(_SAYS), **_STREAMED),
    case(
        "streamed-async",
        "the same with the asynchronous client",
        client.chat_async(model=MODEL, messages=ASKED),
        script(_SAYS),
        **_STREAMED,
    ),
    case(
        "streamed-unless-told-otherwise",
        "who does not say whether he wants a stream gets one",
        http.request("POST", "/api/chat", json={"model": MODEL, "messages": ASKED}),
        script(_SAYS),
        package="httpx",
        **_STREAMED,
    ),
    case(
        "streamed-at-once",
        "the lines come in one chunk, and the last one has no end",
        chat(stream=True),
        script(_SAYS, changes=[wire.joined, lambda chunks: [chunks[0].rstrip(b"\n")]]),
        **_STREAMED,
    ),
    case(
        "system-and-parameters",
        "a system prompt, and options in an object of their own",
        chat(messages=[system(said.BE_BRIEF), *ASKED], options=_OPTIONS, keep_alive="5m"),
        script(_SAYS),
        input=[system(said.BE_BRIEF), *ASKED],
        parameters={**_OPTIONS, "keep_alive": "5m"},
        **_PLAIN,
    ),
    case(
        "tools-answered",
        "a conversation with a call and what it gave",
        chat(messages=_AFTER_TOOLS, tools=TOOLS),
        script(_SAYS),
        input=_AFTER_TOOLS_READ,
        **_PLAIN,
    ),
    case(
        "tool-calls",
        "two calls, which have no ids, and whose end is called stop",
        chat(tools=TOOLS),
        script(Says(calls=_CALLS, finish="stop")),
        **{**_PLAIN, "output": [assistant(None, tool_calls=_WANTED)]},
    ),
    case(
        "tool-calls-streamed",
        "text and two calls, each in a line of its own",
        chat(tools=TOOLS, stream=True),
        script(Says("Let me look.", calls=_CALLS, finish="stop")),
        **{**_STREAMED, "output": [assistant("Let me look.", tool_calls=_WANTED)]},
    ),
    case(
        "thinking",
        "what the model thinks is apart from what it says",
        chat(think=True),
        script(_THINKS),
        **_THOUGHT,
    ),
    case(
        "thinking-streamed",
        "the same, in lines",
        chat(think=True, stream=True),
        script(_THINKS),
        **{**_THOUGHT, "stream": True},
    ),
    case(
        "parts",
        "an image beside the question",
        chat(messages=[{**user("What is in this?"), "images": [said.PNG]}]),
        script(_SAYS),
        input=[
            user([{"type": "text", "text": "What is in this?"}, {"type": "image", "data": said.PNG_BASE64}])
        ],
        **_PLAIN,
    ),
    case(
        "structured",
        "the answer is JSON of a schema",
        chat(format=said.CITY),
        script(Says('{"city":"Oslo"}', finish="stop")),
        **{**_PLAIN, "output": [assistant('{"city":"Oslo"}')]},
    ),
    case(
        "length-streamed",
        "the answer ends where it was told to",
        chat(stream=True, options={"num_predict": 3}),
        script(Says("It rains in", finish="length")),
        stream=True,
        parameters={"num_predict": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["length"],
    ),
    case(
        "prompt-cached",
        "of a prompt that was evaluated before, the count is left out",
        chat(),
        script(_SAYS, {key: value for key, value in USAGE.items() if key != "prompt_eval_count"}),
        **{**_PLAIN, "usage": {"output": 12}},
    ),
    case(
        "empty-streamed",
        "the model is only loaded",
        chat(messages=[], stream=True),
        Script([Says(finish="load")], model=MODEL),
        input=[],
        stream=True,
        output=[assistant("")],
        finish=["load"],
    ),
    case(
        "unicode-streamed",
        "texts that are more than ASCII, in parts that end within characters",
        chat(messages=[user(said.ODD_QUESTION)], stream=True),
        script(Says(said.ODD_ANSWER, finish="stop"), piece=2, changes=[wire.in_pieces_of(47)]),
        **{**_STREAMED, "input": [user(said.ODD_QUESTION)], "output": [assistant(said.ODD_ANSWER)]},
    ),
    case(
        "long-streamed",
        "50 KB, in lines",
        chat(stream=True),
        script(Says(said.LONG, finish="stop"), piece=1024),
        **{**_STREAMED, "output": [assistant(said.LONG)]},
    ),
    case(
        "generate",
        "a prompt and what follows it",
        client.chat(method="generate", model=MODEL, prompt=said.QUESTION, options={"temperature": 0.25}),
        script(_SAYS),
        **{**_GENERATED, "parameters": {"temperature": 0.25}},
    ),
    case(
        "generate-with-system-streamed",
        "the same with a system prompt, in lines",
        client.chat(method="generate", model=MODEL, prompt=said.QUESTION, system=said.BE_BRIEF, stream=True),
        script(_THINKS),
        **{
            **_GENERATED,
            "stream": True,
            "input": [system(said.BE_BRIEF), user(said.QUESTION)],
            "output": [assistant(said.ANSWER, reasoning=said.THOUGHT)],
        },
    ),
    case(
        "embed",
        "two texts become vectors",
        client.other("embed", model="all-minilm", input=[said.QUESTION, "Hello"]),
        Script(
            model="all-minilm",
            body={
                "model": "all-minilm",
                "embeddings": _VECTORS,
                "total_duration": 14143917,
                "load_duration": 1019500,
                "prompt_eval_count": 8,
            },
        ),
        operation="embeddings",
        model="all-minilm",
        input=[user(said.QUESTION), user("Hello")],
        usage={"input": 8, "total": 8},
    ),
    case(
        "embeddings",
        "the older method, for one text, which tells no tokens",
        client.other("embeddings", model="all-minilm", prompt=said.QUESTION),
        Script(body={"embedding": _VECTORS[0]}),
        operation="embeddings",
        model="all-minilm",
    ),
]
