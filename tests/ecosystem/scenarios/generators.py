"""What comes bit by bit: generators, and the responses that web frameworks stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from .scenario import Scenario, Sdk

WORDS: Final = ["It ", "rains ", "in ", "Oslo."]


def sync(sdk: Sdk) -> None:
    """A generator of texts, one of other values, and one within a function."""

    @sdk.observe(as_type="generation")
    def say(count: int) -> Iterator[str]:
        yield from WORDS[:count]

    @sdk.observe()
    def numbers() -> Iterator[int]:
        yield from (1, 2, 3)

    @sdk.observe()
    def read() -> str:
        return "".join(say(4))

    assert list(say(2)) == WORDS[:2]
    assert list(numbers()) == [1, 2, 3]
    read()


def asynchronous(sdk: Sdk) -> None:
    """An asynchronous generator, in which a function is called between its parts."""

    @sdk.observe(as_type="tool")
    async def look_up(word: str) -> str:
        return word.strip()

    @sdk.observe(name="stream")
    async def say() -> AsyncIterator[str]:
        for word in WORDS:
            yield await look_up(word)

    async def read() -> list[str]:
        return [word async for word in say()]

    assert len(asyncio.run(read())) == 4


def transformed(sdk: Sdk) -> None:
    """What is kept of the parts is what the app makes of them."""

    @sdk.observe(transform_to_string=lambda parts: "|".join(part["text"] for part in parts))
    def say() -> Iterator[dict[str, str]]:
        for word in WORDS:
            yield {"text": word.strip()}

    assert len(list(say())) == 4


def raising(sdk: Sdk) -> None:
    """Generators that raise before their end."""

    @sdk.observe()
    def breaks() -> Iterator[str]:
        yield "one"
        raise ConnectionError("gone")

    @sdk.observe()
    async def breaks_later() -> AsyncIterator[str]:
        yield "one"
        raise ConnectionError("gone as well")

    async def read() -> None:
        async for _ in breaks_later():
            pass

    with suppress(ConnectionError):
        list(breaks())
    with suppress(ConnectionError):
        asyncio.run(read())


def response(sdk: Sdk) -> None:
    """An endpoint that streams its response: what is observed ends with the stream."""

    async def body() -> AsyncIterator[str]:
        for word in WORDS:
            yield word

    @sdk.observe(capture_input=False)
    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(body(), media_type="text/plain")

    app = Starlette(routes=[Route("/", endpoint)])
    assert asyncio.run(_get(app)) == "".join(WORDS)


async def _get(app: Starlette) -> str:
    """Ask an app as a server does."""
    sent: list[bytes] = []
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not done.is_set() and not sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.append(message.get("body", b""))
            if not message.get("more_body"):
                done.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5000),
        "state": {},
    }
    await app(scope, receive, send)
    return b"".join(sent).decode()


SCENARIOS: Final = (
    Scenario(sync),
    Scenario(asynchronous),
    Scenario(transformed),
    Scenario(raising),
    Scenario(response),
)
