"""The four endpoints in FastAPI: echo, sync (in the thread pool), stream, boom."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

app = FastAPI()


@app.post("/echo/{name}")
async def echo(name: str, request: Request) -> Response:
    return PlainTextResponse(await request.body(), 201)


@app.get("/sync/{name}", response_class=PlainTextResponse)
def sync(name: str) -> str:
    return f"hello {name}"


@app.get("/stream")
async def stream() -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingResponse(chunks())


@app.get("/boom")
def boom() -> None:
    raise ValueError("of the app")
