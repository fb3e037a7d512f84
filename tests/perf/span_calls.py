"""What is measured of spans: calls that an app makes, written once, for offpath's API and for Langfuse's SDK alike.

Each has beside it the same without a span, which is taken off what it took.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from .variants import BLACK_HOLE, Flush

#: Bytes of the text that goes in and out of most calls, and of the larger one.
KB, LARGE = 1 << 10, 64 << 10
#: Items of a generator.
ITEMS: Final = 100
#: What is kept of a text, with what is around it.
KEPT: Final = 16 << 10


def _nothing() -> None:
    """Be called."""


@dataclass(frozen=True)
class Calls:
    """One kind of call."""

    call: Callable[[], Any]
    #: The same without a span.
    base: Callable[[], Any] = _nothing
    #: What each call is within, which is not timed.
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    #: Events that a call leaves, with what it and its base are within; and about how many bytes they have.
    events: int = 1
    event_bytes: int = 2 * KB + 400
    #: Calls of a block at most: Langfuse's SDK holds all of a block in memory.
    block: int = 500
    #: What the time is divided by.
    parts: int = 1
    is_async: bool = False


@dataclass(frozen=True)
class Api:
    """The names that both have."""

    observe: Any
    client: Any
    flush: Flush


def offpath() -> Api:
    """Return offpath's own API."""
    import offpath

    return Api(offpath.observe, offpath.get_client(), lambda: offpath.flush(60))


def langfuse() -> Api:
    """Return that of Langfuse's SDK, which sends what it records to the black hole."""
    from langfuse import Langfuse, observe

    client = Langfuse(public_key="pk-lf-bench", secret_key="sk-lf-bench", base_url=os.environ[BLACK_HOLE])
    return Api(observe, client, client.flush)


def langfuse_through_offpath() -> Api:
    """Return Langfuse's SDK, whose spans go into the ring."""
    import offpath
    from langfuse import Langfuse, observe

    client = Langfuse(
        public_key="pk-lf-bench",
        secret_key="sk-lf-bench",
        base_url=os.environ[BLACK_HOLE],
        tracer_provider=offpath.langfuse.tracer_provider(),
    )
    return Api(observe, client, lambda: offpath.flush(60))


APIS: Final[dict[str, Callable[[], Api]]] = {
    "offpath": offpath,
    "offpath, through Langfuse's SDK": langfuse_through_offpath,
    "Langfuse": langfuse,
}


def sync(api: Api) -> Calls:
    """A function."""
    text = "x" * KB

    def answer(prompt: str) -> str:
        return text

    observed = api.observe(answer)
    return Calls(lambda: observed(text), lambda: answer(text))


def coroutine(api: Api) -> Calls:
    """A coroutine function."""
    text = "x" * KB

    async def answer(prompt: str) -> str:
        return text

    observed = api.observe(answer)
    return Calls(lambda: observed(text), lambda: answer(text), is_async=True)


def with_block(api: Api) -> Calls:
    """A context manager, whose output is said in it."""
    text = "x" * KB

    def work() -> None:
        with api.client.start_as_current_observation(name="work", input=text) as span:
            span.update(output=text)

    return Calls(work)


def manual(api: Api) -> Calls:
    """A generation that is begun, updated and ended."""
    text = "x" * KB

    def work() -> None:
        generation = api.client.start_observation(
            name="work", as_type="generation", model="gpt-4o", input=text
        )
        generation.update(output=text, usage_details={"input": 250, "output": 250})
        generation.end()

    return Calls(work)


def explicit_ids(api: Api) -> Calls:
    """A function that is told what it is a part of."""
    text = "x" * KB

    def answer(prompt: str) -> str:
        return text

    observed, trace_id = api.observe(answer), api.client.create_trace_id(seed="order-7")
    parent = "a1b2c3d4e5f60718"
    return Calls(
        lambda: observed(text, langfuse_trace_id=trace_id, langfuse_parent_observation_id=parent),
        lambda: answer(text),
    )


def update(api: Api) -> Calls:
    """More said of the span in progress."""
    client = api.client
    return Calls(
        lambda: client.update_current_span(metadata={"tier": "pro", "attempt": 2}),
        around=lambda: client.start_as_current_observation(name="work"),
        events=2,
        event_bytes=400,
    )


def three_nested(api: Api) -> Calls:
    """Three functions within one another, each with 64 KB in and out."""
    text = "x" * LARGE

    def generation(prompt: str) -> str:
        return text

    inner = api.observe(as_type="generation")(generation)

    def service(prompt: str) -> str:
        said: str = inner(prompt)
        return said

    middle = api.observe(service)

    def route(prompt: str) -> str:
        said: str = middle(prompt)
        return said

    outer = api.observe(route)
    return Calls(lambda: outer(text), lambda: generation(text), events=3, event_bytes=6 * LARGE)


def generator(api: Api) -> Calls:
    """A generator of short texts."""

    def words(prompt: str) -> Iterator[str]:
        for _ in range(ITEMS):
            yield " word"

    observed = api.observe(words)

    def through(iterate: Callable[[str], Iterator[str]]) -> None:
        for _ in iterate("Tell me"):
            pass

    return Calls(lambda: through(observed), lambda: through(words), parts=ITEMS)


def async_generator(api: Api) -> Calls:
    """The same, asynchronously."""

    async def words(prompt: str) -> Any:
        for _ in range(ITEMS):
            yield " word"

    observed = api.observe(words)

    async def through(iterate: Callable[[str], Any]) -> None:
        async for _ in iterate("Tell me"):
            pass

    return Calls(lambda: through(observed), lambda: through(words), parts=ITEMS, is_async=True)


def small_state(api: Api) -> Calls:
    """A state of LangGraph's kind, which is about as large as what is kept."""
    return _state(api, 16)


def large_state(api: Api) -> Calls:
    """One of 5 MB."""
    return _state(api, 5000)


def _state(api: Api, messages: int) -> Calls:
    """A function that is called with nested dicts of about a KB for each message."""
    state = {
        "messages": [
            {
                "role": "user",
                "content": "x" * 700,
                "metadata": {"number": number, "tags": ["a", "b"], "score": 0.5},
            }
            for number in range(messages)
        ],
        "documents": {f"document {number}": {"text": "y" * 200} for number in range(messages)},
    }

    def node(state: dict[str, Any]) -> None:
        """Be called with it."""

    observed = api.observe(node)
    return Calls(
        lambda: observed(state), lambda: node(state), event_bytes=KEPT, block=max(2, 8000 // messages)
    )


def score(api: Api) -> Calls:
    """A score of a trace."""
    trace_id = api.client.create_trace_id()
    return Calls(
        lambda: api.client.create_score(name="helpful", value=0.9, trace_id=trace_id, comment="as judged"),
        event_bytes=200,
    )


CALLS: Final[dict[str, Callable[[Api], Calls]]] = {
    "`@observe`, sync, 1 KB": sync,
    "`@observe`, async, 1 KB": coroutine,
    "context manager, 1 KB": with_block,
    "manual generation, 1 KB": manual,
    "`@observe` with explicit ids, 1 KB": explicit_ids,
    "`update_current_span(metadata=…)`": update,
    "3 nested `@observe`, 64 KB": three_nested,
    "generator of 100, an item": generator,
    "async generator of 100, an item": async_generator,
    "`@observe`, a state of 16 KB": small_state,
    "`@observe`, a state of 5 MB": large_state,
    "`create_score`": score,
}
#: What Langfuse's SDK sends by a queue and an API of its own, whatever the provider.
NO_SPAN: Final = "`create_score`"
