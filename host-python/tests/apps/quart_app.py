"""The four endpoints in Quart: echo, sync (in the thread pool), stream, boom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from quart import Quart, request

app = Quart(__name__)


@app.post("/echo/<name>")
async def echo(name: str) -> Any:
    return await request.get_data(), 201, {"content-type": "text/plain"}


@app.get("/sync/<name>")
def sync(name: str) -> str:
    return f"hello {name}"


@app.get("/stream")
async def stream() -> Any:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return chunks(), 200


@app.get("/boom")
def boom() -> str:
    raise ValueError("of the app")
