"""The client ``anthropic``."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic

from .heard import Ask, Heard, asking

_COMMON: dict[str, Any] = {"api_key": "not-a-key", "max_retries": 0}


def messages(*, leaves: bool = False, **asked: Any) -> Ask:
    """``messages.create``; ``leaves``: the client goes when it has heard that the message has ended."""

    def ask(url: str, heard: Heard) -> None:
        answer = anthropic.Anthropic(base_url=url, **_COMMON).messages.create(**asked)
        if asked.get("stream"):
            counts: dict[str, int] = {}
            for event in answer:
                counts = _event(heard, event, counts)
                if leaves and event.type == "message_stop":
                    answer.close()
                    return
        else:
            _message(heard, answer)

    return asking(ask)


def stream(**asked: Any) -> Ask:
    """``messages.stream``, which puts the answer together itself."""

    def ask(url: str, heard: Heard) -> None:
        client = anthropic.Anthropic(base_url=url, **_COMMON)
        with client.messages.stream(**asked) as told:
            _message(heard, told.get_final_message())

    return asking(ask)


def messages_async(**asked: Any) -> Ask:
    """``messages.create`` of ``AsyncAnthropic``, streamed."""

    async def asking_(url: str, heard: Heard) -> None:
        async with anthropic.AsyncAnthropic(base_url=url, **_COMMON) as client:
            counts: dict[str, int] = {}
            async for event in await client.messages.create(**asked, stream=True):
                counts = _event(heard, event, counts)

    return asking(lambda url, heard: asyncio.run(asking_(url, heard)))


def _message(heard: Heard, answer: Any) -> None:
    heard.id, heard.model = answer.id, answer.model
    calls = 0
    for block in answer.content:
        if block.type == "text":
            heard.text(0, block.text)
        elif block.type == "thinking":
            heard.thought(0, block.thinking)
        elif block.type == "tool_use":
            heard.call(0, calls, block.name, block.input)
            calls += 1
    heard.ended(0, answer.stop_reason)
    _counted(heard, answer.usage, {})


def _counted(heard: Heard, usage: Any, before: dict[str, int]) -> dict[str, int]:
    """The counts that hold: those told last, which add up to all."""
    kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    told = {kind: getattr(usage, kind) for kind in kinds if getattr(usage, kind) is not None}
    counts = before | told
    heard.total = sum(counts.values())
    return counts


def _event(heard: Heard, event: Any, counts: dict[str, int]) -> dict[str, int]:
    if event.type == "message_start":
        heard.id, heard.model = event.message.id, event.message.model
        counts = _counted(heard, event.message.usage, counts)
    elif event.type == "content_block_start" and event.content_block.type == "tool_use":
        heard.call(0, event.index, event.content_block.name, "")
    elif event.type == "content_block_delta":
        delta = event.delta
        heard.text(0, getattr(delta, "text", None))
        heard.thought(0, getattr(delta, "thinking", None))
        if delta.type == "input_json_delta":
            heard.call(0, event.index, None, delta.partial_json)
    elif event.type == "message_delta":
        heard.ended(0, event.delta.stop_reason)
        counts = _counted(heard, event.usage, counts)
    return counts
