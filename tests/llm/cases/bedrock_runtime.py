"""Amazon Bedrock: converse for any model, and invoke for each vendor's own API."""

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
TITAN: Final = "amazon.titan-text-express-v1"
LLAMA: Final = "meta.llama3-1-8b-instruct-v1:0"
COMMAND: Final = "cohere.command-r-v1:0"

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


_PLAIN: Final[dict[str, Any]] = {"output": [assistant(said.ANSWER)], "usage": COUNTED, "finish": ["end_turn"]}
_SAYS: Final = Says(said.ANSWER, finish="end_turn")

_CONFIG: Final = {"temperature": 0.25, "topP": 0.5, "maxTokens": 64, "stopSequences": ["END"]}
_TOOLS: Final = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": said.CITY}}}]}
_CALLS: Final = [
    Call("tooluse_oslo", "weather", '{"city":"Oslo"}'),
    Call("tooluse_bergen", "weather", '{"city":"Bergen"}'),
]
_WANTED: Final = [
    wanted("tooluse_oslo", "weather", '{"city":"Oslo"}'),
    wanted("tooluse_bergen", "weather", '{"city":"Bergen"}'),
]
_WANTED_STREAMED: Final = [
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

_CONVERSE: Final = [
    case("converse", "a question and its answer", converse(), script(_SAYS), **_PLAIN),
    case("converse-streamed", "an answer as an event stream", stream(), script(_SAYS), stream=True, **_PLAIN),
    case(
        "converse-streamed-cut-anew",
        "the same, in chunks that end within messages of the event stream",
        stream(),
        script(_SAYS, changes=[wire.in_pieces_of(89)]),
        stream=True,
        **_PLAIN,
    ),
    case(
        "converse-streamed-at-once",
        "the same, in one chunk",
        stream(modelId=NOVA),
        script(_SAYS, changes=[wire.joined]),
        model=NOVA,
        stream=True,
        **_PLAIN,
    ),
    case(
        "converse-system-and-parameters",
        "a system prompt and parameters, which are apart from the messages",
        converse(system=[{"text": said.BE_BRIEF}], inferenceConfig=_CONFIG),
        script(_SAYS),
        input=[system(said.BE_BRIEF), user(said.QUESTION)],
        parameters=_CONFIG,
        **_PLAIN,
    ),
    case(
        "converse-tools-answered",
        "a conversation with a call and what it gave",
        converse(messages=_AFTER_TOOLS, toolConfig=_TOOLS),
        script(_SAYS),
        input=_AFTER_TOOLS_READ,
        **_PLAIN,
    ),
    case(
        "converse-parts",
        "images and a document in the question",
        converse(messages=[{"role": "user", "content": _PARTS}]),
        script(_SAYS),
        input=[user(_PARTS_READ)],
        **_PLAIN,
    ),
    case(
        "converse-tool-use",
        "two calls",
        converse(toolConfig=_TOOLS),
        script(Says(calls=_CALLS, finish="tool_use")),
        output=[assistant(None, tool_calls=_WANTED)],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "converse-tool-use-streamed",
        "text and two calls, in parts",
        stream(toolConfig=_TOOLS),
        script(Says("Let me look.", calls=_CALLS, finish="tool_use")),
        stream=True,
        output=[assistant("Let me look.", tool_calls=_WANTED_STREAMED)],
        usage=COUNTED,
        finish=["tool_use"],
    ),
    case(
        "converse-reasoning",
        "what the model thinks is apart from what it says",
        converse(),
        script(_THINKS),
        **{**_PLAIN, "output": _THOUGHT},
    ),
    case(
        "converse-reasoning-streamed",
        "the same, in parts, with a signature",
        stream(),
        script(_THINKS),
        stream=True,
        **{**_PLAIN, "output": _THOUGHT},
    ),
    case(
        "converse-cached",
        "tokens that are read from a cache, and written into it",
        converse(),
        script(_SAYS, _CACHED),
        **{**_PLAIN, "usage": _CACHED_COUNTED},
    ),
    case(
        "converse-cached-streamed",
        "the same, at the end of an event stream",
        stream(),
        script(_SAYS, _CACHED),
        stream=True,
        **{**_PLAIN, "usage": _CACHED_COUNTED},
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
        **{**_PLAIN, "output": [assistant("")]},
    ),
    case(
        "converse-unicode-streamed",
        "texts that are more than ASCII",
        stream(messages=[{"role": "user", "content": [{"text": said.ODD_QUESTION}]}]),
        script(Says(said.ODD_ANSWER, finish="end_turn"), piece=2),
        stream=True,
        input=[user(said.ODD_QUESTION)],
        **{**_PLAIN, "output": [assistant(said.ODD_ANSWER)]},
    ),
]

_MESSAGES: Final = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 256,
    "system": said.BE_BRIEF,
    "messages": [{"role": "user", "content": said.QUESTION}],
}
_CLAUDE_USAGE: Final = {"input_tokens": 30, "output_tokens": 12}
_CLAUDE: Final = {
    **_PLAIN,
    "input": [system(said.BE_BRIEF), user(said.QUESTION)],
    "response_model": "claude-3-5-sonnet-20240620",
    "parameters": {"max_tokens": 256},
}


def _claude(identity: str, says: Says = _SAYS) -> Script:
    return Script([says], id=identity, model="claude-3-5-sonnet-20240620", usage=_CLAUDE_USAGE)


