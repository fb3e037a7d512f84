"""Clients of the chat app: the official `openai` package, doing what clients do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from openai import APIStatusError, AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

MESSAGES: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": "Where does the telemetry of this app go?"}
]
AT_ONCE = 100
MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini")
USERS = ("ann", "bob", "chen", "dana", "emil")


@dataclass(frozen=True)
class Sent:
    """A request that was made, by the name in its x-request-id, and as what it is to be recorded."""

    name: str
    status: int = 200
    outcome: str = "completed"
    user: str | None = None
    session: str | None = None
    #: The kinds of what is recorded below it.
    below: tuple[str, ...] = ()


async def drive(port: int) -> list[Sent]:
    """Make every kind of request, and return what was sent."""
    async with AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0) as client:
        return [
            await streamed(client, "streamed"),
            await whole(client, "whole"),
            await refused(client, "refused"),
            await hung_up(client, "hung-up"),
            *await asyncio.gather(*(one_of_many(client, index) for index in range(AT_ONCE))),
        ]


async def streamed(client: AsyncOpenAI, name: str, index: int = 0) -> Sent:
    """Take an answer word by word, to its end."""
    user, session = USERS[index % len(USERS)], f"chat-{index % (2 * len(USERS))}"
    stream = await client.chat.completions.create(
        model=MODELS[index % len(MODELS)],
        messages=MESSAGES,
        max_tokens=10 + index,
        stream=True,
        stream_options={"include_usage": True},
        user=user,
        metadata={"session_id": session},
        extra_headers={"x-request-id": name},
    )
    async for _ in stream:
        pass
    return Sent(name, user=user, session=session)


async def whole(client: AsyncOpenAI, name: str, index: int = 0) -> Sent:
    """Take an answer in one piece."""
    user, session = USERS[index % len(USERS)], f"chat-{index % (2 * len(USERS))}"
    await client.chat.completions.create(
        model=MODELS[index % len(MODELS)],
        messages=MESSAGES,
        max_tokens=10 + index,
        user=user,
        metadata={"session_id": session},
        extra_headers={"x-request-id": name},
    )
    return Sent(name, user=user, session=session)


async def refused(client: AsyncOpenAI, name: str) -> Sent:
    """Ask for more than the model allows."""
    try:
        await client.chat.completions.create(
            model="error-429", messages=MESSAGES, extra_headers={"x-request-id": name}
        )
    except APIStatusError as error:
        return Sent(name, status=error.status_code)
    raise RuntimeError("the model error-429 answered")


async def hung_up(client: AsyncOpenAI, name: str) -> Sent:
    """Go away in the middle of a long answer."""
    stream = await client.chat.completions.create(
        model="gpt-4o",
        messages=MESSAGES,
        stream=True,
        max_tokens=1000,
        extra_headers={"x-request-id": name},
    )
    async with stream:
        for _ in range(10):
            await anext(stream)
    return Sent(name, outcome="client_disconnected")


async def one_of_many(client: AsyncOpenAI, index: int) -> Sent:
    """Be one of many at the same time, every other one of them streamed."""
    return await (streamed if index % 2 else whole)(client, f"at-once-{index}", index)
