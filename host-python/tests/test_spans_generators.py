"""Generators, asynchronous ones and streaming responses that are observed: their spans last until their last item."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import offpath
import pytest
from offpath.current import CURRENT
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse
from support.asgi import exchange
from support.spans import Spans, content


def mark(name: str) -> None:
    """Record a span where it is called."""
    offpath.observe(name=name)(lambda: None)()


@offpath.observe
def texts() -> Iterator[str]:
    mark("before")
    yield "one "
    mark("between")
    yield "two"
    mark("after")


@offpath.observe
async def texts_async() -> AsyncIterator[str]:
    mark("before")
    yield "one "
    await asyncio.sleep(0)
    mark("between")
    yield "two"
    mark("after")


async def collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def both(kind: str) -> list[Any]:
    return list(texts()) if kind == "sync" else asyncio.run(collect(texts_async()))


NAMES = {"sync": "texts", "async": "texts_async"}


def test_texts_are_joined_and_spans_in_its_body_are_below_it(spans: Spans, kind: str) -> None:
    assert both(kind) == ["one ", "two"]
    assert spans.tree() == {NAMES[kind]: {"before": {}, "between": {}, "after": {}}}
    assert spans.named(NAMES[kind])["output"]["head"] == "one two"


def test_the_consumer_s_own_spans_are_none_of_its_parts(spans: Spans, kind: str) -> None:
    @offpath.observe
    def consumer() -> None:
        for number, _ in enumerate(texts()):
            mark(f"consumed {number}")

    @offpath.observe(name="consumer")
    async def consumer_async() -> None:
        number = 0
        async for _ in texts_async():
            mark(f"consumed {number}")
            number += 1

    _ = consumer() if kind == "sync" else asyncio.run(consumer_async())
    inside = {"before": {}, "between": {}, "after": {}}
    assert spans.tree() == {"consumer": {NAMES[kind]: inside, "consumed 0": {}, "consumed 1": {}}}


def test_the_consumer_s_context_is_not_touched(spans: Spans) -> None:
    items = texts()
    seen = [CURRENT.get()]
    for _ in items:
        seen.append(CURRENT.get())
    assert [*seen, CURRENT.get()] == [None] * 4
    assert len(spans.all()) == 4


def test_a_with_around_a_yield_is_in_progress_at_the_next_step_again(spans: Spans) -> None:
    @offpath.observe
    def generator() -> Iterator[int]:
        with offpath.get_client().start_as_current_observation(name="block"):
            yield 1
            mark("in the block")
        mark("after it")
        yield 2

    for _ in generator():
        assert CURRENT.get() is None
    assert spans.tree() == {"generator": {"block": {"in the block": {}}, "after it": {}}}


def test_an_observed_generator_is_one_for_its_consumer(spans: Spans) -> None:
    items = texts()
    assert inspect.isgenerator(items) or hasattr(items, "send")
    assert next(items) == "one "
    assert list(items) == ["two"]
    assert next(items, "over") == "over"
    assert len(spans.all()) == 4


def test_items_that_are_no_texts_are_a_list(spans: Spans) -> None:
    assert list(offpath.observe(name="numbers")(lambda: (number for number in range(3)))()) == [0, 1, 2]
    assert content(spans.one()["output"]) == [0, 1, 2]


def test_sent_values_and_raised_errors_reach_it(spans: Spans) -> None:
    @offpath.observe
    def echoing() -> Any:
        sent = yield "first"
        try:
            yield sent
        except LookupError:
            yield "caught"
        return "returned"

    generator = echoing()
    assert next(generator) == "first"
    assert generator.send("sent") == "sent"
    assert generator.throw(LookupError("of the consumer")) == "caught"
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == "returned"
    assert spans.one()["output"]["head"] == "firstsentcaught"


def test_what_it_returns_reaches_yield_from(spans: Spans) -> None:
    @offpath.observe
    def inner() -> Any:
        yield 1
        return "result"

    def outer() -> Any:
        yield (yield from inner())

    assert list(outer()) == [1, "result"]
    assert content(spans.one()["output"]) == [1]


def test_closed_early_it_ends_with_what_it_has_yielded(spans: Spans, kind: str) -> None:
    async def close_async() -> None:
        items = texts_async()
        assert await anext(items) == "one "
        await items.aclose()  # type: ignore[attr-defined]

    if kind == "sync":
        items = texts()
        assert next(items) == "one "
        items.close()  # type: ignore[attr-defined]
    else:
        asyncio.run(close_async())
    span = spans.named(NAMES[kind])
    assert (span["level"], span["output"]["head"]) == ("DEFAULT", "one ")
    assert spans.tree() == {NAMES[kind]: {"before": {}}}


def test_never_begun_and_never_finished_ones_end_when_they_are_forgotten(
    spans: Spans, counted: Callable[[], dict[str, Any]]
) -> None:
    begun, untouched = texts(), texts()
    next(begun)
    del begun, untouched
    gc.collect()
    events = [span for span in spans.all() if span["name"] == "texts"]
    assert sorted(content(span["output"]) or "" for span in events) in (["", "one "], ["[]", "one "])
    assert "internal_errors" not in counted()


def test_an_error_in_it_passes_and_is_told(spans: Spans, kind: str) -> None:
    error = ValueError("of the model")

    @offpath.observe(name="fails")
    def generator() -> Iterator[str]:
        yield "one"
        raise error

    @offpath.observe(name="fails")
    async def generator_async() -> AsyncIterator[str]:
        yield "one"
        raise error

    with pytest.raises(ValueError, match="of the model") as raised:
        _ = list(generator()) if kind == "sync" else asyncio.run(collect(generator_async()))
    assert raised.value is error
    span = spans.one()
    assert (span["level"], span["status_message"]) == ("ERROR", "of the model")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with 3.11")
def test_a_timeout_around_a_yield_ends_what_it_is_around(spans: Spans) -> None:
    @offpath.observe
    async def generator() -> AsyncIterator[str]:
        try:
            async with asyncio.timeout(0.01):
                yield "one"
                await asyncio.Event().wait()
        except TimeoutError:
            yield "timed out"

    assert asyncio.run(collect(generator())) == ["one", "timed out"]
    assert spans.one()["output"]["head"] == "onetimed out"


def test_steps_in_threads_of_a_pool_are_one_span(spans: Spans) -> None:
    async def over_threads() -> list[str]:
        return [item async for item in iterate_in_threadpool(texts())]

    assert asyncio.run(over_threads()) == ["one ", "two"]
    assert spans.tree() == {"texts": {"before": {}, "between": {}, "after": {}}}


def test_steps_in_tasks_of_their_own_are_one_span(spans: Spans) -> None:
    async def over_tasks() -> list[str]:
        items = texts_async()
        return [await asyncio.create_task(items.__anext__()) for _ in range(2)]  # type: ignore[arg-type]

    assert asyncio.run(over_tasks()) == ["one ", "two"]
    assert {"before": {}, "between": {}}.items() <= spans.tree()["texts_async"].items()


def test_transform_to_string_gets_all_items_and_its_text_is_the_output(spans: Spans, kind: str) -> None:
    def join(items: Any) -> str:
        return "+".join(item["text"] for item in items)

    @offpath.observe(name="chunks", transform_to_string=join)
    def generator() -> Iterator[dict[str, str]]:
        yield from ({"text": letter} for letter in "abc")

    @offpath.observe(name="chunks", transform_to_string=join)
    async def generator_async() -> AsyncIterator[dict[str, str]]:
        for letter in "abc":
            yield {"text": letter}

    items = list(generator()) if kind == "sync" else asyncio.run(collect(generator_async()))
    assert [item["text"] for item in items] == ["a", "b", "c"]
    assert spans.one()["output"]["head"] == "a+b+c"


def test_a_transform_that_raises_is_told_and_does_no_harm(spans: Spans) -> None:
    @offpath.observe(transform_to_string="".join)
    def numbers() -> Iterator[int]:
        yield 1

    assert list(numbers()) == [1]
    assert spans.one()["output"]["head"] == "<transform_to_string raised TypeError>"


def test_the_output_of_a_long_stream_stays_within_its_limit(spans: Spans) -> None:
    spans.configure(spans={"output": "4KiB", "json": {"max_items": 5}})

    @offpath.observe(name="texts")
    def long() -> Iterator[str]:
        yield from ("x" * 100 for _ in range(1000))

    @offpath.observe(name="items")
    def many() -> Iterator[int]:
        yield from range(1000)

    assert (len(list(long())), len(list(many()))) == (1000, 1000)
    output = spans.named("texts")["output"]
    assert output["kept"] <= 4096
    assert output["size"] == 100_000
    assert content(spans.named("items")["output"])[:5] == [0, 1, 2, 3, 4]
    assert spans.named("items")["output"]["kept"] < 100


@pytest.mark.parametrize("body", ["sync", "async"])
def test_a_streaming_response_is_a_span_until_it_is_sent(spans: Spans, body: str) -> None:
    def chunks() -> Iterator[str]:
        yield "one "
        mark("while it is sent")
        yield "two"

    async def chunks_async() -> AsyncIterator[str]:
        yield "one "
        mark("while it is sent")
        yield "two"

    @offpath.observe
    async def endpoint() -> StreamingResponse:
        return StreamingResponse(chunks() if body == "sync" else chunks_async())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = await endpoint()
        mark("before it is sent")
        await response(scope, receive, send)

    sent = asyncio.run(exchange(app))
    assert b"".join(message.get("body", b"") for message in sent) == b"one two"
    assert spans.tree() == {"endpoint": {"while it is sent": {}}, "before it is sent": {}}
    assert spans.named("endpoint")["output"]["head"] == "one two"


def test_any_other_asynchronous_iterator_is_left_alone(spans: Spans) -> None:
    class Items:
        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> Any:
            raise StopAsyncIteration

    items = Items()
    assert offpath.observe(name="items")(lambda: items)() is items
    assert spans.one()["name"] == "items"


def test_a_sync_generator_from_a_coroutine_function_is_observed(spans: Spans) -> None:
    @offpath.observe(name="made")
    async def make() -> Iterator[str]:
        return (letter for letter in "ab")

    assert list(asyncio.run(make())) == ["a", "b"]
    assert spans.one()["output"]["head"] == "ab"
