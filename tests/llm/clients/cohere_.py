"""The client ``cohere``: ``ClientV2``, and ``Client`` for version 1 of the API."""

from __future__ import annotations

from typing import Any

import cohere

from .heard import Ask, Heard, asking


def chat(**asked: Any) -> Ask:
    """``ClientV2.chat``."""

    def ask(url: str, heard: Heard) -> None:
        answer = cohere.ClientV2(api_key="not-a-key", base_url=url).chat(**asked)
        heard.id = answer.id
        for part in answer.message.content or ():
            heard.text(0, getattr(part, "text", None))
            heard.thought(0, getattr(part, "thinking", None))
        heard.thought(0, answer.message.tool_plan)
        for number, call in enumerate(answer.message.tool_calls or ()):
            heard.call(0, number, call.function.name, call.function.arguments)
        heard.ended(0, answer.finish_reason)
        _charged(heard, answer.usage)

    return asking(ask)


def chat_stream(**asked: Any) -> Ask:
    """``ClientV2.chat_stream``."""

    def ask(url: str, heard: Heard) -> None:
        for event in cohere.ClientV2(api_key="not-a-key", base_url=url).chat_stream(**asked):
            _event(heard, event)

    return asking(ask)


def _event(heard: Heard, event: Any) -> None:
    if event.type == "message-start":
        heard.id = event.id
    elif event.type == "content-delta":
        heard.text(0, event.delta.message.content.text)
        heard.thought(0, event.delta.message.content.thinking)
    elif event.type == "tool-plan-delta":
        heard.thought(0, event.delta.message.tool_plan)
    elif event.type in {"tool-call-start", "tool-call-delta"}:
        function = event.delta.message.tool_calls.function
        heard.call(0, event.index, getattr(function, "name", None), function.arguments)
    elif event.type == "message-end":
        heard.ended(0, event.delta.finish_reason)
        _charged(heard, event.delta.usage)


def _charged(heard: Heard, told: Any) -> None:
    units = told and told.billed_units
    if units and units.input_tokens is not None:
        heard.total = int(units.input_tokens + (units.output_tokens or 0))


def chat_v1(**asked: Any) -> Ask:
    """``Client.chat``."""

    def ask(url: str, heard: Heard) -> None:
        _v1(heard, cohere.Client(api_key="not-a-key", base_url=url).chat(**asked))

    return asking(ask)


def chat_stream_v1(**asked: Any) -> Ask:
    """``Client.chat_stream``."""

    def ask(url: str, heard: Heard) -> None:
        for event in cohere.Client(api_key="not-a-key", base_url=url).chat_stream(**asked):
            if event.event_type == "stream-end":
                _v1(heard, event.response)

    return asking(ask)


def _v1(heard: Heard, answer: Any) -> None:
    heard.id = answer.response_id
    heard.text(0, answer.text)
    for number, call in enumerate(answer.tool_calls or ()):
        heard.call(0, number, call.name, call.parameters)
    heard.ended(0, answer.finish_reason)
    _charged(heard, answer.meta)


def other(method: str, *, version: int = 2, **asked: Any) -> Ask:
    """A method that answers in one piece: ``embed``, ``rerank``."""

    def ask(url: str, heard: Heard) -> None:
        made = cohere.ClientV2 if version == 2 else cohere.Client
        answer = getattr(made(api_key="not-a-key", base_url=url), method)(**asked)
        heard.id = answer.id
        _charged(heard, answer.meta)

    return asking(ask)
