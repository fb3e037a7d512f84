"""Spans of OpenTelemetry's SDK as they come into the ring: every field, and attributes of any type and size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import python, ring

#: What programs that make spans begin with.
OTEL = """
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from offpath.otel import OffpathSpanProcessor

def provide(config=None, **options):
    provider = TracerProvider(shutdown_on_exit=False, **options)
    provider.add_span_processor(OffpathSpanProcessor(config=config or {"service": {"name": "otel"}}))
    return provider
"""


def recorded(program: str, directory: Path, **variables: object) -> tuple[list[ring.Span], Any]:
    """The spans that a program left in its ring, and what it reported."""
    reported = python.recording_program(OTEL + program, directory, **variables)
    assert reported["status"]["internal_errors"] == 0
    return ring.spans(directory / "rings"), reported


def attributes_of(code: str, directory: Path, config: str = "None", **variables: object) -> dict[str, Any]:
    """What is left of attributes that an expression names."""
    program = f"""
provider = provide({config})
with provider.get_tracer("t").start_as_current_span("s") as span:
    span.set_attributes({code})
report()
"""
    [span], _ = recorded(program, directory, **variables)
    return span.attributes


def test_a_span_is_written_whole(tmp_path: Path) -> None:
    program = """
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState
provider = provide(resource=Resource({"service.name": "chat", "n": 1}, "https://schema/resource"))
tracer = provider.get_tracer("lib", "1.2", "https://schema/scope", {"public_key": "pk"})
state = TraceState([("vendor", "x")])
caller = SpanContext(0xabc, 0xdef, is_remote=True, trace_flags=TraceFlags(1), trace_state=state)
linked = SpanContext(0x123, 0x456, is_remote=False, trace_flags=TraceFlags(0), trace_state=state)
context = trace.set_span_in_context(trace.NonRecordingSpan(caller))
span = tracer.start_span("GET /", context, SpanKind.SERVER, {"a": 1}, [Link(linked, {"why": "batch"})], start_time=1000)
span.add_event("tick", {"n": 7}, timestamp=1500)
span.set_status(Status(StatusCode.ERROR, "broken"))
span.end(end_time=3000)
report()
"""
    [span], _ = recorded(program, tmp_path)
    otlp = span.otlp
    assert (span.trace_id, span.parent) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert (otlp.name, otlp.kind, otlp.trace_state) == ("GET /", 2, "vendor=x")
    assert (otlp.start_time_unix_nano, otlp.end_time_unix_nano, otlp.flags) == (1000, 3000, 0x301)
    assert (otlp.status.code, otlp.status.message) == (2, "broken")
    [event], [link] = otlp.events, otlp.links
    assert (event.name, event.time_unix_nano, ring.values(event.attributes)) == ("tick", 1500, {"n": 7})
    assert (link.trace_id.hex(), link.span_id.hex()) == (f"{0x123:032x}", f"{0x456:016x}")
    assert (link.trace_state, link.flags, ring.values(link.attributes)) == (
        "vendor=x",
        0x100,
        {"why": "batch"},
    )
    assert ring.values(span.resource.attributes) == {"service.name": "chat", "n": 1}
    assert (span.scope.name, span.scope.version) == ("lib", "1.2")
    assert ring.values(span.scope.attributes) == {"public_key": "pk"}


def test_parents_are_spans_of_the_same_process(tmp_path: Path) -> None:
    program = """
tracer = provide().get_tracer("t")
with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
    pass
report()
"""
    [inner, outer], _ = recorded(program, tmp_path)
    assert (inner.name, inner.parent, inner.trace_id) == ("inner", outer.span_id, outer.trace_id)
    assert (outer.parent, inner.otlp.flags & 0x301) == ("", 0x101)


def test_what_the_sdk_left_out_is_counted(tmp_path: Path) -> None:
    program = """
import logging
logging.disable(logging.WARNING)
provider = provide(span_limits=SpanLimits(max_span_attributes=2, max_events=1, max_links=1))
with provider.get_tracer("t").start_as_current_span("s") as span:
    for n in range(5):
        span.set_attribute(f"a{n}", n)
        span.add_event("e")
        span.add_link(span.get_span_context())
