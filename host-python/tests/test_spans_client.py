"""The client: observations by hand, and in every way in which they are begun, told of and judged."""

from __future__ import annotations

import asyncio
import hashlib
import time
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import offpath
import pytest
from offpath.current import CURRENT
from support.spans import PARENT, TRACE, Spans, content


@pytest.fixture
def client(spans: Spans) -> offpath.Langfuse:
    return offpath.get_client()


def test_an_observation_ends_when_it_is_told_to(spans: Spans, client: offpath.Langfuse) -> None:
    observation = client.start_observation(name="work", as_type="tool", input={"a": 1}, metadata={"m": 1})
    assert spans.all() == []
    assert (
        observation.update(output="done", level="WARNING", status_message="slow", version="7") is observation
    )
    assert observation.end() is observation
    span = spans.one()
    assert (span["kind"], span["name"], span["version"]) == ("tool", "work", "7")
    assert (span["level"], span["status_message"]) == ("WARNING", "slow")
    assert [content(span[part]) for part in ("input", "output", "metadata")] == [{"a": 1}, "done", {"m": 1}]
    assert (span["trace_id"], span["span_id"]) == (observation.trace_id, observation.id)


def test_what_a_model_did_is_told_by_langfuse_s_names(spans: Spans, client: offpath.Langfuse) -> None:
    generation = client.start_observation(name="llm", as_type="generation", model="m-1")
    generation.update(
        model_parameters={"temperature": 0.5},
        usage_details={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "bad": "x"},
        cost_details={"input": 0.25, "total": 1},
        completion_start_time=datetime.now(timezone.utc),
        prompt=SimpleNamespace(name="greeting", version=3),
    ).end()
    llm = spans.one()["llm"]
    assert (llm["request_model"], llm["usage"]) == ("m-1", {"input": 3, "output": 4, "total": 7})
    assert llm["cost"] == {"input": 0.25, "total": 1.0}
    assert (llm["prompt_name"], llm["prompt_version"]) == ("greeting", 3)
    assert llm["first_token_ns"] is not None
    parameters = llm["parameters"]
    assert parameters in ({"temperature": 0.5}, '{"temperature":0.5}')


def test_metadata_is_merged_and_all_else_replaced(spans: Spans, client: offpath.Langfuse) -> None:
    span = client.start_observation(name="a", input=1, metadata={"a": 1, "b": {"c": 1}, "none": None})
    span.update(name="b", input=2, metadata={"b": 2, "d": 3}).update(input=None, metadata=None).end()
    event = spans.one()
    assert (event["name"], content(event["input"])) == ("b", 2)
    assert content(event["metadata"]) == {"a": 1, "b": 2, "d": 3}


@pytest.mark.parametrize("metadata", ["text", ["a"], 7])
def test_metadata_that_is_no_mapping_is_kept_as_it_is(
    spans: Spans, client: offpath.Langfuse, metadata: Any
) -> None:
    client.start_observation(name="a", metadata=metadata).end()
    assert content(spans.one()["metadata"]) == metadata


def test_an_end_in_the_past_or_to_come_is_the_span_s(spans: Spans, client: offpath.Langfuse) -> None:
    client.start_observation(name="later").end(end_time=time.time_ns() + 10**9)
    client.start_observation(name="earlier").end(end_time=1)
    later, earlier = spans.all()
    assert 0.9e9 < later["duration_ns"] < 1.1e9
    assert earlier["duration_ns"] == 0


def test_within_a_with_it_is_in_progress(spans: Spans, client: offpath.Langfuse) -> None:
    with client.start_as_current_observation(name="outer") as outer:
        assert client.get_current_trace_id() == outer.trace_id
        assert client.get_current_observation_id() == outer.id
        with client.start_as_current_observation(name="inner", as_type="generation"):
            client.create_event(name="event", input="x")
        client.start_observation(name="by hand").end()
    assert (client.get_current_trace_id(), CURRENT.get()) == (None, None)
    assert spans.tree() == {"outer": {"inner": {"event": {}}, "by hand": {}}}
    assert (spans.named("event")["kind"], spans.named("inner")["kind"]) == ("event", "generation")


