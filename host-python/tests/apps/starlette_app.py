"""The four endpoints in Starlette: echo, sync (in the thread pool), stream, boom."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body(), 201)


def sync(request: Request) -> Response:
    return PlainTextResponse(f"hello {request.path_params['name']}")


async def stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingResponse(chunks())


def boom(request: Request) -> Response:
    raise ValueError("of the app")


app = Starlette(
    routes=[
        Route("/echo/{name:str}", echo, methods=["POST"]),
        Route("/sync/{name}", sync),
        Route("/stream", stream),
        Route("/boom", boom),
    ]
)
