"""What the servers serve: a recorded Starlette app, for asyncio and for trio."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import anyio
import offpath
from offpath import OffpathMiddleware
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


def sync(request: Request) -> Response:
    return JSONResponse({"pid": os.getpid()})


def config(request: Request) -> Response:
    return JSONResponse({"pid": os.getpid(), "rules": offpath.status()["config"]["rules"]})


async def endless(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"more "
            await anyio.sleep(0.01)

    return StreamingResponse(chunks())


async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())
    await websocket.close()


app = OffpathMiddleware(
    Starlette(
        routes=[
            Route("/echo/{number:int}", echo, methods=["POST"]),
            Route("/sync/{number:int}", sync),
            Route("/config", config),
            Route("/endless", endless),
            WebSocketRoute("/chat", chat),
        ]
    )
)
