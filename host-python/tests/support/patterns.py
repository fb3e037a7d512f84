"""The seven usual ways of telling what an app does (docs/migrate-from-langfuse.md), each of which tells the same: a span
``outer``, and a span ``inner`` in it, below whatever is in progress. As a program, it does all of them in one kind of place.
"""

from __future__ import annotations

import asyncio
import contextvars
import multiprocessing
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import httpx
import offpath
from fastapi import FastAPI
from langchain_core.runnables import RunnableLambda
from offpath import get_client, observe
from offpath.langchain import CallbackHandler
from offpath.otel import OffpathSpanProcessor
from opentelemetry.sdk.trace import TracerProvider

# As an app has it, from its start on.
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(OffpathSpanProcessor())


def decorator() -> None:
    @observe
    def inner() -> None:
        pass

    @observe
    def outer() -> None:
        inner()

    outer()


def context_manager() -> None:
    with (
        get_client().start_as_current_observation(name="outer"),
        get_client().start_as_current_observation(name="inner", as_type="generation"),
    ):
        pass


def manual_span() -> None:
    outer = get_client().start_observation(name="outer")
    outer.start_observation(name="inner").end()
    outer.end()


def explicit_ids() -> None:
    client = get_client()
    trace_id, parent = client.get_current_trace_id(), client.get_current_observation_id()
    assert trace_id is not None
    assert parent is not None

    @observe
    def outer() -> None:
        context = {"trace_id": trace_id, "parent_span_id": client.get_current_observation_id() or ""}
        client.start_observation(name="inner", trace_context=context).end()

    # In a thread that has no context.
    named = {"langfuse_trace_id": trace_id, "langfuse_parent_observation_id": parent}
    with ThreadPoolExecutor() as pool:
        pool.submit(outer, **named).result()


def langchain() -> None:
    inner = RunnableLambda(str.upper).with_config(run_name="inner")

    def call(text: str) -> str:
        return inner.invoke(text)

    outer = RunnableLambda(call).with_config(run_name="outer")
    outer.invoke("text", config={"callbacks": [CallbackHandler()]})


def opentelemetry() -> None:
    tracer = provider.get_tracer("instrumentation")
    with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
        pass


def contextual_update() -> None:
    @observe(as_type="generation")
    def ask() -> None:
        get_client().update_current_generation(name="inner", model="m")

    @observe
    def answer() -> None:
        get_client().update_current_span(name="outer")
        ask()

    answer()


PATTERNS: Mapping[str, Callable[[], None]] = {
    pattern.__name__: pattern
    for pattern in (
        decorator,
        context_manager,
        manual_span,
        explicit_ids,
        langchain,
        opentelemetry,
        contextual_update,
    )
}

app = FastAPI()
app.add_middleware(offpath.OffpathMiddleware)


@app.get("/{pattern}")
def serve(pattern: str) -> None:
    """Do it in this service."""
    PATTERNS[pattern]()


def in_another_process(headers: dict[str, str], pattern: str) -> None:
    with offpath.continue_trace(headers):
        PATTERNS[pattern]()
    offpath.flush(30)


def within_a_root(do: Callable[[str], None]) -> None:
    """Do each of them within a span of its name."""
    for pattern in PATTERNS:
        with get_client().start_as_current_observation(name=pattern):
            do(pattern)


def in_asyncio() -> None:
    async def handler(pattern: str) -> None:
        await asyncio.sleep(0)
        PATTERNS[pattern]()

    async def request(pattern: str) -> None:
        with get_client().start_as_current_observation(name=pattern):
            await asyncio.create_task(handler(pattern))

    async def requests() -> None:
        await asyncio.gather(*map(request, PATTERNS))

    asyncio.run(requests())


def in_a_thread_pool() -> None:
    with ThreadPoolExecutor() as pool:
        within_a_root(lambda name: pool.submit(contextvars.copy_context().run, PATTERNS[name]).result())


def in_a_process_pool() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        within_a_root(
            lambda name: pool.submit(in_another_process, dict(offpath.trace_headers()), name).result()
        )


def in_another_service(address: str) -> None:
    def call(pattern: str) -> None:
        httpx.get(f"http://{address}/{pattern}", headers=dict(offpath.trace_headers())).raise_for_status()

    within_a_root(call)


PLACES: dict[str, Callable[..., Any]] = {
    place.__name__: place for place in (in_asyncio, in_a_thread_pool, in_a_process_pool, in_another_service)
}

if __name__ == "__main__":
    PLACES[sys.argv[1]](*sys.argv[2:])
