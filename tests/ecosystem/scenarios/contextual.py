"""What is said of an observation, or of a whole trace, from somewhere inside of it."""

from __future__ import annotations

import asyncio
from typing import Final

from .scenario import Scenario, Sdk


def update_current(sdk: Sdk) -> None:
    """The span and the generation that are current are told more of."""
    client = sdk.get_client()

    @sdk.observe(as_type="generation")
    def model(question: str) -> str:
        client.update_current_generation(
            name="renamed",
            input={"asked": question},
            output={"said": "yes"},
            model="gpt-4o-mini",
            model_parameters={"top_p": 0.9, "stop": "x"},
            usage_details={"input": 5, "output": 1},
            version="2",
            level="DEBUG",
            status_message="cached",
        )
        return "not this"

    @sdk.observe()
    def handle(question: str) -> str:
        client.update_current_span(
            input={"question": question},
            output={"state": "begun"},
            metadata={"shown": True, "depth": {"inner": [1, 2]}},
            level="WARNING",
            status_message="as expected",
        )
        return model(question)

    handle("really?")


def propagated(sdk: Sdk) -> None:
    """User, session, tags and the rest hold for all that begins within."""

    @sdk.observe()
    def step(number: int) -> int:
        return number

    @sdk.observe()
    def request() -> None:
        with sdk.propagate_attributes(
            user_id="user-1",
            session_id="session-1",
            tags=["a", "b"],
            metadata={"tenant": "acme", "region": "no"},
            version="1.0",
            trace_name="handle-request",
        ):
            step(1)
            with sdk.propagate_attributes(tags=["c"], metadata={"tier": "gold"}):
                step(2)
        step(3)

    request()


def propagated_from_outside(sdk: Sdk) -> None:
    """The same from around the root, into tasks."""

    @sdk.observe()
    async def step(number: int) -> int:
        await asyncio.sleep(0)
        return number

    @sdk.observe()
    async def request(user: str) -> None:
        await asyncio.gather(step(1), step(2))

    async def serve() -> None:
        async def one(user: str) -> None:
            with sdk.propagate_attributes(user_id=user, session_id=f"session of {user}"):
                await request(user)

        await asyncio.gather(*(one(f"user-{number}") for number in range(4)))

    asyncio.run(serve())


def environment(sdk: Sdk) -> None:
    """A part of what the app does is of another environment."""
    client = sdk.get_client()
    with (
        sdk.propagate_attributes(environment="staging"),
        client.start_as_current_observation(as_type="span", name="tried out") as span,
    ):
        span.start_observation(name="below").end()


def invalid(sdk: Sdk) -> None:
    """What Langfuse would not take is left out: texts that are too long, and what is no text."""

    @sdk.observe()
    def step() -> None:
        return None

    with sdk.propagate_attributes(user_id="u" * 201, session_id="s" * 200, metadata={"long": "m" * 201}):
        step()
    with sdk.propagate_attributes(environment="Not Allowed", tags=["fine"]):
        step()


def public(sdk: Sdk) -> None:
    """A trace that anyone may look at."""
    client = sdk.get_client()
    with client.start_as_current_observation(as_type="span", name="shared"):
        client.set_current_trace_as_public()


SCENARIOS: Final = (
    Scenario(update_current),
    Scenario(propagated),
    Scenario(propagated_from_outside, ordered=False),
    Scenario(environment),
    Scenario(invalid),
    Scenario(public),
)
