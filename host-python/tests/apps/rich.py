"""A Starlette app that does most of what apps do."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

FILE = Path(__file__)


class Boom(Exception):
    """What a handler raises."""


async def echo(request: Request) -> Response:
    return Response(await request.body(), 201, {"x-request-id": "7"}, "application/octet-stream")


def sync(request: Request) -> Response:
    return JSONResponse({"query": dict(request.query_params)})


async def stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"%d" % number * 1000

    return StreamingResponse(chunks(), media_type="text/event-stream")


def sync_stream(request: Request) -> Response:
    def chunks() -> Iterator[str]:
        yield from ("one", "two", "three")

    return StreamingResponse(chunks())


async def background(request: Request) -> Response:
    app = request.app
    app.state.done = []
    return PlainTextResponse("later", background=BackgroundTask(app.state.done.append, 1))


async def failing_background(request: Request) -> Response:
    def fail() -> None:
        raise Boom("in the background")

    return PlainTextResponse("later", background=BackgroundTask(fail))


async def boom(request: Request) -> Response:
    raise Boom("in the handler")


async def boom_in_stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"part"
        raise Boom("in the stream")

    return StreamingResponse(chunks())


async def refuse(request: Request) -> Response:
    raise HTTPException(418, "short and stout", {"retry-after": "9"})


async def file(request: Request) -> Response:
    return FileResponse(FILE)


async def redirect(request: Request) -> Response:
    return RedirectResponse("/sync?from=redirect")


async def unread(request: Request) -> Response:
    return PlainTextResponse("never read it", headers={"set-cookie": "a=b"})


async def gone(request: Request) -> Response:
    with contextlib.suppress(ClientDisconnect):
        async for _ in request.stream():
            pass
    return PlainTextResponse(str(await request.is_disconnected()))


async def chat(websocket: WebSocket) -> None:
    await websocket.accept("chat")
    with contextlib.suppress(WebSocketDisconnect):
        while (text := await websocket.receive_text()) != "close":
            if text == "boom":
                raise Boom("in the session")
            await websocket.send_text(text.upper())
            await websocket.send_bytes(text.encode())
        await websocket.close(4001, "enough")


async def denied(websocket: WebSocket) -> None:
    await websocket.send_denial_response(PlainTextResponse("who are you?", 401))


async def refused(websocket: WebSocket) -> None:
    await websocket.close(1008)


async def add_header(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers["x-base"] = "1"
    return response


ROUTES = [
    Route("/echo", echo, methods=["POST", "PUT"]),
    Route("/sync", sync),
    Route("/stream", stream),
    Route("/sync-stream", sync_stream),
    Route("/background", background),
    Route("/failing-background", failing_background),
    Route("/boom", boom),
    Route("/boom-in-stream", boom_in_stream),
    Route("/refuse", refuse),
    Route("/file", file),
    Route("/redirect", redirect),
    Route("/unread", unread, methods=["POST"]),
    Route("/gone", gone, methods=["POST"]),
    Mount("/mount", routes=[Route("/inner/{name}", sync), Route("/boom", boom)]),
    WebSocketRoute("/chat", chat),
    WebSocketRoute("/denied", denied),
    WebSocketRoute("/refused", refused),
]


def make(*, base: bool = False, gzip: bool = False) -> Starlette:
    """A new one; each keeps state of its own."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        yield {"made-by": "the lifespan"}

    middleware = []
    if base:
        middleware.append(Middleware(BaseHTTPMiddleware, dispatch=add_header))
    if gzip:
        middleware.append(Middleware(GZipMiddleware, minimum_size=1))
    return Starlette(routes=ROUTES, middleware=middleware, lifespan=lifespan)
