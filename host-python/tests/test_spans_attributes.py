"""Whose a trace is, how it is judged, and what a client is made with."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import offpath
import pytest
from conftest import Recording
from offpath import propagate_attributes
from support.asgi import body, exchange, start
from support.spans import PARENT, TRACE, Spans, content


@pytest.fixture
def client(spans: Spans) -> offpath.Langfuse:
    return offpath.get_client()


def mark(name: str, as_type: str = "span") -> None:
    offpath.get_client().start_observation(name=name, as_type=as_type).end()


def identity(span: Any) -> tuple[Any, ...]:
    return tuple(
        span[name] for name in ("user_id", "session_id", "tags", "trace_name", "version", "environment")
    )


def test_attributes_hold_for_what_is_in_progress_and_begins_within(
    spans: Spans, client: offpath.Langfuse
) -> None:
    said = {"user_id": "u", "session_id": "s", "tags": ["a"], "trace_name": "n", "version": "1"}
    with client.start_as_current_observation(name="outer"):
        mark("before")
        with propagate_attributes(**said, environment="test"):  # type: ignore[arg-type]
            mark("within")
        mark("after")
    assert identity(spans.named("within")) == ("u", "s", ["a"], "n", "1", "test")
    assert identity(spans.named("outer")) == ("u", "s", ["a"], "n", "1", "test")
    assert identity(spans.named("before")) == (None, None, [], None, None, "default")
    assert identity(spans.named("after"))[:2] == (None, None)


def test_the_inner_ones_are_said_over_the_outer_and_tags_add_up(spans: Spans) -> None:
    with propagate_attributes(user_id="u", tags=["a", "b"], trace_name="outer"):
        with propagate_attributes(user_id="v", session_id="s", tags=["b", "c"]):
            mark("inner")
        mark("outer")
    assert identity(spans.named("inner"))[:4] == ("v", "s", ["a", "b", "c"], "outer")
    assert identity(spans.named("outer"))[:4] == ("u", None, ["a", "b"], "outer")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"user_id": "x" * 201}, "user_id"),
        ({"session_id": 7}, "session_id"),
        ({"tags": ["a", 7, "x" * 201]}, "tags"),
        ({"trace_name": b"n"}, "trace_name"),
        ({"environment": "langfuse-own"}, "environment"),
        ({"environment": "Ümläut"}, "environment"),
    ],
)
def test_bad_attributes_are_left_out_with_a_warning(
    spans: Spans, caplog: pytest.LogCaptureFixture, bad: Any, said: str
) -> None:
    with propagate_attributes(**({"version": "1"} | bad)):
        mark("within")
    assert said in caplog.text
    span = spans.one()
    left = identity(span)
    assert left == (None, None, ["a"] if "tags" in bad else [], None, "1", "default")


@pytest.mark.parametrize("tags", [7, {"a": 1}, object()])
def test_tags_of_any_type_raise_nothing(spans: Spans, tags: Any) -> None:
    with propagate_attributes(tags=tags, user_id="u"):
        mark("within")
    assert spans.one()["user_id"] == "u"


def test_a_prompt_is_linked_to_generations_alone(spans: Spans) -> None:
    with propagate_attributes(prompt={"name": "greeting", "version": 3}):
        mark("llm", "generation")
        mark("other")
    llm = spans.named("llm")["llm"]
    assert (llm["prompt_name"], llm["prompt_version"]) == ("greeting", 3)
    assert spans.named("other")["llm"] is None


def test_an_error_within_passes_and_what_was_said_is_over(spans: Spans) -> None:
    with pytest.raises(ValueError, match="of the app"), propagate_attributes(user_id="u"):
        raise ValueError("of the app")
    mark("after")
    assert spans.one()["user_id"] is None


def test_as_a_decorator_it_holds_for_each_call(spans: Spans) -> None:
    @propagate_attributes(user_id="u")
    def call() -> None:
        mark("within")

    call()
    call()
    assert [span["user_id"] for span in spans.all()] == ["u", "u"]


def of_request(recording: Recording, spans: Spans, handler: Any) -> Any:
    """The exchange in which this ran."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        handler()
        await send(start())
        await send(body())

    asyncio.run(exchange(recording.wrap(app)))
    [event] = [event for event in spans.everything() if event["kind"] == "exchange"]
    return event