report()
"""
    [span], _ = recorded(program, tmp_path)
    otlp = span.otlp
    assert span.attributes == {"a3": 3, "a4": 4}
    assert (otlp.dropped_attributes_count, otlp.dropped_events_count, otlp.dropped_links_count) == (3, 4, 4)


def test_attributes_are_of_every_type_that_there_is(tmp_path: Path) -> None:
    code = """{
        "text": "äöü", "empty": "", "yes": True, "no": False, "int": -5, "zero": 0, "largest": 2**63 - 1,
        "float": 0.5, "bytes": b"ab", "none": None, "list": ["a", "b"], "mixed": [1, "a", None, [True]],
        "mapping": {"a": {"b": [1.5]}}, "no items": [], "no members": {}, "lone": "a\\ud800b",
    }"""
    kept = attributes_of(code, tmp_path)
    assert kept.pop("lone").startswith("a")
    assert kept == {
        "text": "äöü",
        "empty": "",
        "yes": True,
        "no": False,
        "int": -5,
        "zero": 0,
        "largest": 2**63 - 1,
        "float": 0.5,
        "bytes": b"ab",
        "none": None,
        "list": ["a", "b"],
        "mixed": [1, "a", None, [True]],
        "mapping": {"a": {"b": [1.5]}},
        "no items": [],
        "no members": {},
    }


def test_a_number_beyond_64_bits_is_text(tmp_path: Path) -> None:
    kept = attributes_of('{"large": 2**64, "negative": -2**70, "immense": 1 << 100000}', tmp_path)
    assert kept == {"large": str(2**64), "negative": str(-(2**70)), "immense": "<int of 100001 bits>"}


def test_no_method_of_a_class_of_the_app_is_called(tmp_path: Path) -> None:
    program = """
called = []
class Hostile:
    def __repr__(self): called.append("repr"); raise SystemExit
    __str__ = __len__ = __iter__ = __repr__
class Text(str):
    def __len__(self): called.append("len"); raise SystemExit
    __str__ = __repr__ = __getitem__ = encode = __len__
class Number(int):
    def __int__(self): called.append("int"); raise SystemExit
    __index__ = __repr__ = bit_length = __int__
provider = provide({"service": {"name": "otel"}, "spans": {"attribute": 100}})
span = provider.get_tracer("t").start_span("s")
span._attributes._dict.update(
    hostile=Hostile(), items=(Hostile(),), text=Text("x" * 200), number=Number(7), large=Number(2**80)
)
span.end()
report(called=called)
"""
    [span], reported = recorded(program, tmp_path)
    assert reported["called"] == []
    kept = span.attributes
    assert (kept["hostile"], kept["items"], kept["number"]) == ("<Hostile>", ["<Hostile>"], 7)
    assert kept["text"] == "x" * 60 + "… (+140 characters)"
    assert kept["large"] == str(2**80)


@pytest.mark.parametrize("letter", ["x", "ä", "€", "😀"])
def test_a_long_text_is_cut_at_a_character_and_says_how_much_is_missing(tmp_path: Path, letter: str) -> None:
    kept = attributes_of(
        f'{{"text": "{letter}" * 1000}}', tmp_path, '{"service": {"name": "o"}, "spans": {"attribute": 1000}}'
    )
    text, _, mark = kept["text"].partition("… (+")
    if letter == "x":
        assert kept["text"] == "x" * 1000
    else:
        assert set(text) == {letter}
        assert mark == f"{1000 - len(text)} characters)"
        assert 900 < len(kept["text"].encode()) <= 1000


def test_lists_and_mappings_are_cut_too(tmp_path: Path) -> None:
    config = (
        '{"service": {"name": "o"}, "spans": {"attribute": 500, "json": {"max_items": 2, "max_depth": 2}}}'
    )
    kept = attributes_of(
        '{"items": [1, 2, 3], "members": {"a": 1, "b": 2, "c": 3}, "deep": [[[1]]], "long": ["x" * 600, "y"]}',
        tmp_path,
        config,
    )
    assert kept["items"] == [1, 2, "… 1 more item"]
    assert kept["members"] == {"a": 1, "b": 2, "…": "1 more"}
    assert kept["deep"] == [[["… 1 more item"]]] or kept["deep"] == [["… 1 more item"]]
    assert kept["long"][0].startswith("xxx")
    assert len(kept["long"][0]) < 500


def test_a_span_that_would_be_too_large_is_cut_where_it_is_longest(tmp_path: Path) -> None:
    config = '{"service": {"name": "o"}, "ring": {"size": "64KiB"}, "spans": {"attribute": "16KiB"}}'
    kept = attributes_of('{"a": "x" * 12000, "b": "y" * 12000, "c": "short"}', tmp_path, config)
    assert kept["c"] == "short"
    assert kept["a"].startswith("x" * 7000)
    assert kept["b"].endswith("characters)")


def test_where_there_is_no_room_at_all_attributes_are_dropped_and_counted(tmp_path: Path) -> None:
    program = """
