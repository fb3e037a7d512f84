"""Observations that the app begins and ends itself."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Final

from .scenario import Scenario, Sdk

TRACE: Final = "0af7651916cd43dd8448eb211c80319d"
PARENT: Final = "00f067aa0ba902b8"

#: The first 16 bytes of the SHA-256 of "order-1".
SEEDED: Final = "0bafe22156d2698c143b86040446d366"


def context_managers(sdk: Sdk) -> None:
    """Blocks within blocks, which say more of themselves as they go on."""
    client = sdk.get_client()
    with client.start_as_current_observation(
        as_type="span", name="request", input={"question": "why"}
    ) as span:
        with client.start_as_current_observation(
            as_type="generation",
            name="model",
            model="gpt-4o",
            model_parameters={"temperature": 0.5},
            input=[{"role": "user", "content": "why"}],
        ) as generation:
            generation.update(output="because", usage_details={"input": 3, "output": 1})
        with span.start_as_current_observation(name="check", as_type="evaluator") as check:
            check.update(output={"fine": True}, metadata={"step": 2})
        span.update(output={"answer": "because"}, metadata={"tier": "gold"}, version="1.2")


def raising_blocks(sdk: Sdk) -> None:
    """A block that is left by an exception, and one that says itself that something is wrong."""
    client = sdk.get_client()
    with suppress(RuntimeError), client.start_as_current_observation(as_type="span", name="breaks"):
        raise RuntimeError("it broke")
    with client.start_as_current_observation(as_type="span", name="warns") as span:
        span.update(level="WARNING", status_message="slow")
    with client.start_as_current_observation(as_type="tool", name="fails") as span:
        span.update(level="ERROR", status_message="no answer")


def by_hand(sdk: Sdk) -> None:
    """Observations that are current nowhere, with children, one of which ends in another thread."""
    client = sdk.get_client()
    outer = client.start_observation(name="job", input=1)
    inner = outer.start_observation(name="step", as_type="tool", input={"a": 1})
    thread = threading.Thread(target=lambda: inner.update(output=2).end())
    thread.start()
    thread.join()
    generation = outer.start_observation(name="model", as_type="generation", model="claude-3")
    generation.update(output="done", usage_details={"input": 1, "output": 1})
    generation.end()
    outer.update(output=3)
    outer.end()


def types(sdk: Sdk) -> None:
    """All ten types."""
    client = sdk.get_client()
    kinds = (
        "span",
        "generation",
        "agent",
        "tool",
        "chain",
        "retriever",
        "evaluator",
        "embedding",
        "guardrail",
    )
    with client.start_as_current_observation(as_type="span", name="all"):
        for kind in kinds:
            with client.start_as_current_observation(as_type=kind, name=f"a {kind}", input=kind):
                pass
        client.create_event(name="an event", input="it", metadata={"at": "once"})


def events(sdk: Sdk) -> None:
    """Events: of what is current, of an observation, and of nothing."""
    client = sdk.get_client()
    client.create_event(name="alone", input={"a": 1}, output={"b": 2}, level="WARNING", status_message="hm")
    with client.start_as_current_observation(as_type="span", name="around") as span:
        client.create_event(name="within", metadata={"key": "value"})
        span.create_event(name="of it", level="DEBUG")


def explicit_ids(sdk: Sdk) -> None:
    """The trace and the parent are those that another service has told."""
    client = sdk.get_client()
    context = {"trace_id": TRACE, "parent_span_id": PARENT}
    with client.start_as_current_observation(as_type="span", name="consumer", trace_context=context):
        assert client.get_current_trace_id() == TRACE
        with client.start_as_current_observation(as_type="tool", name="work"):
            pass
    client.start_observation(name="later", trace_context={"trace_id": TRACE}).end()


def seeded_ids(sdk: Sdk) -> None:
    """The trace's id is made of a name that the app has for it."""
    client = sdk.get_client()
    trace = client.create_trace_id(seed="order-1")
    assert trace == SEEDED, trace
    observation = client.start_observation(name="order", trace_context={"trace_id": trace})
    assert observation.trace_id == trace
    observation.end()
    assert len(client.create_trace_id()) == 32


def where_we_are(sdk: Sdk) -> None:
    """What is current, as the client tells it; nothing outside."""
    client = sdk.get_client()
    assert client.get_current_trace_id() is None
    assert client.get_current_observation_id() is None
    told: dict[str, Any] = {}
    with client.start_as_current_observation(as_type="span", name="here") as span:
        told["trace"] = client.get_current_trace_id() == span.trace_id
        told["observation"] = client.get_current_observation_id() == span.id
        span.update(output=told)


def linked_prompt(sdk: Sdk) -> None:
    """A generation tells which prompt it was made of."""
    client = sdk.get_client()
    prompt = _Prompt("movie-critic", 3)
    with client.start_as_current_observation(
        as_type="generation", name="model", model="gpt-4o", prompt=prompt
    ) as generation:
        generation.update(output="fine")


class _Prompt:
    """What of a prompt client is asked for."""

    is_fallback = False

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version


SCENARIOS: Final = (
    Scenario(context_managers),
    Scenario(raising_blocks),
    Scenario(by_hand),
    Scenario(types),
    Scenario(events),
    Scenario(explicit_ids, fixed=(TRACE, PARENT)),
    Scenario(seeded_ids, fixed=(SEEDED,)),
    Scenario(where_we_are),
    Scenario(linked_prompt),
)
