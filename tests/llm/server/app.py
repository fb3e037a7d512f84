"""The model server as an ASGI app: finds the script that the path names, and has its family answer.

``app(scripts)`` serves them all, ``alone`` one of them; ``reading`` and ``sending`` are for who serves something like it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from . import anthropic, bedrock, cohere, gemini, ollama, openai, openai_other, openai_responses, plain
from .script import Reply, Request, Script

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

Answer = Callable[[Request, Script], Reply]

FAMILIES: Final[Mapping[str, Answer]] = {
    "anthropic": anthropic.answer,
    "azure": openai.answer,
    "bedrock": bedrock.answer,
    "cohere": cohere.answer,
    "compatible": openai.answer,
    "gemini": gemini.answer,
    "mistral": openai.answer,
    "ollama": ollama.answer,
    "openai": openai.answer,
    "openai-other": openai_other.answer,
    "openai-responses": openai_responses.answer,
    "openrouter": openai.answer,
    "plain": plain.answer,
    "vertex": gemini.answer,
    "vllm": openai.answer,
}


class Cut(Exception):
    """The server drops the connection."""


def app(scripts: Mapping[tuple[str, str], Script]) -> App:
    """Serve these scripts, each under its family and its case."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        _, family, case, path = scope["raw_path"].decode("ascii").split("/", 3)
        await _answer(
            family, scripts[family, case], {**scope, "raw_path": f"/{path}".encode()}, receive, send
        )

    return serve


def alone(family: str, script: Script) -> App:
    """Serve one script, at the API's own paths."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        await _answer(family, script, scope, receive, send)

    return serve


async def _answer(family: str, script: Script, scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(f"only HTTP is served, not {scope['type']}")
    body = await reading(receive)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
    told = Request(scope["method"], path, query, headers, _read(body))
    await sending(FAMILIES[family](told, script), receive, send)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def reading(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def sending(reply: Reply, receive: Receive, send: Send) -> None:
    """Send a reply, chunk by chunk, and end it as it says."""
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    if len(reply.chunks) == 1 and not (reply.cut or reply.stays_open):
        headers.append((b"content-length", str(len(reply.chunks[0])).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for chunk in reply.chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        # Others are to have their turn, so that each chunk is written by itself.
        await asyncio.sleep(0)
    if reply.cut:
        raise Cut
    if reply.stays_open:
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    await send({"type": "http.response.body", "body": b""})
