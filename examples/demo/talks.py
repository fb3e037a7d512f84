"""Users of the assistant: each has conversations, one turn after another, and some say what they think of an answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from .traffic import Sent

MODELS = ("gpt-4o", "gpt-4.1-mini", "gpt-4o-mini")

#: What is recorded below a request: the agent, what it looks up by an embedding, and what it asks the model.
PLAIN = ("agent", "exchange", "exchange", "retriever")
#: When the model wants a tool, it is asked once more.
WITH_TOOL = (*PLAIN, "exchange", "tool")
#: When the tool fails, it is not.
WITH_FAILED_TOOL = (*PLAIN, "tool")


@dataclass(frozen=True)
class Turn:
    """What a user asks, how long the answer may be, and as what that is recorded."""

    question: str
    tokens: int
    below: tuple[str, ...] = PLAIN
    tools: bool = False
    status: int = 200
    model: str | None = None


TALKS = {
    "ann": [
        Turn("What should I pack for a week in the north?", 60),
        Turn("How is the weather in Oslo?", 24, WITH_TOOL, tools=True),
        Turn("And is there a night train from there to Bergen?", 90),
    ],
    "bob": [
        Turn("How is the weather in Lisbon?", 20, WITH_TOOL, tools=True),
        Turn("Do I need a visa for two weeks?", 40),
        Turn("Write me a plan for the first three days", 150),
        Turn("Shorter, please", 12),
    ],
    "chen": [
        Turn("How is the weather in Atlantis?", 20, WITH_FAILED_TOOL, tools=True, status=500),
        Turn("How is the weather in Nairobi?", 30, WITH_TOOL, tools=True),
    ],
    "dana": [
        Turn("Which trains run at night?", 45),
        Turn("Which of them is the cheapest?", 35, model="error-429", status=500),
        Turn("Which of them is the cheapest?", 35),
    ],
}
#: How many sessions each of them has.
SESSIONS = 3


async def talk(port: int, sessions: int = SESSIONS) -> list[Sent]:
    """Have all users talk at the same time, and return what was sent."""
    # A connection for each request, since uvicorn closes one after an error.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        read = [await reading(client, name) for name in ("packing", "visas", "nothing")]
        talks = await asyncio.gather(*(_sessions(client, user, sessions) for user in TALKS))
    return [*read, *(sent for each in talks for sent in each)]


async def _sessions(client: httpx.AsyncClient, user: str, sessions: int) -> list[Sent]:
    return [sent for number in range(sessions) for sent in await _session(client, user, number)]


async def _session(client: httpx.AsyncClient, user: str, number: int) -> list[Sent]:
    """Have one conversation, of a model of its own, and say of its last answer what one thinks."""
    session, model = f"{user}-{number + 1}", MODELS[number % len(MODELS)]
    sent, trace = [], ""
    for index, turn in enumerate(TALKS[user]):
        name = f"{session}-turn-{index + 1}"
        asked = {
            "user": user,
            "session": session,
            "question": turn.question,
            "model": turn.model or model,
            "max_tokens": turn.tokens,
            "tools": turn.tools,
        }
        answer = await client.post("/ask", json=asked, headers={"x-request-id": name})
        trace = answer.headers.get("x-trace-id", trace)
        outcome = "completed" if turn.status < 500 else "app_error"
        sent.append(Sent(name, turn.status, outcome, user, session, turn.below))
    return [*sent, await thinking(client, f"{session}-feedback", trace, helpful=number % 2)]


async def thinking(client: httpx.AsyncClient, name: str, trace: str, helpful: int) -> Sent:
    """Say what one thinks of an answer."""
    given = {"trace_id": trace, "helpful": helpful}
    answer = await client.post("/feedback", json=given, headers={"x-request-id": name})
    return Sent(name, answer.status_code)


async def reading(client: httpx.AsyncClient, document: str) -> Sent:
    """Read a document, or one that is not there."""
    name = f"reading-{document}"
    answer = await client.get(f"/documents/{document}", headers={"x-request-id": name})
    return Sent(name, answer.status_code)
