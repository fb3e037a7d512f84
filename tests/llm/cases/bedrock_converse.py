"""Amazon Bedrock's converse, which is one API for all models."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import bedrock as client
from tests.llm.clients.heard import Ask
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, system, tool, user, wanted

CLAUDE: Final = "anthropic.claude-3-5-sonnet-20240620-v1:0"
NOVA: Final = "us.amazon.nova-lite-v1:0"

USAGE: Final = {"inputTokens": 30, "outputTokens": 12, "totalTokens": 42}
COUNTED: Final = {"input": 30, "output": 12, "total": 42}
ASKED: Final = [{"role": "user", "content": [{"text": said.QUESTION}]}]


def case(  # noqa: PLR0913 - what its cases differ in
    name: str,
    shows: str,
    ask: Ask,
    script: Script,
    *,
    model: str = CLAUDE,
    operation: str = "chat",
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    defaults: dict[str, Any] = {"input": [user(said.QUESTION)], "response_id": script.id or None}
    return Case(
        name=name,
        shows=shows,
        client="boto3",
        host="bedrock-runtime.us-east-1.amazonaws.com",
        ask=ask,
        script=script,
        expected=expect("aws.bedrock", operation, model, **{**defaults, **expected}),
    )


def converse(**asked: Any) -> Ask:
    """Ask for an answer in one piece."""
    return client.converse(**{"modelId": CLAUDE, "messages": ASKED, **asked})


def stream(**asked: Any) -> Ask:
    """Ask for an answer in parts."""
    return client.converse_stream(**{"modelId": CLAUDE, "messages": ASKED, **asked})


def script(says: Says, usage: Any = USAGE, **more: Any) -> Script:
    """Make the script of an answer, which has neither id nor model."""
    return Script([says], usage=usage, **more)


PLAIN: Final[dict[str, Any]] = {"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["end_turn"]}
SAYS: Final = Says(said.ANSWER, finish="end_turn")

_CONFIG: Final = {"temperature": 0.25, "topP": 0.5, "maxTokens": 64, "stopSequences": ["END"]}
_TOOLS: Final = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": said.CITY}}}]}
CALLS: Final = [
    Call("tooluse_oslo", "weather", '{"city":"Oslo"}'),
    Call("tooluse_bergen", "weather", '{"city":"Bergen"}'),
]
_WANTED: Final = [
    wanted("tooluse_oslo", "weather", '{"city":"Oslo"}'),
    wanted("tooluse_bergen", "weather", '{"city":"Bergen"}'),
]
WANTED_STREAMED: Final = [
    wanted("tooluse_oslo", "weather", '{"city": "Oslo"}'),
    wanted("tooluse_bergen", "weather", '{"city": "Bergen"}'),
]
_USE: Final = {"toolUse": {"toolUseId": "tooluse_oslo", "name": "weather", "input": {"city": "Oslo"}}}
_AFTER_TOOLS: Final = [
    *ASKED,
    {"role": "assistant", "content": [{"text": "Let me look."}, _USE]},
    {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "tooluse_oslo", "content": [{"text": "7 °C"}], "status": "success"}},
            {"text": "And tomorrow?"},
        ],
    },
]
_AFTER_TOOLS_READ: Final = [
    user(said.QUESTION),
    # The client writes JSON with blanks.
    assistant("Let me look.", tool_calls=[wanted("tooluse_oslo", "weather", '{"city":"Oslo"}')]),
    tool("tooluse_oslo", "7 °C"),
    user("And tomorrow?"),
]
_PARTS: Final = [
    {"text": "What is in these?"},
    {"image": {"format": "png", "source": {"bytes": said.PNG}}},
    {"document": {"format": "pdf", "name": "a page", "source": {"bytes": said.PDF}}},
    {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://images/cat.png"}}}},
]
_PARTS_READ: Final = [
    {"type": "text", "text": "What is in these?"},
    {"type": "image", "media_type": "image/png", "data": said.PNG_BASE64},
    {"type": "file", "media_type": "application/pdf", "data": said.PDF_BASE64},
    {"type": "image", "media_type": "image/png", "url": "s3://images/cat.png"},
]
_CACHED: Final = {
    "inputTokens": 10,
    "outputTokens": 12,
    "totalTokens": 2322,
    "cacheReadInputTokens": 2000,
    "cacheWriteInputTokens": 300,
}
_CACHED_COUNTED: Final = {
    "input": 10,
    "input_cached_tokens": 2000,
    "input_cache_creation": 300,
    "output": 12,
    "total": 2322,
}
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="end_turn")
_THOUGHT: Final = [assistant(said.ANSWER, reasoning=said.THOUGHT)]

CASES: Final = [
    case("converse", "a question and its answer", converse(), script(SAYS), **PLAIN),
    case("converse-streamed", "an answer as an event stream", stream(), script(SAYS), stream=True, **PLAIN),
    case(
        "converse-streamed-cut-anew",
        "the same, in chunks that end within messages of the event stream",
        stream(),
        script(SAYS, changes=[wire.in_pieces_of(89)]),
        stream=True,
        **PLAIN,
    ),
    case(
        "converse-streamed-at-once",
        "the same, in one chunk",
        stream(modelId=NOVA),
        script(SAYS, changes=[wire.joined]),
        model=NOVA,
        stream=True,
        **PLAIN,
    ),
    case(
        "converse-system-and-parameters",
        "a system prompt and parameters, which are apart from the messages",
        converse(system=[{"text": said.BE_BRIEF}], inferenceConfig=_CONFIG),
        script(SAYS),
        input=[system(said.BE_BRIEF), user(said.QUESTION)],
        parameters=_CONFIG,
        **PLAIN,
    ),
    case(
        "converse-tools-answered",
        "a conversation with a call and what it gave",
        converse(messages=_AFTER_TOOLS, toolConfig=_TOOLS),
        script(SAYS),
        input=_AFTER_TOOLS_READ,
        **PLAIN,
    ),
    case(
        "converse-parts",
        "images and a document in the question",
        converse(messages=[{"role": "user", "content": _PARTS}]),
        script(SAYS),
        input=[user(_PARTS_READ)],
        **PLAIN,
    ),
    case(
        "converse-tool-use",
        "two calls",
        converse(toolConfig=_TOOLS),
        script(Says(calls=CALLS, finish="tool_use")),
        output=[assistant(None, tool_calls=_WANTED)],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "converse-tool-use-streamed",
        "text and two calls, in parts",
        stream(toolConfig=_TOOLS),
        script(Says("Let me look.", calls=CALLS, finish="tool_use")),
        stream=True,
        output=[assistant("Let me look.", tool_calls=WANTED_STREAMED)],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "converse-reasoning",
        "what the model thinks is apart from what it says",
        converse(),
        script(_THINKS),
        **{**PLAIN, "output": _THOUGHT},
    ),
    case(
        "converse-reasoning-streamed",
        "the same, in parts, with a signature",
        stream(),
        script(_THINKS),
        stream=True,
        **{**PLAIN, "output": _THOUGHT},
    ),
    case(
        "converse-cached",
        "tokens that are read from a cache, and written into it",
        converse(),
        script(SAYS, _CACHED),
        **{**PLAIN, "usage": _CACHED_COUNTED},
    ),
    case(
        "converse-cached-streamed",
        "the same, at the end of an event stream",
        stream(),
        script(SAYS, _CACHED),
        stream=True,
        **{**PLAIN, "usage": _CACHED_COUNTED},
    ),
    case(
        "converse-guardrail",
        "a guardrail speaks in the model's place",
        converse(guardrailConfig={"guardrailIdentifier": "gr1", "guardrailVersion": "1"}),
        script(Says("I cannot say that.", finish="guardrail_intervened")),
        output=[assistant("I cannot say that.")],
        usage=COUNTED,
        finish=["guardrail_intervened"],
    ),
    case(
        "converse-length",
        "the answer ends where it was told to",
        converse(inferenceConfig={"maxTokens": 3}),
        script(Says("It rains in", finish="max_tokens")),
        parameters={"maxTokens": 3},
        output=[assistant("It rains in")],
        usage=COUNTED,
        finish=["max_tokens"],
    ),
    case(
        "converse-empty-streamed",
        "the model says nothing",
        stream(),
        script(Says(finish="end_turn")),
        stream=True,
        **{**PLAIN, "output": [assistant("")]},
    ),
    case(
        "converse-unicode-streamed",
        "texts that are more than ASCII",
        stream(messages=[{"role": "user", "content": [{"text": said.ODD_QUESTION}]}]),
        script(Says(said.ODD_ANSWER, finish="end_turn"), piece=2),
        stream=True,
        input=[user(said.ODD_QUESTION)],
        **{**PLAIN, "output": [assistant(said.ODD_ANSWER)]},
    ),
]
