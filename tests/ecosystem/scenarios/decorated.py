"""Functions with the decorator: what they are given, return and raise."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from .scenario import Scenario, Sdk


def functions(sdk: Sdk) -> None:
    """A function, with arguments by place and by name."""

    @sdk.observe()
    def add(first: int, second: int, *, scale: float = 1.0) -> float:
        return (first + second) * scale

    @sdk.observe
    def bare(text: str) -> str:
        return text.upper()

    assert add(1, 2, scale=2.0) == 6.0
    assert bare("plain") == "PLAIN"


def asynchronous(sdk: Sdk) -> None:
    """Coroutines, of which some are in progress at the same time."""

    @sdk.observe(name="one of several")
    async def one(number: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"number": number}

    @sdk.observe()
    async def several() -> list[dict[str, int]]:
        return list(await asyncio.gather(*(one(number) for number in range(3))))

    assert len(asyncio.run(several())) == 3


def named(sdk: Sdk) -> None:
    """A name, a type, and neither input nor output."""

    @sdk.observe(name="search", as_type="tool", capture_input=False)
    def look_up(secret: str) -> str:
        return f"{len(secret)} letters"

    @sdk.observe(as_type="retriever", capture_output=False)
    def retrieve(question: str) -> list[str]:
        return [question]

    look_up("hidden")
    retrieve("shown")


def raising(sdk: Sdk) -> None:
    """Functions that raise, called by one that does not let it pass, and by one that does."""

    @sdk.observe()
    def fails(reason: str) -> None:
        raise ValueError(reason)

    @sdk.observe()
    def copes() -> str:
        with suppress(ValueError):
            fails("expected")
        return "coped"

    @sdk.observe()
    async def fails_later() -> None:
        await asyncio.sleep(0)
        raise KeyError("missing")

    copes()
    with suppress(ValueError):
        fails("not expected")
    with suppress(KeyError):
        asyncio.run(fails_later())


def methods(sdk: Sdk) -> None:
    """Methods of an object, of a class, and of neither: the object and the class are not among the arguments."""

    class Service:
        @sdk.observe()
        def answer(self, question: str) -> str:
            return f"{question}!"

        @classmethod
        @sdk.observe()
        def made(cls, name: str) -> str:
            return name

        @staticmethod
        @sdk.observe()
        def plain(number: int) -> int:
            return number + 1

    Service().answer("why")
    Service.made("made")
    Service.plain(1)


@dataclass
class _Point:
    x: int
    y: float


def values(sdk: Sdk) -> None:
    """Values of the usual types."""

    @sdk.observe()
    def echo(*arguments: Any, **named: Any) -> Any:
        return arguments[0] if arguments else named

    for value in (None, True, 3, 2.5, "text", ["a", 1, None], {"nested": {"list": [1, 2]}}, (1, 2)):
        echo(value)
    echo(_Point(1, 2.0))
    echo(key="value", other=[1])


def of_a_call(sdk: Sdk) -> None:
    """What a call itself says: of which trace it is, and below what."""

    @sdk.observe()
    def work(number: int) -> int:
        return number * 2

    work(2, langfuse_trace_id=TRACE, langfuse_parent_observation_id=PARENT)


TRACE: Final = "5af7651916cd43dd8448eb211c80319c"
PARENT: Final = "b7ad6b7169203331"

SCENARIOS: Final = (
    Scenario(functions),
    Scenario(asynchronous, ordered=False),
    Scenario(named),
    Scenario(raising),
    Scenario(methods),
    Scenario(values),
    Scenario(of_a_call, fixed=(TRACE, PARENT)),
)
