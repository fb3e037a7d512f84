"""A small OpenAI-compatible model server: it says what it was told to, at the pace of a real one.

    uvicorn model_server:app --port 9000

It stands in for a paid API in the demo, the examples and the tests. Which model one asks for decides what happens:

- ``demo``, or any other name: words at the pace below
- ``instant``: the same, with no time taken
- ``error-429``, or any other status: an error in OpenAI's form

The environment sets the pace: ``MODEL_FIRST_TOKEN_MS`` (default 40) and ``MODEL_TOKENS_PER_SECOND`` (default 100). How
many tokens an answer has, the request's ``max_tokens`` says (default 32).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FIRST_TOKEN_SECONDS = float(os.environ.get("MODEL_FIRST_TOKEN_MS", "40")) / 1000
SECONDS_PER_TOKEN = 1 / float(os.environ.get("MODEL_TOKENS_PER_SECOND", "100"))
DEFAULT_TOKENS = 32
WORDS = ["another ", "process ", "does ", "the ", "rest ", "of ", "the ", "work "]


@dataclass(frozen=True)
class Answer:
    """What the model says, and when."""

    id: str
    created: int
    model: str
    words: list[str]
    prompt_tokens: int
    instant: bool

    @classmethod
    def to(cls, request: dict[str, Any]) -> Answer:
        """Answer a chat completion request."""
        count = request.get("max_completion_tokens") or request.get("max_tokens") or DEFAULT_TOKENS
        prompt = " ".join(str(message.get("content", "")) for message in request.get("messages", []))
        model = str(request["model"])
        return cls(
            id=f"chatcmpl-{uuid.uuid4().hex}",
            created=int(time.time()),
            model=model,
            words=[WORDS[index % len(WORDS)] for index in range(count)],
            prompt_tokens=len(prompt.split()),
            instant=model == "instant",
        )

    async def pause(self, seconds: float) -> None:
        """Take the time that a model would."""
        if not self.instant:
            await asyncio.sleep(seconds)

    def usage(self) -> dict[str, int]:
        """Return what would be charged for."""
        completion = len(self.words)
        total = self.prompt_tokens + completion
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": completion, "total_tokens": total}

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece."""
        message = {"role": "assistant", "content": "".join(self.words).rstrip()}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        head = {"id": self.id, "object": "chat.completion", "created": self.created, "model": self.model}
        return {**head, "choices": [choice], "usage": self.usage()}

    def chunk(self, delta: dict[str, str] | None, finish_reason: str | None = None) -> dict[str, Any]:
        """Return one piece of the streamed answer; without a delta, the last one, which has the usage."""
        head = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
        }
        if delta is None:
            return {**head, "choices": [], "usage": self.usage()}
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Serve ``POST /v1/chat/completions``."""
    if scope["type"] != "http":
        raise NotImplementedError(f"only HTTP is served, not {scope['type']}")
    body = await _body(receive)
    if (scope["method"], scope["path"]) != ("POST", "/v1/chat/completions"):
        await _error(send, 404, f"there is no {scope['method']} {scope['path']} here")
        return
    try:
        request = json.loads(body)
        answer = Answer.to(request)
    except (ValueError, TypeError, KeyError, AttributeError):
        await _error(send, 400, "the body must be a chat completion request with a model")
        return
    if status := re.fullmatch(r"error-([45]\d\d)", answer.model):
        await _error(send, int(status[1]), f"the model {answer.model} always answers with this")
    elif request.get("stream"):
        await _stream(send, answer, usage=bool((request.get("stream_options") or {}).get("include_usage")))
    else:
        await answer.pause(FIRST_TOKEN_SECONDS + SECONDS_PER_TOKEN * (len(answer.words) - 1))
        await _json(send, 200, answer.whole())


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def _stream(send: Send, answer: Answer, *, usage: bool) -> None:
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def event(data: str) -> None:
        await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})

    await answer.pause(FIRST_TOKEN_SECONDS)
    await event(json.dumps(answer.chunk({"role": "assistant", "content": ""})))
    for word in answer.words:
        await event(json.dumps(answer.chunk({"content": word})))
        await answer.pause(SECONDS_PER_TOKEN)
    await event(json.dumps(answer.chunk({}, "stop")))
    if usage:
        await event(json.dumps(answer.chunk(None)))
    await event("[DONE]")
    await send({"type": "http.response.body", "body": b""})


async def _error(send: Send, status: int, message: str) -> None:
    kind = "rate_limit_error" if status == 429 else "api_error" if status >= 500 else "invalid_request_error"
    await _json(
        send, status, {"error": {"message": message, "type": kind, "param": None, "code": str(status)}}
    )


async def _json(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