provider = provide(
    {"service": {"name": "otel"}, "ring": {"size": "64KiB"}}, span_limits=SpanLimits(max_span_attributes=500)
)
with provider.get_tracer("t").start_as_current_span("s") as span:
    span.set_attributes({f"a{n}": "x" * 300 for n in range(200)})
report()
"""
    [span], reported = recorded(program, tmp_path)
    assert 0 < len(span.attributes) < 200
    assert span.otlp.dropped_attributes_count == 200 - len(span.attributes)
    assert python.dropped(reported) == {}
    assert reported["status"]["truncated"] == 1


def test_no_part_of_a_span_takes_the_room_of_all(tmp_path: Path) -> None:
    program = """
from opentelemetry.trace import Status, StatusCode
provider = provide(
    {"service": {"name": "otel"}, "ring": {"size": "64KiB"}}, resource=Resource({"r": "x" * 50000})
)
tracer = provider.get_tracer("t", attributes={"s": "x" * 50000})
span = tracer.start_span("n" * 50000, attributes={"a": "kept"})
span.set_status(Status(StatusCode.ERROR, "x" * 50000))
span.add_event("e", {"text": "x" * 50000})
span.end()
report()
"""
    [span], reported = recorded(program, tmp_path)
    assert python.dropped(reported) == {}
    assert span.attributes == {"a": "kept"}
    texts = [span.name, span.otlp.status.message, ring.values(span.resource.attributes)["r"]]
    assert all(text.endswith("characters)") for text in texts)


def test_events_that_do_not_fit_are_dropped_and_counted(tmp_path: Path) -> None:
    program = """
provider = provide({"service": {"name": "otel"}, "ring": {"size": "64KiB"}})
with provider.get_tracer("t").start_as_current_span("s") as span:
    span.set_attribute("kept", "yes")
    for _ in range(20):
        span.add_event("e", {"text": "x" * 1000})
report()
"""
    [span], reported = recorded(program, tmp_path)
    assert span.attributes == {"kept": "yes"}
    assert 0 < len(span.otlp.events) < 20
    assert span.otlp.dropped_events_count == 20 - len(span.otlp.events)
    assert python.dropped(reported) == {}


def test_what_a_sampler_leaves_out_is_not_written(tmp_path: Path) -> None:
    program = """
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
tracer = provide(sampler=TraceIdRatioBased(0)).get_tracer("t")
with tracer.start_as_current_span("s"):
    pass
report()
"""
    assert recorded(program, tmp_path)[0] == []


def test_nothing_is_written_where_spans_are_not_recorded(tmp_path: Path) -> None:
    program = """
tracer = provide({"service": {"name": "otel"}, "spans": {"record": False}}).get_tracer("t")
with tracer.start_as_current_span("s"):
    pass
report()
"""
    assert recorded(program, tmp_path)[0] == []


def test_nothing_is_written_after_shutdown(tmp_path: Path) -> None:
    program = """
