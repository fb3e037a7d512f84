"""OpenAI's completions, which can be streamed, and its APIs that answer in one piece: those a script's body is.

https://platform.openai.com/docs/api-reference/completions, …/embeddings, …/moderations, …/images, …/audio. With
``options["media"]`` the answer is a file of that type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .script import CREATED, Reply, Request, Script
from .wire import event, pieces, stream, whole


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST …/completions``, or whatever else has its answer in the script."""
    if script.body is not None:
        return whole(script, script.body, script.options.get("media", "application/json"))
    if request.body.get("stream"):
        return stream(script, [*_events(request.body, script), event("[DONE]")])
    choices = [
        {**_choice(index, says.text), "finish_reason": says.finish, **says.extra}
        for index, says in enumerate(script.choices)
    ]
    return whole(script, {**_head(script), "choices": choices, "usage": script.usage})


def _head(script: Script) -> dict[str, Any]:
    return {"id": script.id, "object": "text_completion", "created": CREATED, "model": script.model}


def _choice(index: int, text: str) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": None}


def _events(asked: dict[str, Any], script: Script) -> Iterator[bytes]:
    head = _head(script)
    for index, says in enumerate(script.choices):
        for piece in pieces(says.text, script.piece):
            yield event({**head, "choices": [_choice(index, piece)]})
        ended = {**_choice(index, ""), "finish_reason": says.finish, **says.extra}
        yield event({**head, "choices": [ended]})
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield event({**head, "choices": [], "usage": script.usage})