def test_an_asynchronous_with_does_the_same(spans: Spans, client: offpath.Langfuse) -> None:
    async def run() -> None:
        async with client.start_as_current_observation(name="outer"):
            await asyncio.sleep(0)
            client.start_observation(name="inner").end()

    asyncio.run(run())
    assert spans.tree() == {"outer": {"inner": {}}}


def test_an_error_that_leaves_a_with_is_told_and_passes(spans: Spans, client: offpath.Langfuse) -> None:
    with pytest.raises(ValueError, match="of the app"), client.start_as_current_observation(name="a"):
        raise ValueError("of the app")
    span = spans.one()
    assert (span["level"], span["status_message"], CURRENT.get()) == ("ERROR", "of the app", None)


def test_one_that_does_not_end_with_its_with_is_ended_by_hand(spans: Spans, client: offpath.Langfuse) -> None:
    with client.start_as_current_observation(name="long", end_on_exit=False) as observation:
        pass
    assert (spans.all(), CURRENT.get()) == ([], None)
    observation.update(output=7).end()
    assert content(spans.one()["output"]) == 7


def test_as_a_decorator_each_call_is_one_of_its_own(spans: Spans, client: offpath.Langfuse) -> None:
    @client.start_as_current_observation(name="sync", as_type="agent")
    def function(number: int) -> int:
        client.update_current_span(output=number)
        return number

    @client.start_as_current_observation(name="async")
    async def coroutine() -> str:
        await asyncio.sleep(0)
        return "x"

    assert [function(1), function(2), asyncio.run(coroutine())] == [1, 2, "x"]
    events = spans.all()
    assert [span["name"] for span in events] == ["sync", "sync", "async"]
    assert len({span["trace_id"] for span in events}) == 3
    assert [content(span["output"]) for span in events] == [1, 2, None]


def test_observations_begin_others_whatever_is_in_progress(spans: Spans, client: offpath.Langfuse) -> None:
    root = client.start_observation(name="root")
    with client.start_as_current_observation(name="elsewhere"):
        root.start_observation(name="child", as_type="embedding").end()
        with root.start_as_current_observation(name="current"):
            client.start_observation(name="below").end()
        root.create_event(name="event")
        root.start_observation(name="event too", as_type="event")
        client.start_observation(name="own").end()
    root.end()
    below = {"child": {}, "current": {"below": {}}, "event": {}, "event too": {}}
    assert spans.tree() == {"root": below, "elsewhere": {"own": {}}}


def test_the_names_of_v3_do_what_their_successors_do(spans: Spans, client: offpath.Langfuse) -> None:
    with client.start_as_current_span(name="a", input=1), client.start_as_current_generation(name="b"):
        span = client.start_span(name="c")
        client.start_generation(name="d", model="m").end()
        with span.start_as_current_span(name="e"), span.start_as_current_generation(name="f"):
            span.start_generation(name="g").end()
        span.start_span("h").end()
        span.end()
    below = {"e": {}, "f": {}, "g": {}, "h": {}}
    assert spans.tree() == {"a": {"b": {"c": below, "d": {}}}}
    kinds = {span["name"]: span["kind"] for span in spans.all()}
    assert {name for name, kind in kinds.items() if kind == "generation"} == set("bdfg")


def test_a_trace_context_names_where_an_observation_begins(spans: Spans, client: offpath.Langfuse) -> None:
    context = {"trace_id": TRACE, "parent_span_id": PARENT}
    with client.start_as_current_observation(name="outer"):
        client.start_observation(name="child", trace_context=context).end()
        client.start_observation(name="root", trace_context={"trace_id": TRACE}).end()
        client.create_event(name="event", trace_context=context)
    child, root, event, _ = spans.all()
    assert [(span["trace_id"], span["parent_span_id"]) for span in (child, root, event)] == [
        (TRACE, PARENT),
        (TRACE, None),
        (TRACE, PARENT),
    ]
    assert (child["is_app_root"], root["is_app_root"]) == (True, False)