def test_the_request_takes_what_is_propagated_in_it(recording: Recording, spans: Spans) -> None:
    def handler() -> None:
        with propagate_attributes(user_id="u", session_id="s", tags=["a"], trace_name="chat"):
            mark("within")

    event = of_request(recording, spans, handler)
    assert (event["user_id"], event["session_id"], event["tags"]) == ("u", "s", ["a"])
    assert spans.one()["parent_span_id"] == event["span_id"]


def test_the_request_takes_what_is_told_of_the_trace_before_any_span(
    recording: Recording, spans: Spans, client: offpath.Langfuse
) -> None:
    def handler() -> None:
        client.update_current_trace(user_id="u", session_id="s", tags=["a"])

    event = of_request(recording, spans, handler)
    assert (event["user_id"], event["session_id"], event["tags"]) == ("u", "s", ["a"])


def test_what_is_told_of_a_trace_holds_for_its_parts_that_end_later(
    spans: Spans, client: offpath.Langfuse
) -> None:
    with client.start_as_current_observation(name="outer"):
        mark("before")
        client.update_current_trace(user_id="u", name="n", tags=["a"], output="out", metadata={"k": 1})
        client.set_current_trace_as_public()
        mark("later")
    assert identity(spans.named("before"))[0] is None
    for name in ("later", "outer"):
        assert identity(spans.named(name))[:4] == ("u", None, ["a"], "n")
    assert content(spans.named("outer")["output"]) == "out"
    outer = spans.named("outer")
    assert outer.get("public", outer.get("is_public", True)) is True


@pytest.mark.parametrize(
    ("value", "data_type", "told", "kind"),
    [
        (0.5, None, 0.5, "NUMERIC"),
        (1, None, 1.0, "NUMERIC"),
        ("good", None, "good", "CATEGORICAL"),
        (True, "BOOLEAN", 1.0, "BOOLEAN"),
        (0, "boolean", 0.0, "BOOLEAN"),
        ("3", "NUMERIC", 3.0, "NUMERIC"),
        ("long text", "TEXT", "long text", "TEXT"),
    ],
)
def test_each_type_of_score_is_told(  # noqa: PLR0913, PLR0917
    spans: Spans, client: offpath.Langfuse, value: Any, data_type: Any, told: Any, kind: str
) -> None:
    client.create_score(name="quality", value=value, trace_id=TRACE, data_type=data_type)
    [score] = spans.scores()
    assert (score["name"], score["value"], score["data_type"]) == ("quality", told, kind)
    assert (score["trace_id"], score["parent_span_id"]) == (TRACE, None)


@pytest.mark.parametrize(
    "said",
    [
        {"value": "x", "data_type": "NUMERIC"},
        {"value": None},
        {"value": 1, "data_type": "SPAM"},
        {"value": object()},
        {"value": 1, "trace_id": "x"},
        {"value": 1, "trace_id": None},
        {"value": 1, "dataset_run_id": "r"},
        {"value": float("nan")},
        {"value": float("inf")},
    ],
)
def test_a_score_that_is_none_is_left_out_with_a_warning(
    spans: Spans, client: offpath.Langfuse, caplog: pytest.LogCaptureFixture, said: Any
) -> None:
    client.create_score(name="s", **({"trace_id": TRACE} | said))
    assert "is left out" in caplog.text
    assert spans.scores() == []