provider = provide()
tracer = provider.get_tracer("t")
tracer.start_span("before").end()
provider.shutdown()
tracer.start_span("after").end()
report()
"""
    assert [span.name for span in recorded(program, tmp_path)[0]] == ["before"]


def test_everything_passes_through_where_offpath_is_off(tmp_path: Path) -> None:
    program = """
provider = provide()
tracer = provider.get_tracer("t")
with tracer.start_as_current_span("s"):
    pass
report(flushed=provider.force_flush())
"""
    reported = python.recording_program(OTEL + program, tmp_path, OFFPATH_ENABLED=0)
    assert (reported["flushed"], reported["status"]["captured"]) == (True, 0)


def test_a_flush_waits_for_nobody_where_no_exporter_runs(tmp_path: Path) -> None:
    program = """
import time
provider = provide()
provider.get_tracer("t").start_span("s").end()
begun = time.monotonic()
flushed = provider.force_flush()
report(flushed=flushed, seconds=time.monotonic() - begun)
"""
    _, reported = recorded(program, tmp_path)
    assert not reported["flushed"]
    assert reported["seconds"] < 1


def test_ids_do_not_repeat_where_the_app_seeds_pythons_generator(tmp_path: Path) -> None:
    program = """
import random
from offpath.otel_processor import NativeIds
ids = []
for _ in range(100):
    random.seed(1)
    ids.append((NativeIds().generate_trace_id(), NativeIds().generate_span_id()))
report(ids=ids)
"""
    _, reported = recorded(program, tmp_path)
    assert len({trace for trace, _ in reported["ids"]}) == len({span for _, span in reported["ids"]}) == 100


def test_a_forked_child_writes_to_a_ring_of_its_own(tmp_path: Path) -> None:
    program = """
tracer = provide().get_tracer("t")
with tracer.start_as_current_span("before"):
    pass
with tracer.start_as_current_span("across"):
    child = os.fork()
    if child == 0:
        tracer.start_span("in the child").end()
        os._exit(0)
    os.waitpid(child, 0)
report()
"""
    spans, _ = recorded(program, tmp_path)
    assert sorted(span.name for span in spans) == ["across", "before", "in the child"]
    assert len({span.span_id for span in spans}) == 3


def test_a_resource_for_each_span_is_no_leak(tmp_path: Path) -> None:
    program = """
import gc, weakref
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
processor = OffpathSpanProcessor(config={"service": {"name": "otel"}})
context = trace.SpanContext(1, 2, False, trace.TraceFlags(1))
made = []
for n in range(100):
    resource = Resource({"n": n})
    made.append(weakref.ref(resource))
    scope = InstrumentationScope(str(n))
    processor.on_end(ReadableSpan("s", context, resource=resource, start_time=1, end_time=2, instrumentation_scope=scope))
del resource
gc.collect()
report(alive=sum(each() is not None for each in made))
"""
    spans, reported = recorded(program, tmp_path)
    assert [ring.values(span.resource.attributes)["n"] for span in spans] == list(range(100))
    assert [span.scope.name for span in spans] == [str(n) for n in range(100)]
    assert reported["alive"] <= 16


def test_what_is_no_span_does_no_harm(tmp_path: Path) -> None:
    program = """
processor = OffpathSpanProcessor(config={"service": {"name": "otel"}})
processor.on_start(None)
processor.on_end(None)
processor.on_end(object())
report()
"""
    reported = python.recording_program(OTEL + program, tmp_path)
    assert (reported["status"]["internal_errors"], reported["status"]["captured"]) == (2, 0)


def test_the_package_imports_without_opentelemetry_and_says_what_is_missing(tmp_path: Path) -> None:
    program = """
import sys
sys.modules["opentelemetry"] = None
import offpath
messages = []
for use in (lambda: offpath.otel.OffpathSpanProcessor, offpath.langfuse.tracer_provider):
    try:
        use()
    except ImportError as error:
        messages.append(str(error))
report(messages=messages)
"""
    messages = python.recording_program(program, tmp_path)["messages"]
    assert len(messages) == 2
    assert all("pip install opentelemetry-sdk" in message for message in messages)