@pytest.mark.parametrize("trace_id", ["", "xyz", "g" * 32, 7, None])
def test_a_trace_context_that_is_none_is_said_and_left_out(
    spans: Spans, client: offpath.Langfuse, caplog: pytest.LogCaptureFixture, trace_id: Any
) -> None:
    with client.start_as_current_observation(name="outer"):
        client.start_observation(name="inner", trace_context={"trace_id": trace_id}).end()
    assert "trace_context" in caplog.text
    assert spans.tree() == {"outer": {"inner": {}}}


def test_what_is_in_progress_is_told_of_by_the_client(spans: Spans, client: offpath.Langfuse) -> None:
    @offpath.observe(as_type="generation")
    def call() -> str:
        client.update_current_generation(
            name="chat", model="m", usage_details={"input": 1}, input="asked", metadata={"a": 1}
        )
        client.update_current_span(level="DEBUG", status_message="fine", version="2")
        client.set_current_trace_io(output="told")
        return "returned"

    call()
    span = spans.one()
    assert (span["name"], span["level"], span["version"]) == ("chat", "DEBUG", "2")
    assert (span["llm"]["request_model"], content(span["input"])) == ("m", "asked")
    assert content(span["output"]) == "returned"


def test_where_nothing_is_in_progress_nothing_happens(spans: Spans, client: offpath.Langfuse) -> None:
    client.update_current_span(output=1)
    client.update_current_generation(model="m")
    client.update_current_trace(name="n")
    client.set_current_trace_as_public()
    client.score_current_span(name="s", value=1)
    client.score_current_trace(name="s", value=1)
    assert (client.get_current_trace_id(), client.get_current_observation_id()) == (None, None)
    assert spans.everything() == []


@pytest.mark.parametrize("seed", ["", "order-7", "ü"])
def test_ids_by_seed_are_those_of_langfuse(client: offpath.Langfuse, seed: str) -> None:
    digest = hashlib.sha256(seed.encode()).hexdigest()
    assert client.create_trace_id(seed=seed) == digest[:32]
    assert client.create_observation_id(seed=seed) == digest[:16]


def test_ids_without_a_seed_are_others_each_time(client: offpath.Langfuse) -> None:
    ids = [client.create_trace_id(), client.create_trace_id()]
    ids += [client.create_observation_id(), client.create_observation_id()]
    assert (len(set(ids)), [len(id_) for id_ in ids]) == (4, [32, 32, 16, 16])


def test_a_trace_s_address_is_known_where_langfuse_s_is(
    client: offpath.Langfuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get_trace_url(trace_id=TRACE) is None
    monkeypatch.setenv("LANGFUSE_HOST", "https://langfuse.example/")
    assert client.get_trace_url(trace_id=TRACE) == f"https://langfuse.example/trace/{TRACE}"
    assert client.get_trace_url() is None


def test_flush_and_shutdown_lose_nothing_that_comes_after(spans: Spans, client: offpath.Langfuse) -> None:
    client.start_observation(name="before").end()
    client.flush()
    client.shutdown()
    client.start_observation(name="after").end()
    assert [span["name"] for span in spans.all()] == ["before", "after"]
    assert client.auth_check() is True


@pytest.mark.parametrize("name", ["get_prompt", "create_dataset", "run_experiment", "api"])
def test_what_is_not_here_says_where_it_is(client: offpath.Langfuse, name: str) -> None:
    with pytest.raises(AttributeError, match="stay with the official SDK") as raised:
        getattr(client, name)
    assert f"offpath.langfuse.tracer_provider()).{name}" in str(raised.value)
    with pytest.raises(AttributeError, match="has no attribute 'spam'"):
        client.spam  # noqa: B018
