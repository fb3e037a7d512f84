"""A caller that does the same with either kind of httpx's clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Caller:
    """A client library, and which of its clients."""

    module: ModuleType
    kind: str

    def call(self, method: str, url: str, *, client: dict[str, Any] | None = None, **options: Any) -> Any:
        """The response, read whole."""
        if self.kind == "sync":
            with self.module.Client(**(client or {})) as opened:
                return opened.request(method, url, **options)

        async def call() -> Any:
            async with self.module.AsyncClient(**(client or {})) as opened:
                return await opened.request(method, url, **options)

        return asyncio.run(call())

    def stream(
        self, url: str, each: Callable[[bytes], Any], *, client: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """The response, whose raw chunks went to ``each`` until it returned true."""
        if self.kind == "sync":
            with (
                self.module.Client(**(client or {})) as opened,
                opened.stream("GET", url, **options) as response,
            ):
                for chunk in response.iter_raw():
                    if each(chunk):
                        break
                return response

        async def stream() -> Any:
            async with (
                self.module.AsyncClient(**(client or {})) as opened,
                opened.stream("GET", url, **options) as response,
            ):
                async for chunk in response.aiter_raw():
                    if each(chunk):
                        break
                return response

        return asyncio.run(stream())

    def chunks(self, chunks: Iterable[bytes]) -> Any:
        """A request body that comes chunk by chunk."""
        if self.kind == "sync":
            return iter(chunks)

        async def asynchronous() -> Any:
            for chunk in chunks:
                yield chunk

        return asynchronous()

    def raised(self, method: str, url: str, **options: Any) -> BaseException:
        """What the call raises."""
        try:
            self.call(method, url, **options)
        except BaseException as error:  # noqa: BLE001 - what it is, is what is asked
            return error
        raise AssertionError("it raised nothing")
