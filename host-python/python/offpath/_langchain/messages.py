"""Messages as Langfuse shows them: role, content, and the tools that are called or offered.

Contents are handed on as they are; what is kept of them is bounded where they are written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration
from langchain_core.utils.function_calling import convert_to_openai_tool

_ROLES: Final = {
    "human": "user",
    "HumanMessageChunk": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "SystemMessageChunk": "system",
    "tool": "tool",
    "ToolMessageChunk": "tool",
    "function": "function",
    "FunctionMessageChunk": "function",
}


def as_dict(message: BaseMessage) -> dict[str, Any]:
    """Return a message as role and content, with what else it carries."""
    # Messages of no fixed role, ``ChatMessage``, say theirs.
    role = _ROLES.get(message.type) or getattr(message, "role", message.type)
    said: dict[str, Any] = {"role": role, "content": message.content}
    if calls := getattr(message, "tool_calls", None):
        said["tool_calls"] = calls
    if calls := getattr(message, "invalid_tool_calls", None):
        said["invalid_tool_calls"] = calls
    if (call := getattr(message, "tool_call_id", None)) is not None:
        said["tool_call_id"] = call
    if more := message.additional_kwargs:
        if "name" in more:
            said["name"] = more["name"]
        said["additional_kwargs"] = more
    return said


def asked(messages: Iterable[Iterable[BaseMessage]], tools: Any) -> list[dict[str, Any]]:
    """Return what a chat model is asked: the messages, and the tools that it is offered."""
    return [as_dict(message) for each in messages for message in each] + offered(tools)


def offered(tools: Any) -> list[dict[str, Any]]:
    """Return the tools that a model is offered as messages, which is where Langfuse looks for them."""
    if not isinstance(tools, list):
        return []
    return [{"role": "tool", "content": _definition(tool)} for tool in tools]


def _definition(tool: Any) -> Any:
    """Return a tool in OpenAI's form, which most integrations give it already."""
    if isinstance(tool, dict) and tool.get("type") == "function" and isinstance(tool.get("function"), dict):
        return tool
    try:
        return convert_to_openai_tool(tool)
    except Exception:  # noqa: BLE001 - it is whatever the app has handed to its model
        return tool


def answered(response: Any) -> Any:
    """Return what a model has answered: a message, or a text. None if it has not begun to.

    Args:
        response: an ``LLMResult``.
    """
    if not response.generations or not response.generations[-1]:
        return None
    last = response.generations[-1][-1]
    if isinstance(last, ChatGeneration):
        return as_dict(last.message)
    return (last.text or "").strip()


def begun(response: Any) -> Any:
    """Return what a model had said until it failed; None if nothing.

    Args:
        response: an ``LLMResult``, which may have more that tells only of the failure.
    """
    for generations in response.generations:
        for generation in generations:
            message = getattr(generation, "message", None)
            if generation.text or getattr(message, "tool_calls", None):
                return generation.text if message is None else as_dict(message)
    return None
