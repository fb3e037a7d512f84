"""What Phoenix gives back: `GET /v1/projects/{project}/spans`, and annotations likewise."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from tests.framework.http import get_json
from tests.framework.processes import eventually, free_port, uvicorn

from .peer import Peer
from .told import ANSWER, ASKED_SPAN, GENERATION_SPAN, MESSAGES, QUESTION, ROOT_SPAN, TOOL_SPAN, asked, told

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"

Span = dict[str, Any]


def stored(phoenix: Peer, trace: str) -> dict[str, Span]:
    """Return the spans of a trace by their ids."""
    query = f"{phoenix.url}/v1/projects/chat/spans?limit=1000&trace_id={trace}"
    try:
        spans = get_json(query)["data"]
    except OSError:
        # The project is made by the first span.
        return {}
    return {span["context"]["span_id"]: span for span in spans if span["context"]["trace_id"] == trace}


def annotated(phoenix: Peer) -> list[dict[str, Any]]:
    url = f"{phoenix.url}/v1/projects/chat/span_annotations?span_ids={GENERATION_SPAN}"
    found: list[dict[str, Any]] = get_json(url)["data"]
    return found


@pytest.fixture(scope="module")
def spans(phoenix: Peer) -> dict[str, Span]:
    phoenix.take(told(TRACE))
    eventually("Phoenix has all spans", lambda: len(stored(phoenix, TRACE)) == 3)
    return stored(phoenix, TRACE)


def attributes(span: Span, *starts: str) -> dict[str, Any]:
    return {name: value for name, value in span["attributes"].items() if name.startswith(starts)}


def test_spans_have_the_names_parents_and_times_of_the_events(spans: dict[str, Span]) -> None:
    keys = ("name", "parent_id", "start_time", "end_time")
    # It keeps microseconds.
    assert {span_id: tuple(span[key] for key in keys) for span_id, span in spans.items()} == {
        ROOT_SPAN: (
            "POST /v1/chat/{what}",
            None,
            "2026-01-02T03:04:05.123457+00:00",
            "2026-01-02T03:04:05.164457+00:00",
        ),
        GENERATION_SPAN: (
            "answer",
            ROOT_SPAN,
            "2026-01-02T03:04:05.124457+00:00",
            "2026-01-02T03:04:05.154457+00:00",
        ),
        TOOL_SPAN: (
            "look up",
            ROOT_SPAN,
            "2026-01-02T03:04:05.125457+00:00",
            "2026-01-02T03:04:05.126457+00:00",
        ),
    }


def test_spans_are_of_their_kinds(spans: dict[str, Span]) -> None:
    kinds = {span_id: span["span_kind"] for span_id, span in spans.items()}
    assert kinds == {ROOT_SPAN: "CHAIN", GENERATION_SPAN: "LLM", TOOL_SPAN: "TOOL"}


def test_input_and_output_are_what_was_said(spans: dict[str, Span]) -> None:
    assert attributes(spans[ROOT_SPAN], "input.", "output.") == {
        "input.value": QUESTION,
        "input.mime_type": "application/json",
        "output.value": ANSWER,
        "output.mime_type": "application/json",
    }
    assert attributes(spans[GENERATION_SPAN], "input.", "output.") == {
        "input.value": MESSAGES,
        "input.mime_type": "application/json",
        "output.value": "hello",
        "output.mime_type": "text/plain",
    }
    assert attributes(spans[TOOL_SPAN], "input.", "output.") == {
        "input.value": "plain",
        "input.mime_type": "text/plain",
    }


def test_a_request_is_told_by_the_conventions_for_http(spans: dict[str, Span]) -> None:
    assert attributes(spans[ROOT_SPAN], "http.", "url.", "server.", "client.", "network.") == {
        "http.request.method": "POST",
        "http.route": "/v1/chat/{what}",
        "http.response.status_code": 200,
        "http.request.body.size": 17,
        "http.response.body.size": 18,
        "http.request.header.content-type": ["application/json"],
        "http.response.header.content-type": ["application/json"],
        "url.scheme": "http",
        "url.path": "/v1/chat/completions",
        "url.query": "a=1",
        "server.address": "api.example",
        "server.port": 8080,
        "client.address": "10.0.0.7",
        "network.protocol.version": "1.1",
    }


def test_model_tokens_and_cost_are_those_of_the_generation(spans: dict[str, Span]) -> None:
    model = attributes(spans[GENERATION_SPAN], "llm.")
    parameters = json.loads(model.pop("llm.invocation_parameters"))
    assert parameters == {"temperature": 0.5, "max_tokens": 64}
    assert model == {
        "llm.model_name": "gpt-4o-2024-08-06",
        "llm.provider": "openai",
        "llm.system": "openai",
        "llm.finish_reason": "stop",
        "llm.token_count.prompt": 50,
        "llm.token_count.prompt_details.cache_read": 10,
        "llm.token_count.completion": 5,
        "llm.token_count.total": 55,
        "llm.cost.prompt": 0.25,
        "llm.cost.completion": 0.5,
        "llm.cost.total": 0.75,
    }


def test_what_was_read_from_the_traffic_of_a_call_is_a_chat(phoenix: Peer) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4737"
    phoenix.take([asked(trace)])
    eventually("Phoenix has the span", lambda: bool(stored(phoenix, trace)))
    span = stored(phoenix, trace)[ASKED_SPAN]
    assert (span["name"], span["span_kind"]) == ("chat gpt-4o", "LLM")
    model = attributes(span, "llm.")
    assert json.loads(model.pop("llm.invocation_parameters")) == {"temperature": 0.5}
    cost = {name: model.pop(name) for name in [*model] if name.startswith("llm.cost.")}
    assert cost["llm.cost.total"] == pytest.approx(cost["llm.cost.prompt"] + cost["llm.cost.completion"])
    call = "llm.output_messages.0.message.tool_calls.0.tool_call"
    assert model == {
        "llm.model_name": "gpt-4o-2024-08-06",
        "llm.provider": "openai",
        "llm.system": "openai",
        "llm.finish_reason": "tool_calls",
        "llm.token_count.prompt": 50,
        "llm.token_count.prompt_details.cache_read": 10,
        "llm.token_count.completion": 5,
        "llm.token_count.total": 55,
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": "Be brief.",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.content": "Does it rain in Oslo?",
        "llm.output_messages.0.message.role": "assistant",
        f"{call}.id": "call_1",
        f"{call}.function.name": "weather",
        f"{call}.function.arguments": '{"city":"Oslo"}',
    }


def test_session_user_tags_and_metadata_are_told(spans: dict[str, Span]) -> None:
    for span in spans.values():
        assert attributes(span, "session.", "user.", "tag.") == {
            "session.id": "s-1",
            "user.id": "alice",
            "tag.tags": ["a", "b"],
        }
    assert attributes(spans[GENERATION_SPAN], "metadata") == {"metadata.tier": "gold", "metadata.attempt": 2}


def test_what_failed_is_an_error_with_what_was_raised(spans: dict[str, Span]) -> None:
    status = {span_id: (span["status_code"], span["status_message"]) for span_id, span in spans.items()}
    assert status == {
        ROOT_SPAN: ("UNSET", ""),
        GENERATION_SPAN: ("UNSET", ""),
        TOOL_SPAN: ("ERROR", "not found"),
    }
    [raised] = spans[TOOL_SPAN]["events"]
    assert raised["name"] == "exception"
    assert raised["attributes"] == {"exception.type": "KeyError", "exception.message": "'x'"}


@pytest.mark.usefixtures("spans")
def test_a_session_is_one_of_phoenix_s(phoenix: Peer) -> None:
    sessions = get_json(f"{phoenix.url}/v1/projects/chat/sessions")["data"]
    assert [session["session_id"] for session in sessions] == ["s-1"]


@pytest.mark.usefixtures("spans")
def test_a_score_is_an_annotation_of_its_span(phoenix: Peer) -> None:
    eventually("Phoenix has the annotation", lambda: bool(annotated(phoenix)))
    [annotation] = annotated(phoenix)
    assert annotation["name"] == "correct"
    assert annotation["result"] == {"score": 0.5, "label": None, "explanation": "so so"}
    assert annotation["identifier"] == TRACE[:-1] + "d"


def test_what_is_sent_twice_is_stored_once(phoenix: Peer, spans: dict[str, Span]) -> None:
    eventually("Phoenix has the annotation", lambda: bool(annotated(phoenix)))
    # What comes after the repetition tells that it was taken in.
    after = {**told(TRACE[::-1])[0], "span_id": "00f067aa0ba902bf"}
    phoenix.take([*told(TRACE), after])
    eventually("Phoenix has what came after", lambda: bool(stored(phoenix, TRACE[::-1])))
    assert stored(phoenix, TRACE).keys() == spans.keys()
    assert len(annotated(phoenix)) == 1


def test_a_request_that_the_middleware_saw_arrives(phoenix: Peer) -> None:
    port, trace = free_port(), "0af7651916cd43dd8448eb211c80319c"
    with phoenix.watching(uvicorn("tests.framework.app:app", port), port):
        headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        with urlopen(Request(f"http://127.0.0.1:{port}/ask?a=1", headers=headers)) as answer:
            said = answer.read().decode()
    eventually("Phoenix has the span", lambda: bool(stored(phoenix, trace)))
    [span] = stored(phoenix, trace).values()
    assert (span["parent_id"], span["status_code"]) == ("b7ad6b7169203331", "UNSET")
    assert attributes(span, "http.request.method", "url.query", "output.value") == {
        "http.request.method": "GET",
        "url.query": "a=1",
        "output.value": said,
    }