_TITAN: Final = {
    "inputText": said.QUESTION,
    "textGenerationConfig": {"maxTokenCount": 64, "temperature": 0.25},
}
_LLAMA: Final = {"prompt": said.QUESTION, "max_gen_len": 64, "temperature": 0.25}
_NOVA: Final = {
    "system": [{"text": said.BE_BRIEF}],
    "messages": ASKED,
    "inferenceConfig": {"maxTokens": 64},
}
_COMMAND: Final = {
    "message": said.QUESTION,
    "chat_history": [{"role": "USER", "message": "Hello"}, {"role": "CHATBOT", "message": "Hi!"}],
    "max_tokens": 64,
}
_COUNTS: Final = {"input": 30, "output": 12}


def _completed(model: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "operation": "text_completion", **_PLAIN, "finish": [reason], **more}


_LLAMA_EXPECTED: Final = _completed(LLAMA, "stop", parameters={"max_gen_len": 64, "temperature": 0.25})
_NOVA_EXPECTED: Final = {
    **_PLAIN,
    "model": NOVA,
    "input": [system(said.BE_BRIEF), user(said.QUESTION)],
    "parameters": {"maxTokens": 64},
}
_COMMAND_EXPECTED: Final = {
    **_PLAIN,
    "model": COMMAND,
    "input": [user("Hello"), assistant("Hi!"), user(said.QUESTION)],
    "parameters": {"max_tokens": 64},
    "finish": ["COMPLETE"],
}
_FINISHED: Final = Says(said.ANSWER, finish="FINISH")
_STOPPED: Final = Says(said.ANSWER, finish="stop")
_COMPLETE: Final = Says(said.ANSWER, finish="COMPLETE")

_INVOKE: Final = [
    case(
        "invoke-anthropic",
        "Anthropic's messages",
        client.invoke(CLAUDE, _MESSAGES),
        _claude("msg_bdrk_plain"),
        **_CLAUDE,
    ),
    case(
        "invoke-anthropic-streamed",
        "Anthropic's events, in the chunks of an event stream",
        client.invoke_stream(CLAUDE, _MESSAGES),
        _claude("msg_bdrk_streamed"),
        stream=True,
        **_CLAUDE,
    ),
    case(
        "invoke-anthropic-tool-use-streamed",
        "calls among them",
        client.invoke_stream(CLAUDE, _MESSAGES),
        _claude("msg_bdrk_tool", Says("Let me look.", calls=_CALLS, finish="tool_use")),
        stream=True,
        **{
            **_CLAUDE,
            "output": [assistant("Let me look.", tool_calls=_WANTED_STREAMED)],
            "finish": ["tool_use"],
        },
    ),
    case(
        "invoke-titan",
        "Amazon Titan's text",
        client.invoke(TITAN, _TITAN),
        Script([_FINISHED], usage=_COUNTS),
        **_completed(TITAN, "FINISH", parameters={"maxTokenCount": 64, "temperature": 0.25}),
    ),
    case(
        "invoke-titan-streamed",
        "the same, in parts",
        client.invoke_stream(TITAN, _TITAN),
        Script([_FINISHED], usage=_COUNTS),
        stream=True,
        **_completed(TITAN, "FINISH"),
    ),
    case(
        "invoke-llama",
        "Meta's Llama",
        client.invoke(LLAMA, _LLAMA),
        Script([_STOPPED], usage=_COUNTS),
        **_LLAMA_EXPECTED,
    ),
    case(
        "invoke-llama-streamed",
        "the same, in parts; each tells how many tokens there are by then",
        client.invoke_stream(LLAMA, _LLAMA),
        Script([_STOPPED], usage=_COUNTS),
        stream=True,
        **_LLAMA_EXPECTED,
    ),
    case("invoke-nova", "Amazon Nova", client.invoke(NOVA, _NOVA), script(_SAYS), **_NOVA_EXPECTED),
    case(
        "invoke-nova-streamed",
        "the same, in parts",
        client.invoke_stream(NOVA, _NOVA),
        script(_SAYS),
        stream=True,
        **_NOVA_EXPECTED,
    ),
    case(
        "invoke-cohere",
        "Cohere's Command R, which tells no tokens",
        client.invoke(COMMAND, _COMMAND),
        Script([_COMPLETE], id="1a2b"),
        **{**_COMMAND_EXPECTED, "usage": {}},
    ),
    case(
        "invoke-cohere-streamed",
        "the same, in parts; the last has Bedrock's own counts",
        client.invoke_stream(COMMAND, _COMMAND),
        Script([_COMPLETE], id="1a2b", usage=_COUNTS),
        stream=True,
        **_COMMAND_EXPECTED,
    ),
    case(
        "invoke-titan-embed",
        "Amazon Titan's vectors",
        client.invoke("amazon.titan-embed-text-v2:0", {"inputText": said.QUESTION, "dimensions": 3}),
        Script(body={"embedding": [0.25, -0.5, 0.125], "inputTextTokenCount": 7}),
        model="amazon.titan-embed-text-v2:0",
        operation="embeddings",
        usage={"input": 7, "total": 7},
    ),
    case(
        "invoke-cohere-embed",
        "Cohere's vectors",
        client.invoke(
            "cohere.embed-english-v3", {"texts": [said.QUESTION, "Hello"], "input_type": "search_query"}
        ),
        Script(
            id="3c4d",
            body={
                "embeddings": [[0.25, -0.5], [0.5, 0.125]],
                "id": "3c4d",
                "response_type": "embeddings_floats",
                "texts": [said.QUESTION, "Hello"],
            },
        ),
        model="cohere.embed-english-v3",
        operation="embeddings",
        input=[user(said.QUESTION), user("Hello")],
    ),
]

CASES: Final = [*_CONVERSE, *_INVOKE]
