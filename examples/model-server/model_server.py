"""A small OpenAI-compatible model server: it says what it was told to, at the pace of a real one.

    uvicorn model_server:app --port 9000

It stands in for a paid API in the demo, the examples and the tests. Which model one asks for decides what happens:

- ``demo``, or any other name: words at the pace below
- ``instant``: the same, with no time taken
- ``error-429``, or any other status: an error in OpenAI's form

The environment sets the pace: ``MODEL_FIRST_TOKEN_MS`` (default 40) and ``MODEL_TOKENS_PER_SECOND`` (default 100). How
many tokens an answer has, the request's ``max_tokens`` says (default 32).

A request that offers tools is answered with a call of one, about the last word that the user said; when it comes again with
what the tool said, with words. Embeddings are alike where texts have words in common.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import os
import re
import struct
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FIRST_TOKEN_SECONDS = float(os.environ.get("MODEL_FIRST_TOKEN_MS", "40")) / 1000
SECONDS_PER_TOKEN = 1 / float(os.environ.get("MODEL_TOKENS_PER_SECOND", "100"))
DEFAULT_TOKENS = 32
DEFAULT_DIMENSIONS = 256
WORDS = ["another ", "process ", "does ", "the ", "rest ", "of ", "the ", "work "]


@dataclass(frozen=True)
class Call:
    """A call of a tool that the model asks for."""

    id: str
    name: str
    #: What the arguments come to, in the pieces in which they are written.
    arguments: list[str]

    @classmethod
    def asked_for(cls, request: dict[str, Any]) -> Call | None:
        """Return a call of the tool that is chosen, or else offered first; None if it is not the user who spoke last."""
        tools = {each["function"]["name"]: each["function"] for each in request.get("tools") or []}
        choice = request.get("tool_choice")
        if not tools or choice == "none" or (last := request["messages"][-1])["role"] != "user":
            return None
        name = choice["function"]["name"] if isinstance(choice, dict) else next(iter(tools))
        subject = (re.findall(r"\w+", _text(last)) or ["nothing"])[-1]
        schemas = tools[name].get("parameters", {}).get("properties", {})
        arguments = {key: _argument(schema, subject) for key, schema in schemas.items()}
        return cls(f"call_{uuid.uuid4().hex}", name, re.findall(r"\s*\S+", json.dumps(arguments)))

    def whole(self) -> dict[str, Any]:
        """Return the call in one piece."""
        return self._named("".join(self.arguments))

    def deltas(self) -> list[dict[str, Any]]:
        """Return the pieces of the streamed call, of which the first has the name."""
        pieces = [self._named(""), *({"function": {"arguments": piece}} for piece in self.arguments)]
        return [{"tool_calls": [{"index": 0, **piece}]} for piece in pieces]

    def _named(self, arguments: str) -> dict[str, Any]:
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}


@dataclass(frozen=True)
class Answer:
    """What the model says, and when."""

    id: str
    created: int
    model: str
    words: list[str]
    call: Call | None
    prompt_tokens: int
    instant: bool

    @classmethod
    def to(cls, request: dict[str, Any]) -> Answer:
        """Answer a chat completion request."""
        count = request.get("max_completion_tokens") or request.get("max_tokens") or DEFAULT_TOKENS
        prompt = " ".join(_text(message) for message in request.get("messages", []))
        model = str(request["model"])
        call = Call.asked_for(request)
        return cls(
            id=f"chatcmpl-{uuid.uuid4().hex}",
            created=int(time.time()),
            model=model,
            words=[] if call else [WORDS[index % len(WORDS)] for index in range(count)],
            call=call,
            prompt_tokens=len(prompt.split()),
            instant=model == "instant",
        )

    @property
    def completion_tokens(self) -> int:
        """How many tokens it takes to say so."""
        return len(self.call.arguments if self.call else self.words)

    @property
    def finish_reason(self) -> str:
        """Why it ends."""
        return "tool_calls" if self.call else "stop"

    async def pause(self, seconds: float) -> None:
        """Take the time that a model would."""
        if not self.instant:
            await asyncio.sleep(seconds)

    def usage(self) -> dict[str, int]:
        """Return what would be charged for."""
        completion = self.completion_tokens
        total = self.prompt_tokens + completion
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": completion, "total_tokens": total}

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.words).rstrip() or None}
        if self.call:
            message["tool_calls"] = [self.call.whole()]
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        head = {"id": self.id, "object": "chat.completion", "created": self.created, "model": self.model}
        return {**head, "choices": [choice], "usage": self.usage()}

    def deltas(self) -> list[dict[str, Any]]:
        """Return the pieces of the streamed answer."""
        return self.call.deltas() if self.call else [{"content": word} for word in self.words]

    def chunk(self, delta: dict[str, Any] | None, finish_reason: str | None = None) -> dict[str, Any]:
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


def _text(message: dict[str, Any]) -> str:
    """Return what a message says, in one piece or in parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def _argument(schema: dict[str, Any], subject: str) -> object:
    """Return an argument of the type that a tool wants."""
    plain: dict[object, object] = {"integer": 1, "number": 1, "boolean": True}
    return plain.get(schema.get("type"), subject)


def embeddings(request: dict[str, Any]) -> dict[str, Any]:
    """Answer an embeddings request."""
    asked = request["input"]
    texts = [asked] if isinstance(asked, str) else [str(text) for text in asked]
    vectors = [_vector(text, request.get("dimensions") or DEFAULT_DIMENSIONS) for text in texts]
    packed = request.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": request["model"], "usage": usage}


def _vector(text: str, dimensions: int) -> list[float]:
    """Return the words of a text, each of which adds to one dimension, at a length of one."""
    counts = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        counts[zlib.crc32(word.encode()) % dimensions] += 1
    length = math.hypot(*counts) or 1.0
    return [count / length for count in counts]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Serve ``POST /v1/chat/completions`` and ``POST /v1/embeddings``."""
    if scope["type"] != "http":
        raise NotImplementedError(f"only HTTP is served, not {scope['type']}")
    body = await _body(receive)
    is_chat = scope["path"] == "/v1/chat/completions"
    if scope["method"] != "POST" or not (is_chat or scope["path"] == "/v1/embeddings"):
        await _error(send, 404, f"there is no {scope['method']} {scope['path']} here")
        return
    try:
        request = json.loads(body)
        model = str(request["model"])
        answer = Answer.to(request) if is_chat else embeddings(request)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        wanted = "a chat completion" if is_chat else "an embeddings"
        await _error(send, 400, f"the body must be {wanted} request with a model")
        return
    if status := re.fullmatch(r"error-([45]\d\d)", model):
        await _error(send, int(status[1]), f"the model {model} always answers with this")
    elif isinstance(answer, dict):
        await _json(send, 200, answer)
    elif request.get("stream"):
        await _stream(send, answer, usage=bool((request.get("stream_options") or {}).get("include_usage")))
    else:
        await answer.pause(FIRST_TOKEN_SECONDS + SECONDS_PER_TOKEN * (answer.completion_tokens - 1))
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
    for delta in answer.deltas():
        await event(json.dumps(answer.chunk(delta)))
        await answer.pause(SECONDS_PER_TOKEN)
    await event(json.dumps(answer.chunk({}, answer.finish_reason)))
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
