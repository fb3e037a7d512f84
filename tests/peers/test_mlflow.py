"""What MLflow gives back: `GET /api/3.0/mlflow/traces/get`."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

import pytest

from tests.framework.http import get_json
from tests.framework.processes import eventually

from .peer import Peer
from .told import GENERATION_SPAN, ROOT_SPAN, START, TOOL_SPAN, asked, told

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"

Trace = dict[str, Any]
Span = dict[str, Any]


def stored(mlflow: Peer, trace: str) -> Trace:
    """Return what there is of a trace; nothing if it is not there."""
    try:
        found: Trace = get_json(f"{mlflow.url}/api/3.0/mlflow/traces/get?trace_id=tr-{trace}")["trace"]
    except OSError:
        return {"spans": []}
    return found


@pytest.fixture(scope="module")
def trace(mlflow: Peer) -> Trace:
    mlflow.take(told(TRACE))
    eventually("MLflow has all spans", lambda: len(stored(mlflow, TRACE)["spans"]) == 3)
    return stored(mlflow, TRACE)


@pytest.fixture(scope="module")
def spans(trace: Trace) -> dict[str, Span]:
    return {_id(span, "span_id"): span for span in trace["spans"]}


def _id(span: Span, key: str) -> str:
    """Return an id in hexadecimal digits; nothing if there is none."""
    return base64.b64decode(span.get(key, "")).hex()


def attributes(span: Span, *names: str) -> dict[str, Any]:
    """Return those of these names, in the JSON that they stand for."""
    return {pair["key"]: _value(pair["value"]) for pair in span["attributes"] if pair["key"] in names}


def _value(value: dict[str, Any]) -> Any:
    if not value:
        # It is `null`.
        return None
    [(kind, told)] = value.items()
    if kind == "array_value":
        return [_value(item) for item in told["values"]]
    if kind == "kvlist_value":
        return {pair["key"]: _value(pair.get("value", {})) for pair in told["values"]}
    return told


def test_spans_have_the_ids_parents_and_times_of_the_events(spans: dict[str, Span]) -> None:
    assert {_id(span, "trace_id") for span in spans.values()} == {TRACE}
    told_of = {
        span_id: (
            span["name"],
            _id(span, "parent_span_id"),
            span["start_time_unix_nano"],
            span["end_time_unix_nano"],
        )
        for span_id, span in spans.items()
    }
    # To the nanosecond.
    assert told_of == {
        ROOT_SPAN: ("POST /v1/chat/{what}", "", START, START + 41_000_000),
        GENERATION_SPAN: ("answer", ROOT_SPAN, START + 1_000_000, START + 31_000_000),
        TOOL_SPAN: ("look up", ROOT_SPAN, START + 2_000_000, START + 3_000_000),
    }


def test_spans_are_of_their_types(spans: dict[str, Span]) -> None:
    types = {span_id: attributes(span, "mlflow.spanType") for span_id, span in spans.items()}
    assert types == {
        ROOT_SPAN: {"mlflow.spanType": "CHAIN"},
        GENERATION_SPAN: {"mlflow.spanType": "LLM"},
        TOOL_SPAN: {"mlflow.spanType": "TOOL"},
    }


def test_inputs_and_outputs_are_what_was_said(spans: dict[str, Span]) -> None:
    names = ("mlflow.spanInputs", "mlflow.spanOutputs")
    assert attributes(spans[ROOT_SPAN], *names) == {
        "mlflow.spanInputs": {"question": "hi"},
        "mlflow.spanOutputs": {"answer": "hello"},
    }
    assert attributes(spans[GENERATION_SPAN], *names) == {
        "mlflow.spanInputs": [{"role": "user", "content": "hi"}],
        "mlflow.spanOutputs": "hello",
    }
    assert attributes(spans[TOOL_SPAN], *names) == {"mlflow.spanInputs": "plain"}


def test_model_tokens_and_cost_are_those_of_the_generation(spans: dict[str, Span]) -> None:
    names = ("mlflow.llm.model", "mlflow.llm.provider", "mlflow.chat.tokenUsage", "mlflow.llm.cost")
    assert attributes(spans[GENERATION_SPAN], *names) == {
        "mlflow.llm.model": "gpt-4o-2024-08-06",
        "mlflow.llm.provider": "openai",
        "mlflow.chat.tokenUsage": {
            "input_tokens": 50,
            "output_tokens": 5,
            "total_tokens": 55,
            "cache_read_input_tokens": 10,
        },
        "mlflow.llm.cost": {"input_cost": 0.25, "output_cost": 0.5, "total_cost": 0.75},
    }


def test_what_was_read_from_the_traffic_of_a_call_is_a_chat(mlflow: Peer) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4737"
    mlflow.take([asked(trace)])
    eventually("MLflow has the span", lambda: bool(stored(mlflow, trace)["spans"]))
    [span] = stored(mlflow, trace)["spans"]
    assert span["name"] == "chat gpt-4o"
    found = attributes(
        span,
        "mlflow.spanType",
        "mlflow.llm.model",
        "mlflow.llm.provider",
        "mlflow.chat.tokenUsage",
        "mlflow.spanInputs",
        "mlflow.spanOutputs",
    )
    [answer] = found.pop("mlflow.spanOutputs")
    assert (answer["role"], answer["tool_calls"][0]["function"]["name"]) == ("assistant", "weather")
    assert found == {
        "mlflow.spanType": "LLM",
        "mlflow.llm.model": "gpt-4o-2024-08-06",
        "mlflow.llm.provider": "openai",
        "mlflow.chat.tokenUsage": {
            "input_tokens": 50,
            "output_tokens": 5,
            "total_tokens": 55,
            "cache_read_input_tokens": 10,
        },
        "mlflow.spanInputs": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Does it rain in Oslo?"},
        ],
    }
    cost = attributes(span, "mlflow.llm.cost")["mlflow.llm.cost"]
    assert cost["total_cost"] == pytest.approx(cost["input_cost"] + cost["output_cost"])


def test_metadata_and_tags_are_told(spans: dict[str, Span]) -> None:
    assert attributes(spans[GENERATION_SPAN], "metadata", "tag.tags") == {
        "metadata": {"tier": "gold", "attempt": 2},
        "tag.tags": ["a", "b"],
    }


def test_what_failed_is_an_error_with_what_was_raised(spans: dict[str, Span]) -> None:
    status = {span_id: span["status"] for span_id, span in spans.items()}
    failed = {"message": "not found", "code": "STATUS_CODE_ERROR"}
    assert status == {ROOT_SPAN: {}, GENERATION_SPAN: {}, TOOL_SPAN: failed}
    [raised] = spans[TOOL_SPAN]["events"]
    assert raised["name"] == "exception"
    assert attributes(raised, "exception.type", "exception.message") == {
        "exception.type": "KeyError",
        "exception.message": "'x'",
    }


def test_the_trace_has_session_user_sums_and_where_it_comes_from(trace: Trace) -> None:
    info = trace["trace_info"]
    metadata = info["trace_metadata"]
    assert (metadata["mlflow.trace.session"], metadata["mlflow.trace.user"]) == ("s-1", "alice")
    assert json.loads(metadata["mlflow.trace.tokenUsage"])["total_tokens"] == 55
    assert json.loads(metadata["mlflow.trace.cost"])["total_cost"] == 0.75
    named = {
        key: info["tags"].get(key)
        for key in ("service.name", "deployment.environment.name", "service.version")
    }
    assert named == {
        "service.name": "chat-api",
        "deployment.environment.name": "test",
        "service.version": "2026.11.1",
    }
    assert info["trace_location"]["mlflow_experiment"] == {"experiment_id": "0"}


def test_what_is_sent_twice_is_stored_once(mlflow: Peer, trace: Trace) -> None:
    mlflow.take(told(TRACE))
    again = stored(mlflow, TRACE)
    assert len(again["spans"]) == len(trace["spans"])
    assert again["trace_info"]["trace_metadata"] == trace["trace_info"]["trace_metadata"]
