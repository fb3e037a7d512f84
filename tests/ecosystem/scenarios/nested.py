"""Functions that call each other, down to a model."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final

from .scenario import Scenario, Sdk

MESSAGES: Final = [{"role": "user", "content": "What is the capital of Norway?"}]


def three_levels(sdk: Sdk) -> None:
    """A request, a step, and a generation with model, parameters, tokens and cost."""

    @sdk.observe(as_type="generation", name="model")
    def model(messages: list[dict[str, str]]) -> dict[str, str]:
        sdk.get_client().update_current_generation(
            model="gpt-4o",
            model_parameters={"temperature": 0.2, "max_tokens": 100},
            usage_details={"input": 12, "output": 3, "total": 15, "input_cached_tokens": 4},
            cost_details={"input": 0.0003, "output": 0.0001, "total": 0.0004},
            metadata={"attempt": 1},
        )
        return {"role": "assistant", "content": "Oslo"}

    @sdk.observe(as_type="chain")
    def answer(question: str) -> str:
        return model(MESSAGES)["content"]

    @sdk.observe()
    def handle(question: str) -> dict[str, str]:
        return {"answer": answer(question)}

    assert handle("What is the capital of Norway?") == {"answer": "Oslo"}


def asynchronous(sdk: Sdk) -> None:
    """The same with tasks that are in progress at the same time."""

    @sdk.observe(as_type="generation")
    async def model(prompt: str) -> str:
        await asyncio.sleep(0)
        return prompt[::-1]

    @sdk.observe(as_type="agent")
    async def agent(goal: str) -> list[str]:
        tasks = [asyncio.create_task(model(f"{goal} {number}")) for number in range(3)]
        return [await task for task in tasks]

    @sdk.observe()
    async def handle() -> Any:
        return await asyncio.gather(agent("left"), agent("right"))

    asyncio.run(handle())


def in_threads(sdk: Sdk) -> None:
    """The same in a thread pool, to which the context is taken."""

    @sdk.observe(as_type="tool")
    def tool(number: int) -> int:
        return number * number

    @sdk.observe()
    def handle() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(copy_context().run, tool, number) for number in range(3)]
            return [task.result() for task in tasks]

    @sdk.observe()
    async def handle_later() -> list[int]:
        return [await asyncio.to_thread(tool, number) for number in (7, 8)]

    handle()
    asyncio.run(handle_later())


def recursive(sdk: Sdk) -> None:
    """A function that calls itself."""

    @sdk.observe()
    def factorial(number: int) -> int:
        return 1 if number < 2 else number * factorial(number - 1)

    assert factorial(4) == 24


SCENARIOS: Final = (
    Scenario(three_levels),
    Scenario(asynchronous, ordered=False),
    Scenario(in_threads, ordered=False),
    Scenario(recursive),
)
