"""``@observe``: what it does to a function, and what spans of its calls say."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

import offpath
import pytest
from offpath.observe import TYPES
from support.spans import PARENT, TRACE, Spans, content


def test_without_parentheses_a_call_is_a_span_with_input_and_output(spans: Spans) -> None:
    @offpath.observe
    def add(first: int, second: int = 2) -> dict[str, int]:
        return {"sum": first + second}

    assert add(1, second=4) == {"sum": 5}
    span = spans.one()
    assert (span["kind"], span["name"], span["level"]) == ("span", "add", "DEFAULT")
    assert content(span["input"]) == {"args": [1], "kwargs": {"second": 4}}
    assert content(span["output"]) == {"sum": 5}
    assert span["parent_span_id"] is None


def test_with_parentheses_it_is_the_same(spans: Spans) -> None:
    @offpath.observe()
    def add(first: int) -> str:
        return f"{first}"

    assert add(1) == "1"
    span = spans.one()
    assert (span["name"], span["output"]["head"]) == ("add", "1")


def test_a_coroutine_function_stays_one_and_is_a_span_as_long_as_it_runs(spans: Spans) -> None:
    @offpath.observe(name="fetch", as_type="retriever")
    async def asynchronous(query: str) -> list[str]:
        await asyncio.sleep(0)
        inner()
        return [query]

    @offpath.observe
    def inner() -> None:
        pass

    assert inspect.iscoroutinefunction(asynchronous)
    assert asyncio.run(asynchronous("q")) == ["q"]
    assert spans.tree() == {"fetch": {"inner": {}}}
    assert spans.named("fetch")["kind"] == "retriever"


@pytest.mark.parametrize("as_type", TYPES)
def test_each_type_is_told(spans: Spans, as_type: str) -> None:
    offpath.observe(as_type=as_type)(lambda: None)()
    span = spans.one()
    assert (span["kind"], span["name"]) == (as_type, "<lambda>")


def test_a_type_that_is_none_is_a_span_and_a_warning(spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        observed = offpath.observe(as_type="spam")(lambda: 1)
    assert "as_type: must be one of" in caplog.text
    assert observed() == 1
    assert spans.one()["kind"] == "span"


class Shop:
    """Has a method of each kind."""

    @offpath.observe
    def order(self, item: str) -> str:
        return item

    @classmethod
    @offpath.observe
    def open(cls, place: str) -> str:
        return f"{cls.__name__} {place}"

    @staticmethod
    @offpath.observe
    def hours(day: str) -> str:
        return day

    @offpath.observe
    async def ship(self, item: str) -> str:
        return item


@pytest.mark.parametrize("name", ["order", "open", "hours", "ship"])
def test_what_a_method_is_of_is_no_input(spans: Spans, name: str) -> None:
    result = getattr(Shop(), name)("x")
    if inspect.iscoroutine(result):
        asyncio.run(result)
    span = spans.one()
    assert (span["name"], content(span["input"])) == (name, {"args": ["x"], "kwargs": {}})


def test_the_function_keeps_its_name_signature_and_documentation() -> None:
    def add(first: int, *, second: int = 2) -> int:
        """Add two numbers."""
        return first + second

    observed = offpath.observe(name="other")(add)
    assert (observed.__name__, observed.__doc__) == ("add", "Add two numbers.")
    assert inspect.signature(observed) == inspect.signature(add)
    assert inspect.unwrap(observed) is add
    assert not inspect.iscoroutinefunction(observed)


def test_what_has_no_name_is_observed_too(spans: Spans) -> None:
    class Called:
        def __call__(self, number: int) -> int:
            return number + 1

    assert offpath.observe(functools.partial(int, base=2))("11") == 3  # type: ignore[arg-type]
    assert offpath.observe(Called())(1) == 2
    assert [span["name"] for span in spans.all()] == ["partial", "Called"]


@pytest.mark.parametrize(("capture_input", "capture_output"), [(False, True), (True, False), (False, False)])
def test_input_and_output_are_left_out_where_it_says_so(
    spans: Spans, capture_input: bool, capture_output: bool
) -> None:
    @offpath.observe(capture_input=capture_input, capture_output=capture_output)
    def function(number: int) -> int:
        return number

    function(7)
    span = spans.one()
    assert (span["input"] is not None, span["output"] is not None) == (capture_input, capture_output)


@pytest.mark.parametrize(("variable", "is_captured"), [("false", False), ("0", False), ("True", True)])
def test_the_environment_says_it_where_the_decorator_does_not(
    spans: Spans, monkeypatch: pytest.MonkeyPatch, variable: str, is_captured: bool
) -> None:
    monkeypatch.setenv("LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED", variable)
    offpath.observe(name="by the environment")(lambda _: 7)(1)
    offpath.observe(name="by the decorator", capture_input=True)(lambda _: 7)(1)
    by_environment, by_decorator = spans.all()
    assert (by_environment["input"] is not None) == is_captured
    assert (by_environment["output"] is not None) == is_captured
    assert by_decorator["input"] is not None
    assert (by_decorator["output"] is not None) == is_captured


def test_no_argument_and_nothing_returned_is_said_as_langfuse_says_it(spans: Spans) -> None:
    offpath.observe(name="nothing")(lambda: None)()
    span = spans.one()
    assert (content(span["input"]), span["output"]) == ({"args": [], "kwargs": {}}, None)


def raising(error: BaseException) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """A function and a coroutine function, observed, that raise it."""

    @offpath.observe(name="raises")
    def function() -> None:
        raise error

    @offpath.observe(name="raises")
    async def coroutine() -> None:
        raise error

    def run() -> None:
        driven = coroutine()
        try:
            driven.send(None)
        finally:
            driven.close()

    return function, run


@pytest.mark.parametrize("which", [0, 1])
def test_an_error_passes_as_it_is_and_is_told_with_its_message(spans: Spans, which: int) -> None:
    error = ValueError("no such order")
    with pytest.raises(ValueError, match="no such order") as raised:
        raising(error)[which]()
    assert raised.value is error
    span = spans.one()
    assert (span["level"], span["status_message"]) == ("ERROR", "no such order")
    assert (span["error"]["type"], span["error"]["message"]) == ("ValueError", "no such order")
    assert span["output"] is None


@pytest.mark.parametrize("which", [0, 1])
def test_an_error_without_a_message_is_told_by_its_class(spans: Spans, which: int) -> None:
    with pytest.raises(KeyError):
        raising(KeyError())[which]()
    assert spans.one()["status_message"] == "KeyError"


@pytest.mark.parametrize("which", [0, 1])
def test_an_error_whose_str_raises_passes_all_the_same(
    spans: Spans, which: int, counted: Callable[[], dict[str, Any]]
) -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise RuntimeError("of __str__")

    with pytest.raises(Wordless):
        raising(Wordless())[which]()
    span = spans.one()
    assert (span["level"], span["status_message"]) == ("ERROR", "Wordless")
    assert "internal_errors" not in counted()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()])
def test_a_program_that_ends_is_no_error(spans: Spans, which: int, error: BaseException) -> None:
    with pytest.raises(type(error)):
        raising(error)[which]()
    span = spans.one()
    assert (span["level"], span["error"]) == ("DEFAULT", None)


def test_a_task_that_is_cancelled_is_an_error(spans: Spans) -> None:
    @offpath.observe
    async def waits() -> None:
        await asyncio.Event().wait()

    async def cancel() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    span = spans.one()
    assert (span["level"], span["status_message"]) == ("ERROR", "CancelledError")


def test_calls_within_calls_are_a_tree_of_one_trace(spans: Spans) -> None:
    @offpath.observe
    def leaf() -> None:
        pass

    @offpath.observe
    async def branch() -> None:
        leaf()

    @offpath.observe
    def root() -> None:
        asyncio.run(branch())
        offpath.observe(name="another leaf")(lambda: None)()

    root()
    root()
    events = spans.all()
    assert len({span["trace_id"] for span in events}) == 2
    first = {span["trace_id"]: span for span in events}
    assert all(span["name"] == "root" for span in first.values())
    assert [span["name"] for span in events] == ["leaf", "branch", "another leaf", "root"] * 2


def test_after_an_error_what_was_in_progress_is_in_progress_again(spans: Spans) -> None:
    @offpath.observe
    def outer() -> None:
        with pytest.raises(ValueError, match="of the app"):
            raising(ValueError("of the app"))[0]()
        offpath.observe(name="after")(lambda: None)()

    outer()
    assert spans.tree() == {"outer": {"raises": {}, "after": {}}}


def test_arguments_for_us_name_a_trace_elsewhere_and_do_not_reach_the_function(spans: Spans) -> None:
    @offpath.observe
    def function(**named: Any) -> Any:
        return named

    called = function(
        langfuse_trace_id=TRACE, langfuse_parent_observation_id=PARENT, langfuse_public_key="pk", a=1
    )
    assert called == {"a": 1}
    span = spans.one()
    assert (span["trace_id"], span["parent_span_id"]) == (TRACE, PARENT)
    assert content(span["input"]) == {"args": [], "kwargs": {"a": 1}}


def test_a_trace_without_a_parent_has_its_root_here(spans: Spans) -> None:
    offpath.observe(name="root")(lambda: None)(langfuse_trace_id=TRACE)  # type: ignore[call-arg]
    span = spans.one()
    assert (span["trace_id"], span["parent_span_id"]) == (TRACE, None)


@pytest.mark.parametrize("trace", ["", "x", "0" * 32, TRACE + "0", 7, None, "é" * 16])
def test_a_trace_id_that_is_none_begins_a_trace_of_its_own(spans: Spans, trace: Any) -> None:
    assert offpath.observe(name="own")(lambda: 7)(langfuse_trace_id=trace) == 7  # type: ignore[call-arg]
    assert spans.one()["parent_span_id"] is None
    assert spans.one()["trace_id"] not in {TRACE, "0" * 32}


def test_what_is_observed_twice_is_two_spans(spans: Spans) -> None:
    offpath.observe(name="outer")(offpath.observe(name="inner")(lambda: None))()
    assert spans.tree() == {"outer": {"inner": {}}}


def test_where_nothing_is_recorded_functions_run_as_without(spans: Spans) -> None:
    spans.configure(spans={"record": False})

    @offpath.observe
    def function(number: int) -> int:
        return number

    @offpath.observe
    def generator() -> Any:
        yield 1

    assert function(7, langfuse_trace_id=TRACE) == 7  # type: ignore[call-arg]
    assert list(generator()) == [1]
    assert asyncio.run(offpath.observe(Shop.ship)(Shop(), "x")) == "x"
    assert spans.all() == []
