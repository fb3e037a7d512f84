"""The client ``ollama``."""

from __future__ import annotations

import asyncio
from typing import Any

import ollama

from .heard import Ask, Heard, asking


def chat(*, method: str = "chat", **asked: Any) -> Ask:
    """``chat`` or ``generate``."""

    def ask(url: str, heard: Heard) -> None:
        answer = getattr(ollama.Client(host=url), method)(**asked)
        for each in answer if asked.get("stream") else [answer]:
            _part(heard, each)

    return asking(ask)


def chat_async(**asked: Any) -> Ask:
    """``AsyncClient.chat``, streamed."""

    async def asking_(url: str, heard: Heard) -> None:
        async for each in await ollama.AsyncClient(host=url).chat(**asked, stream=True):
            _part(heard, each)

    return asking(lambda url, heard: asyncio.run(asking_(url, heard)))


def _part(heard: Heard, told: Any) -> None:
    heard.model = told.model
    message = getattr(told, "message", None)
    heard.text(0, message.content if message else told.response)
    heard.thought(0, message.thinking if message else told.thinking)
    for call in (message and message.tool_calls) or ():
        heard.call(0, len(heard.calls.get(0, ())), call.function.name, dict(call.function.arguments))
    heard.ended(0, told.done_reason)
    if told.done and told.prompt_eval_count is not None:
        heard.total = told.prompt_eval_count + (told.eval_count or 0)


def other(method: str, **asked: Any) -> Ask:
    """``embed`` or ``embeddings``."""

    def ask(url: str, heard: Heard) -> None:
        answer = getattr(ollama.Client(host=url), method)(**asked)
        heard.model = getattr(answer, "model", None)

    return asking(ask)
