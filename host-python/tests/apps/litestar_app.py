"""The four endpoints in Litestar: echo, sync (in the thread pool), stream, boom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Litestar, MediaType, Request, get, post
from litestar.params import PathParameter
from litestar.response import Stream

Name = Annotated[str, PathParameter()]


@post("/echo/{name:str}", media_type=MediaType.TEXT)
async def echo(name: Name, request: Request[Any, Any, Any]) -> bytes:
    return await request.body()


@get("/sync/{name:str}", media_type=MediaType.TEXT, sync_to_thread=True)
def sync(name: Name) -> str:
    return f"hello {name}"


@get("/stream")
async def stream() -> Stream:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return Stream(chunks())


@get("/boom", sync_to_thread=True)
def boom() -> None:
    raise ValueError("of the app")


app = Litestar([echo, sync, stream, boom], logging_config=None, openapi_config=None)