def test_scores_are_of_what_they_are_given_by(spans: Spans, client: offpath.Langfuse) -> None:
    with client.start_as_current_observation(name="a") as a:
        client.score_current_span(name="span", value=1, comment="why", metadata={"m": 1}, config_id="c")
        client.score_current_trace(name="trace", value=1)
        a.score(name="by it", value="x", score_id="id-1")
        a.score_trace(name="its trace", value=1)
    client.create_score(
        name="session", value=1, session_id="s-1", timestamp=datetime(2026, 1, 2, tzinfo=timezone.utc)
    )
    scores = {score["name"]: score for score in spans.scores()}
    parents = {name: score["parent_span_id"] for name, score in scores.items()}
    assert parents == {"span": a.id, "trace": None, "by it": a.id, "its trace": None, "session": None}
    assert {score["trace_id"] for name, score in scores.items() if name != "session"} == {a.trace_id}
    assert (scores["span"]["comment"], scores["span"]["config_id"]) == ("why", "c")
    assert (content(scores["span"]["metadata"]), scores["by it"]["score_id"]) == ({"m": 1}, "id-1")
    assert scores["session"]["session_id"] == "s-1"
    assert scores["session"]["start_time"].startswith("2026-01-02T00:00:00")


def test_a_score_of_an_observation_elsewhere_names_it(spans: Spans, client: offpath.Langfuse) -> None:
    client.create_score(name="s", value=1, trace_id=TRACE, observation_id=PARENT)
    assert spans.scores()[0]["parent_span_id"] == PARENT


def test_half_a_surrogate_pair_loses_nothing_else(spans: Spans, client: offpath.Langfuse) -> None:
    with propagate_attributes(user_id="u\ud800", tags=["\udc00"], prompt={"name": "\ud800", "version": 1}):
        mark("a", "generation")
    client.create_score(name="\ud800", value="\ud800", trace_id=TRACE, comment="\ud800")
    assert (spans.one()["user_id"], spans.one()["tags"]) == ("u?", ["?"])
    assert spans.scores()[0]["name"] == "?"


