"""The client ``openai``, and whoever else's API it is used for."""

from __future__ import annotations

import asyncio
from typing import Any

import openai

from .heard import Ask, Heard, asking

Options = dict[str, Any]

#: Its retries are exchanges of their own.
_COMMON: Options = {"api_key": "not-a-key", "max_retries": 0}


def _client(url: str, base: str) -> Any:
    if base == "azure":
        return openai.AzureOpenAI(azure_endpoint=url, api_version="2024-10-21", **_COMMON)
    return openai.OpenAI(base_url=url + base, **_COMMON)


# --- chat completions -----------------------------------------------------------------------------------------------


def chat(*, base: str = "/v1", leaves_after: int = 0, **asked: Any) -> Ask:
    """``chat.completions.create``; ``leaves_after``: the client goes when it has heard so many chunks."""

    def ask(url: str, heard: Heard) -> None:
        answer = _client(url, base).chat.completions.create(**asked)
        if not asked.get("stream"):
            _completion(heard, answer)
            return
        for number, chunk in enumerate(answer, 1):
            _chunk(heard, chunk)
            if number == leaves_after:
                answer.close()
                return

    return asking(ask)


def chat_async(**asked: Any) -> Ask:
    """The same with ``AsyncOpenAI``."""

    async def asking_(url: str, heard: Heard) -> None:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", **_COMMON) as client:
            answer = await client.chat.completions.create(**asked)
            if asked.get("stream"):
                async for chunk in answer:
                    _chunk(heard, chunk)
            else:
                _completion(heard, answer)

    return asking(lambda url, heard: asyncio.run(asking_(url, heard)))


def _completion(heard: Heard, answer: Any) -> None:
    heard.id, heard.model = answer.id, answer.model
    heard.total = answer.usage.total_tokens if answer.usage else None
    for choice in answer.choices:
        message = choice.message
        heard.text(choice.index, message.content)
        heard.refused(choice.index, message.refusal)
        heard.thought(choice.index, _reasoning(message))
        for number, call in enumerate(message.tool_calls or ()):
            heard.call(choice.index, number, call.function.name, call.function.arguments)
        heard.ended(choice.index, choice.finish_reason)


def _chunk(heard: Heard, chunk: Any) -> None:
    heard.id, heard.model = chunk.id or heard.id, chunk.model or heard.model
    if chunk.usage:
        heard.total = chunk.usage.total_tokens
    # What a later version sends may have none.
    for choice in chunk.choices or ():
        delta = choice.delta
        heard.text(choice.index, delta.content)
        heard.refused(choice.index, delta.refusal)
        heard.thought(choice.index, _reasoning(delta))
        for call in delta.tool_calls or ():
            heard.call(choice.index, call.index, call.function.name, call.function.arguments)
        heard.ended(choice.index, choice.finish_reason)


def _reasoning(message: Any) -> str | None:
    return getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)


# --- responses ------------------------------------------------------------------------------------------------------


def responses(**asked: Any) -> Ask:
    """``responses.create``."""

    def ask(url: str, heard: Heard) -> None:
        answer = _client(url, "/v1").responses.create(**asked)
        if not asked.get("stream"):
            _response(heard, answer)
            return
        for event in answer:
            if event.type in {"response.completed", "response.incomplete", "response.failed"}:
                _response(heard, event.response)
            elif event.type == "error":
                raise RuntimeError(event.message)

    return asking(ask)


def _response(heard: Heard, answer: Any) -> None:
    heard.id, heard.model = answer.id, answer.model
    heard.total = answer.usage.total_tokens if answer.usage else None
    heard.text(0, answer.output_text)
    heard.ended(0, answer.incomplete_details.reason if answer.incomplete_details else answer.status)
    calls = 0
    for item in answer.output:
        if item.type == "reasoning":
            heard.thought(0, "".join(part.text for part in item.summary))
        elif item.type == "function_call":
            heard.call(0, calls, item.name, item.arguments)
            calls += 1
        elif item.type == "message":
            heard.refused(0, "".join(part.refusal for part in item.content if part.type == "refusal"))
    if answer.error is not None:
        raise RuntimeError(answer.error.message)


# --- the others -----------------------------------------------------------------------------------------------------


def completions(**asked: Any) -> Ask:
    """``completions.create``."""

    def ask(url: str, heard: Heard) -> None:
        answer = _client(url, "/v1").completions.create(**asked)
        for each in answer if asked.get("stream") else [answer]:
            heard.id, heard.model = each.id, each.model
            heard.total = each.usage.total_tokens if each.usage else heard.total
            for choice in each.choices:
                heard.text(choice.index, choice.text)
                heard.ended(choice.index, choice.finish_reason)

    return asking(ask)


def other(method: str, *, base: str = "/v1", **asked: Any) -> Ask:
    """A method that answers in one piece: ``embeddings.create``, ``audio.speech.create``."""

    def ask(url: str, heard: Heard) -> None:
        called: Any = _client(url, base)
        for name in method.split("."):
            called = getattr(called, name)
        answer = called(**asked)
        heard.model = getattr(answer, "model", None)
        heard.id = getattr(answer, "id", None)
        heard.total = getattr(getattr(answer, "usage", None), "total_tokens", None)

    return asking(ask)
