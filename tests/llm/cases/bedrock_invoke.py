"""Amazon Bedrock's invoke, which is for each model its vendor's own API."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import bedrock as client
from tests.llm.server.script import Says, Script

from . import said
from .bedrock_converse import ASKED, CALLS, CLAUDE, NOVA, PLAIN, SAYS, WANTED_STREAMED, case, script
from .case import assistant, system, user

TITAN: Final = "amazon.titan-text-express-v1"
LLAMA: Final = "meta.llama3-1-8b-instruct-v1:0"
COMMAND: Final = "cohere.command-r-v1:0"

_MESSAGES: Final = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 256,
    "system": said.BE_BRIEF,
    "messages": [{"role": "user", "content": said.QUESTION}],
}
_CLAUDE_USAGE: Final = {"input_tokens": 30, "output_tokens": 12}
_CLAUDE: Final = {
    **PLAIN,
    "input": [system(said.BE_BRIEF), user(said.QUESTION)],
    "response_model": "claude-3-5-sonnet-20240620",
    "parameters": {"max_tokens": 256},
}


def _claude(identity: str, says: Says = SAYS) -> Script:
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
    return {"model": model, "operation": "text_completion", **PLAIN, "finish": [reason], **more}


_LLAMA_EXPECTED: Final = _completed(LLAMA, "stop", parameters={"max_gen_len": 64, "temperature": 0.25})
_NOVA_EXPECTED: Final = {
    **PLAIN,
    "model": NOVA,
    "input": [system(said.BE_BRIEF), user(said.QUESTION)],
    "parameters": {"maxTokens": 64},
}
_COMMAND_EXPECTED: Final = {
    **PLAIN,
    "model": COMMAND,
    "input": [user("Hello"), assistant("Hi!"), user(said.QUESTION)],
    "parameters": {"max_tokens": 64},
    "finish": ["COMPLETE"],
}
_FINISHED: Final = Says(said.ANSWER, finish="FINISH")
_STOPPED: Final = Says(said.ANSWER, finish="stop")
_COMPLETE: Final = Says(said.ANSWER, finish="COMPLETE")

CASES: Final = [
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
        _claude("msg_bdrk_tool", Says("Let me look.", calls=CALLS, finish="tool_use")),
        stream=True,
        **{
            **_CLAUDE,
            "output": [assistant("Let me look.", tool_calls=WANTED_STREAMED)],
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
        **_completed(TITAN, "FINISH", parameters={"maxTokenCount": 64, "temperature": 0.25}),
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
    case("invoke-nova", "Amazon Nova", client.invoke(NOVA, _NOVA), script(SAYS), **_NOVA_EXPECTED),
    case(
        "invoke-nova-streamed",
        "the same, in parts",
        client.invoke_stream(NOVA, _NOVA),
        script(SAYS),
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
        parameters={"dimensions": 3},
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
        parameters={"input_type": "search_query"},
    ),
]
