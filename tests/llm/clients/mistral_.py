"""The client ``mistralai``."""

from __future__ import annotations

from typing import Any

from mistralai.client import Mistral

from .heard import Ask, Heard, asking


def chat(*, part: str = "chat", **asked: Any) -> Ask:
    """``chat.complete``, or ``fim.complete``."""

    def ask(url: str, heard: Heard) -> None:
        answer = getattr(Mistral(api_key="not-a-key", server_url=url), part).complete(**asked)
        heard.id, heard.model, heard.total = answer.id, answer.model, answer.usage.total_tokens
        for choice in answer.choices:
            _said(heard, choice.index, choice.message)
            heard.ended(choice.index, choice.finish_reason)

    return asking(ask)


def chat_stream(*, part: str = "chat", **asked: Any) -> Ask:
    """``chat.stream``, or ``fim.stream``."""

    def ask(url: str, heard: Heard) -> None:
        for event in getattr(Mistral(api_key="not-a-key", server_url=url), part).stream(**asked):
            chunk = event.data
            heard.id, heard.model = chunk.id, chunk.model
            if chunk.usage:
                heard.total = chunk.usage.total_tokens
            for choice in chunk.choices:
                _said(heard, choice.index, choice.delta)
                heard.ended(choice.index, choice.finish_reason)

    return asking(ask)


def _said(heard: Heard, index: int, message: Any) -> None:
    content = message.content or ""
    for part in [content] if isinstance(content, str) else content:
        if isinstance(part, str):
            heard.text(index, part)
        elif part.type == "thinking":
            heard.thought(index, "".join(each.text for each in part.thinking))
        else:
            heard.text(index, part.text)
    for call in message.tool_calls or ():
        heard.call(index, len(heard.calls.get(index, ())), call.function.name, call.function.arguments)


def embed(**asked: Any) -> Ask:
    """``embeddings.create``."""

    def ask(url: str, heard: Heard) -> None:
        answer = Mistral(api_key="not-a-key", server_url=url).embeddings.create(**asked)
        heard.id, heard.model, heard.total = answer.id, answer.model, answer.usage.total_tokens

    return asking(ask)
