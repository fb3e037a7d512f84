"""What bad use of spans gets: no exception, no hang, no leak, and an event that is marked for what it is."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import offpath
import pytest
from support.exporter import Exporter
from support.python import dropped, recording_program
from support.spans import PARENT, TRACE, Spans, tree


def test_a_span_that_nobody_ends_becomes_an_event_when_it_is_forgotten(spans: Spans) -> None:
    offpath.get_client().start_observation(name="forgotten", input=1)
    gc.collect()
    span = spans.one()
    assert (span["name"], span["ending"]) == ("forgotten", "abandoned")


def test_one_in_a_cycle_is_collected(spans: Spans) -> None:
    cycle: list[Any] = [offpath.get_client().start_observation(name="cycle")]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert spans.one()["ending"] == "abandoned"


def test_a_second_end_does_nothing_and_is_counted(
    spans: Spans, counted: Callable[[], dict[str, Any]]
) -> None:
    span = offpath.get_client().start_observation(name="twice")
    span.end().end()
    span.update(output=1).update_trace(user_id="u").score(name="s", value=1)
    span.start_observation(name="below").end()
    assert [event["name"] for event in spans.all()] == ["twice", "below"]
    assert counted()["after_the_end"] >= 2


def test_an_end_in_another_thread_is_one(spans: Spans) -> None:
    span = offpath.get_client().start_observation(name="elsewhere")
    thread = threading.Thread(target=span.end)
    thread.start()
    thread.join()
    assert spans.one()["ending"] == "ended"


def test_ends_in_many_threads_at_once_are_one_event(spans: Spans) -> None:
    for _ in range(50):
        span = offpath.get_client().start_observation(name="raced")
        barrier = threading.Barrier(4)
        threads = [threading.Thread(target=lambda: (barrier.wait(), span.end())) for _ in range(4)]  # noqa: B023
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(spans.all()) == 50


def test_a_with_that_is_left_in_another_thread_does_no_harm(spans: Spans) -> None:
    block = offpath.get_client().start_as_current_observation(name="block")
    block.__enter__()
    thread = threading.Thread(target=block.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    block.__exit__(None, None, None)
    assert spans.one()["name"] == "block"
    offpath.current.CURRENT.set(None)


def test_withs_that_are_left_out_of_order_do_no_harm(spans: Spans) -> None:
    client = offpath.get_client()
    outer, inner = (client.start_as_current_observation(name=name) for name in ("outer", "inner"))
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    assert spans.tree() == {"outer": {"inner": {}}}
    offpath.current.CURRENT.set(None)


def test_recursion_of_nine_hundred_levels_is_as_many_spans(
    spans: Spans, counted: Callable[[], dict[str, Any]]
) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:

        @offpath.observe
        def deeper(levels: int) -> int:
            return 0 if levels == 0 else 1 + deeper(levels - 1)

        assert deeper(899) == 899
    finally:
        sys.setrecursionlimit(limit)
    found, levels = spans.tree(), 0
    while found:
        found, levels = found["deeper"], levels + 1
    assert levels == 900
    assert "internal_errors" not in counted()


def test_recursion_without_an_end_raises_what_it_does_without_us(spans: Spans) -> None:
    @offpath.observe
    def endless() -> None:
        endless()

    with pytest.raises(RecursionError):
        endless()
    offpath.observe(name="after")(lambda: None)()
    after = spans.all()[-1]
    assert (after["name"], after["parent_span_id"]) == ("after", None)


def test_a_parent_that_is_gone_is_still_named(spans: Spans) -> None:
    parent = offpath.get_client().start_observation(name="parent").end()
    offpath.get_client().start_observation(
        name="child", trace_context={"trace_id": TRACE, "parent_span_id": PARENT}
    ).end()
    parent.start_observation(name="orphan").end()
    assert spans.named("child")["parent_span_id"] == PARENT
    assert spans.named("orphan")["parent_span_id"] == parent.id


def test_a_span_that_ends_while_a_generator_is_finalised_is_one(spans: Spans) -> None:
    def generator() -> Iterator[int]:
        with offpath.get_client().start_as_current_observation(name="in a generator"):
            yield 1

    items = generator()
    next(items)
    del items
    gc.collect()
    span = spans.one()
    assert (span["name"], span["level"]) == ("in a generator", "DEFAULT")
    offpath.current.CURRENT.set(None)


def test_a_fork_in_mid_span_leaves_it_to_the_parent(beside: Exporter, tmp_path: Path) -> None:
    found = recording_program(
        """
@offpath.observe
def forking():
    child = os.fork()
    offpath.get_client().start_observation(name="child" if child == 0 else "parent").end()
    if child == 0:
        offpath.flush(30)
        status = offpath.status()
        os._exit(0 if status["captured"] == 1 and status["internal_errors"] == 0 else 7)
    assert os.waitpid(child, 0)[1] == 0

def child_returns():
    with offpath.get_client().start_as_current_observation(name="with"):
        child = os.fork()
    if child == 0:
        os._exit(0 if offpath.status()["captured"] == 0 else 7)
    assert os.waitpid(child, 0)[1] == 0

forking()
child_returns()
report()
""",
        tmp_path,
    )
    assert (found["status"]["internal_errors"], dropped(found)) == (0, {})
    beside.stop()
    assert tree(beside.events()) == {"forking": {"child": {}, "parent": {}}, "with": {}}


@pytest.mark.parametrize("place", ["__del__", "atexit", "thread"])
def test_spans_at_the_interpreter_s_end_raise_nothing_and_hang_nothing(tmp_path: Path, place: str) -> None:
    recording_program(
        f"""
import atexit, threading
place = {place!r}
client = offpath.get_client()

@offpath.observe
def work():
    with client.start_as_current_observation(name="inner") as inner:
        inner.update(output={{"a": [1]}}).score(name="s", value=1)

class Last:
    def __del__(self):
        work()
        self.span.end()

last = Last()
last.span = client.start_observation(name="open")
last.me = last
if place == "atexit":
    atexit.register(work)
if place == "thread":
    threading.Thread(target=lambda: [work() for _ in range(20000)], daemon=True).start()
work()
report()
""",
        tmp_path,
    )


def test_a_million_spans_leave_no_memory_behind(tmp_path: Path) -> None:
    found = recording_program(
        """
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

client = offpath.get_client()

@offpath.observe
def observed(number):
    return number

@offpath.observe
def generator():
    yield "x"

def some(count):
    for number in range(count // 5):
        observed(number)
        client.start_observation(name="ended", input={"n": number}).end()
        client.start_observation(name="abandoned", input="x")
        list(generator())
        with client.start_as_current_observation(name="with"), offpath.propagate_attributes(user_id="u"):
            pass

some(200_000)
before = resident()
some(1_000_000)
report(grown=resident() - before)
""",
        tmp_path,
    )
    assert found["grown"] < 8 << 20
    assert found["status"]["internal_errors"] == 0
