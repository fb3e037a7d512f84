"""The examples of LangChain, LangGraph and LlamaIndex by their one command: each request is a trace, with the right tree."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.framework import frameworks
from tests.framework.place import place
from tests.framework.processes import free_port

from .by_command import EXAMPLES, by_its_command

Event = dict[str, Any]

WEATHER: Final = ("weather", '{"city": "Oslo"}')


@dataclass(frozen=True)
class Generation:
    """What a call of a model is to be told as."""

    operation: str
    model: str = "demo"
    stream: bool = False
    output: int | None = None
    """How many tokens it wrote."""
    finish: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    """The tools that it asked for, with their arguments."""


def calling(*, stream: bool) -> Generation:
    """Return the one that asks for the tool."""
    return Generation("chat", stream=stream, output=2, finish=("tool_calls",), calls=(WEATHER,))


def answering(*, stream: bool) -> Generation:
    """Return the one that answers."""
    return Generation("chat", stream=stream, output=32, finish=("stop",))


@dataclass(frozen=True)
class Example:
    """One of the examples: what it is asked, and what it asks of the model for that."""

    name: str
    question: str
    generations: tuple[Generation, ...]
    before: int = 0
    """How many calls its app makes before it is asked anything."""


CHAIN: Final = Example(
    "langchain", "How is the weather in Oslo?", (calling(stream=True), answering(stream=True))
)
AGENT: Final = Example(
    "langgraph", "How is the weather in Oslo?", (calling(stream=False), answering(stream=False))
)
ENGINE: Final = Example(
    "llamaindex",
    "Who writes a spool to disk?",
    (Generation("embeddings", "demo-embedding"), answering(stream=True)),
    before=1,
)


@dataclass(frozen=True)
class Seen:
    """What a run of an example has printed, and left when it had ended."""

    example: Example
    printed: str
    before: list[Event]
    """What was recorded before the app was asked."""
    request: Event
    calls: list[Event]
    """All that was recorded later, in the order in which it began."""
    lost: int


def run(example: Example) -> Seen:
    """Run an example, ask it, and end it."""
    env = {"PATH": frameworks.path(), "MODEL_PORT": str(free_port())}
    with place() as made:
        with by_its_command(example.name, made, env) as url:
            asked = subprocess.run(
                [sys.executable, str(EXAMPLES / "ask.py"), example.question],
                env={**made.env, "APP_URL": url, "STORE": str(made.data / "offpath.db")},
                capture_output=True,
                check=False,
                text=True,
            )
        assert asked.returncode == 0, asked.stderr + made.log("example").read_text(encoding="utf-8")
        rows = made.query("SELECT json FROM events WHERE kind = 'exchange' ORDER BY start_time")
        events = [json.loads(text) for (text,) in rows]
        [position] = [index for index, event in enumerate(events) if event["source"] == "asgi"]
        before, request, calls = events[:position], events[position], events[position + 1 :]
        return Seen(example, asked.stdout, before, request, calls, made.count("kind = 'loss'"))


@pytest.fixture(name="seen", scope="module", params=[CHAIN, AGENT, ENGINE], ids=lambda each: each.name)
def _seen(request: pytest.FixtureRequest) -> Seen:
    return run(request.param)


def test_the_request_is_the_root(seen: Seen) -> None:
    told = [seen.request[key] for key in ("parent_span_id", "path", "status", "outcome", "llm")]
    assert told == [None, "/ask", 200, "completed", None]


def test_what_is_asked_of_models_is_under_the_request_and_in_its_trace(seen: Seen) -> None:
    under = (seen.request["trace_id"], seen.request["span_id"], "httpx", "completed")
    told = [
        tuple(call[key] for key in ("trace_id", "parent_span_id", "source", "outcome")) for call in seen.calls
    ]
    assert told == [under] * len(seen.example.generations)


def test_what_is_asked_of_models_comes_one_after_the_other(seen: Seen) -> None:
    starts = [call["start_time"] for call in seen.calls]
    assert seen.request["start_time"] < starts[0] < starts[1]


def test_calls_before_any_request_are_traces_of_their_own(seen: Seen) -> None:
    assert [call["parent_span_id"] for call in seen.before] == [None] * seen.example.before
    traces = {event["trace_id"] for event in (*seen.before, seen.request)}
    assert len(traces) == 1 + seen.example.before


def test_each_call_is_told_as_what_the_model_did(seen: Seen) -> None:
    assert [generation(call["llm"]) for call in seen.calls] == list(seen.example.generations)


def generation(llm: dict[str, Any]) -> Generation:
    """Return what is told of a call, where it is told in full."""
    assert (llm["system"], llm["response_model"], llm["partial"]) == ("openai", llm["request_model"], False)
    usage = llm["usage"]
    assert usage["input"] > 0
    assert usage["total"] == usage["input"] + usage.get("output", 0)
    calls = [call["function"] for message in llm["output"] or [] for call in message.get("tool_calls", [])]
    return Generation(
        llm["operation"],
        llm["request_model"],
        llm["stream"],
        usage.get("output"),
        tuple(llm["finish_reasons"]),
        tuple((call["name"], call["arguments"]) for call in calls),
    )


def test_of_a_stream_the_time_to_the_first_token_is_told(seen: Seen) -> None:
    for call in seen.calls:
        first = call["llm"]["first_token_ns"]
        assert (first is not None) == call["llm"]["stream"]
        # The model server takes 40 ms.
        assert first is None or 40e6 <= first < call["duration_ns"]


def test_what_a_tool_has_said_is_what_the_model_is_asked_next(seen: Seen) -> None:
    *_, last = seen.calls[1]["llm"]["input"]
    if seen.example is ENGINE:
        assert last["role"] == "user"
        assert "The exporter takes from the ring and writes a spool to disk." in last["content"]
        return
    [called] = [call["id"] for call in seen.calls[0]["llm"]["output"][0]["tool_calls"]]
    told = {key: last[key] for key in ("role", "content", "tool_call_id")}
    assert told == {"role": "tool", "content": "It rains in Oslo.", "tool_call_id": called}


def test_nothing_is_lost(seen: Seen) -> None:
    assert seen.lost == 0


def test_the_client_prints_the_answer_and_then_the_tree(seen: Seen) -> None:
    answer, _, head, *lines = seen.printed.splitlines()
    assert answer.startswith("another process does the rest of the work")
    assert head.startswith("what")
    first, last = seen.example.generations
    beginnings = [
        r"POST /ask +200",
        rf"├─ {first.operation} +200 +{first.model}",
        rf"└─ {last.operation} +200 +{last.model}",
    ]
    assert len(lines) == len(beginnings)
    assert all(re.match(each, line) for each, line in zip(beginnings, lines, strict=True)), seen.printed