class Raising:
    """Whatever is asked of it raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("__str__")

    __bool__ = __float__ = __len__ = __iter__ = __str__  # type: ignore[assignment]


@pytest.mark.parametrize(
    "argument", ["name", "value", "comment", "data_type", "metadata", "score_id", "timestamp"]
)
def test_scores_of_what_raises_raise_nothing(spans: Spans, client: offpath.Langfuse, argument: str) -> None:
    client.create_score(**({"name": "s", "value": 1, "trace_id": TRACE} | {argument: Raising()}))


@pytest.mark.parametrize("argument", ["user_id", "tags", "metadata", "environment", "prompt", "version"])
def test_attributes_that_raise_are_left_out(spans: Spans, argument: str) -> None:
    with propagate_attributes(**({"trace_name": "n"} | {argument: Raising()})):
        mark("within")
    assert spans.one()["trace_name"] == "n"


@pytest.mark.parametrize("headers", [Raising, 7, [("traceparent", "x")], {"baggage": 7}, {"traceparent": 7}])
def test_headers_of_any_type_begin_a_trace(spans: Spans, headers: Any) -> None:
    with offpath.continue_trace(headers() if headers is Raising else headers):
        mark("own")
    assert spans.one()["parent_span_id"] is None


@pytest.mark.parametrize("year", [1, 1900, 9999])
def test_a_score_of_any_time_is_kept(spans: Spans, client: offpath.Langfuse, year: int) -> None:
    client.create_score(name="s", value=1, trace_id=TRACE, timestamp=datetime(year, 1, 1))
    assert len(spans.scores()) == 1


@pytest.mark.parametrize(
    "bad", [{"comment": 7}, {"metadata": object()}, {"timestamp": "now"}, {"config_id": b"x"}]
)
def test_a_score_is_kept_whatever_its_extras_are(spans: Spans, client: offpath.Langfuse, bad: Any) -> None:
    client.create_score(name="s", value=1, trace_id=TRACE, **bad)
    assert len(spans.scores()) == 1


def test_a_client_is_made_with_all_that_the_official_one_takes(spans: Spans) -> None:
    client = offpath.Langfuse(
        public_key="pk", secret_key="sk", base_url="http://x", host="http://x", timeout=5, httpx_client=None,
        debug=False, flush_at=1, flush_interval=1.0, environment="prod-1", release="r1", sample_rate=1.0,
        media_upload_thread_count=1, mask=None, blocked_instrumentation_scopes=[], additional_headers={},
        tracer_provider=None,
    )  # fmt: skip
    assert offpath.get_client() is client
    mark("a")
    assert (spans.one()["environment"], spans.one()["release"]) == ("prod-1", "r1")
    with pytest.raises(TypeError, match="spam"):
        offpath.Langfuse(spam=1)


def test_the_environment_s_variables_keep_their_meaning(
    spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGFUSE_TRACING_ENVIRONMENT", "staging")
    monkeypatch.setenv("LANGFUSE_RELEASE", "r2")
    spans.configure()
    mark("a")
    assert (spans.one()["environment"], spans.one()["release"]) == ("staging", "r2")


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_switched_off_nothing_is_recorded_and_nothing_raises(
    spans: Spans, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "argument":
        offpath.Langfuse(tracing_enabled=False)
    else:
        monkeypatch.setenv("LANGFUSE_TRACING_ENABLED", "False")
        spans.configure()
    client = offpath.get_client()
    with client.start_as_current_observation(name="a") as a, propagate_attributes(user_id="u"):
        a.update(output=1).score(name="s", value=1)
        client.update_current_trace(user_id="u")
        assert offpath.observe(lambda: 7)() == 7
    assert (a.trace_id, a.id) == ("0" * 32, "0" * 16)
    assert spans.everything() == []


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_sampling_goes_by_the_trace_and_takes_whole_ones(
    spans: Spans, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "argument":
        offpath.Langfuse(sample_rate=0.5)
    else:
        monkeypatch.setenv("LANGFUSE_SAMPLE_RATE", "0.5")
        spans.configure()
    client = offpath.get_client()
    kept, left_out = "0" * 18 + "ff" * 7, "f" * 18 + "00" * 7
    for trace in (kept, left_out):
        with client.start_as_current_observation(name=trace, trace_context={"trace_id": trace}):
            mark("below")
        client.create_score(name="s", value=1, trace_id=trace)
    events = spans.everything()
    assert [event["trace_id"] for event in events] == [kept] * 3


@pytest.mark.parametrize("rate", [2, -1, "x"])
def test_a_rate_that_is_none_keeps_all_with_a_warning(
    spans: Spans, caplog: pytest.LogCaptureFixture, rate: Any
) -> None:
    offpath.Langfuse(sample_rate=rate)
    mark("a")
    assert "sample_rate" in caplog.text
    assert len(spans.all()) == 1


def test_a_mask_is_asked_of_all_that_is_captured(spans: Spans) -> None:
    def mask(*, data: Any) -> Any:
        return "masked" if data == "secret" else {"masked": True}

    offpath.Langfuse(mask=mask)

    @offpath.observe
    def function(_: Any) -> str:
        offpath.get_client().update_current_span(metadata={"key": "secret"})
        return "secret"

    function("secret")
    span = spans.one()
    assert content(span["output"]) == "masked"
    assert (content(span["input"]), content(span["metadata"])) == ({"masked": True}, {"masked": True})


def test_what_a_mask_that_raises_was_to_mask_is_withheld(spans: Spans) -> None:
    def mask(data: Any) -> Any:
        raise ValueError(data)

    offpath.Langfuse(mask=mask)
    assert offpath.observe(name="f")(lambda text: text)("secret") == "secret"
    span = spans.one()
    withheld = "<withheld: the mask function failed>"
    assert (content(span["input"]), content(span["output"])) == (withheld, withheld)
