"""What users do with Langfuse's SDK, version 3, 4 or 5: a program that does what its arguments name, and reports as JSON.

It runs in an environment that has one of these versions, with ``LANGFUSE_BASE_URL`` set.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import langfuse
import offpath
from langfuse import Langfuse, get_client, observe

URL = os.environ["LANGFUSE_BASE_URL"]
MAJOR = int(langfuse.version.__version__.split(".")[0]) if hasattr(langfuse, "version") else 5
IMAGE = os.environ.get("IMAGE", "")

logged: list[str] = []
_handler = logging.Handler(logging.WARNING)
_handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
logging.getLogger().addHandler(_handler)


def client(public_key: str = "pk-1", provider: Any = None, **options: Any) -> Any:
    provider = provider or offpath.langfuse.tracer_provider(**options.pop("ours", {}))
    return Langfuse(public_key=public_key, secret_key="sk", host=URL, tracer_provider=provider, **options)


def decorators() -> None:
    client()

    @observe(as_type="generation")
    def generation(prompt: str) -> str:
        get_client().update_current_generation(model="m", usage_details={"input": 3})
        return prompt.upper()

    @observe()
    def service(prompt: str) -> str:
        get_client().update_current_span(metadata={"step": "one"})
        return generation(prompt)

    @observe(name="route")
    def route(question: str) -> dict[str, str]:
        return {"answer": service(question)}

    assert route("why") == {"answer": "WHY"}

    @observe()
    async def inner() -> str:
        await asyncio.sleep(0)
        return "in"

    @observe()
    async def outer() -> list[str]:
        return list(await asyncio.gather(inner(), inner()))

    assert asyncio.run(outer()) == ["in", "in"]

    @observe()
    def generator() -> Iterator[str]:
        yield from ("a", "b")

    assert list(generator()) == ["a", "b"]

    @observe()
    async def async_generator() -> AsyncIterator[str]:
        for item in ("c", "d"):
            yield item

    async def consume() -> list[str]:
        return [item async for item in async_generator()]

    assert asyncio.run(consume()) == ["c", "d"]

    @observe()
    def failing() -> None:
        raise ValueError("broken")

    with contextlib.suppress(ValueError):
        failing()


def propagated() -> None:
    ours = client()
    from langfuse import propagate_attributes

    with (
        ours.start_as_current_observation(name="root", as_type="span"),
        propagate_attributes(user_id="u1", session_id="s1", tags=["t1"]),
    ):
        ours.start_observation(name="child", as_type="span").end()


def openai_drop_in() -> None:
    client()
    from langfuse.openai import openai

    model = openai.OpenAI(base_url=f"{URL}/v1", api_key="k", max_retries=0)
    model.chat.completions.create(model="m", messages=[{"role": "user", "content": "Capital of France?"}])


def langchain() -> None:
    client()
    from langchain_openai import ChatOpenAI
    from langfuse.langchain import CallbackHandler

    chat = ChatOpenAI(model="m", base_url=f"{URL}/v1", api_key="k", max_retries=0)
    assert chat.invoke("Capital of France?", config={"callbacks": [CallbackHandler()]}).content == "Paris"


def scores_and_prompts() -> None:
    ours = client()
    with ours.start_as_current_observation(name="judged", as_type="span"):
        ours.score_current_span(name="quality", value=0.9)
        ours.score_current_trace(name="mood", value="good", data_type="CATEGORICAL")
    prompt = ours.get_prompt("greeting")
    assert prompt.compile(name="Ada") == "Hello Ada"
    with ours.start_as_current_observation(name="prompted", as_type="generation", prompt=prompt):
        pass
    ours.flush()


def masked() -> None:
    ours = client(mask=lambda *, data, **_: "***" if isinstance(data, str) else data)
    with ours.start_as_current_observation(name="masked", as_type="span", input="secret") as span:
        span.update(output="secret too")


def masked_spans() -> None:
    from langfuse.types import MaskOtelSpansResult, OtelSpanPatch

    def mask(*, params: Any) -> Any:
        # What it records itself must not come back to it.
        ours.start_observation(name="of the mask", as_type="span").end()
        patches = {
            identifier: OtelSpanPatch(set_attributes={"langfuse.observation.input": "***"})
            for identifier in params.spans
        }
        return MaskOtelSpansResult(span_patches=patches)

    ours = client(mask_otel_spans=mask)
    ours.start_observation(name="masked", as_type="span", input="secret").end()

    def failing(*, params: Any) -> Any:
        raise RuntimeError("broken")

    other = client("pk-2", mask_otel_spans=failing)
    other.start_observation(name="not to be seen", as_type="span", input="secret").end()


def sampled() -> None:
    ours = client(ours={"sample_rate": 0.5})
    for number in range(200):
        with ours.start_as_current_observation(name=f"root-{number}", as_type="span"):
            ours.start_observation(name=f"child-{number}", as_type="span").end()


def media() -> None:
    from langfuse.media import LangfuseMedia

    ours = client()
    image = f"data:image/png;base64,{IMAGE}"
    held = LangfuseMedia(content_type="image/png", content_bytes=b"\x89PNG" + bytes(99))
    with ours.start_as_current_observation(name="media", as_type="span", input={"image": image}) as span:
        span.update(output=held)
    # Of another instrumentation, whose attributes the SDK sees only when a span has ended.
    tracer = ours._resources.tracer_provider.get_tracer("openinference.instrumentation.x")
    with tracer.start_as_current_span("foreign") as foreign:
        foreign.set_attribute("input.value", json.dumps({"image": image}))
    ours.flush()


def scopes() -> None:
    provider = offpath.langfuse.tracer_provider()
    first, second = client("pk-a", provider), client("pk-b", provider)
    first.start_observation(name="of a", as_type="span").end()
    second.start_observation(name="of b", as_type="span").end()
    provider.get_tracer("openinference.instrumentation.x").start_span("of either").end()
    provider.get_tracer("sqlalchemy").start_span("no model").end()


def chosen() -> None:
    option = (
        {"blocked_instrumentation_scopes": ["noise"]}
        if MAJOR == 3
        else {"should_export_span": lambda span: span.name != "noise"}
    )
    ours = client(**option)
    for name in ("kept", "noise"):
        tracer = ours._resources.tracer_provider.get_tracer("noise" if name == "noise" else "langfuse-sdk.x")
        tracer.start_span(name).end()


def forked() -> None:
    ours = client()
    ours.start_observation(name="before", as_type="span").end()
    child = os.fork()
    if child == 0:
        ours.start_observation(name="in the child", as_type="span").end()
        os._exit(len(_batch_threads()))
    report["status"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def flushed() -> None:
    ours = client()
    ours.start_observation(name="s", as_type="span").end()
    begun = time.monotonic()
    ours.flush()
    ours.shutdown()
    report["seconds"] = time.monotonic() - begun


def not_global() -> None:
    from opentelemetry import trace

    client()
    report["global"] = type(trace.get_tracer_provider()).__name__


def in_an_exchange() -> None:
    from support.asgi import OK, exchange, http_scope

    ours = client()

    @observe()
    async def handler() -> None:
        ours.start_observation(name="inside", as_type="span").end()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        report["trace"] = ours.get_current_trace_id()
        await handler()
        await OK(scope, receive, send)

    asyncio.run(exchange(offpath.OffpathMiddleware(app), http_scope("/chat")))
    asyncio.run(handler())


def kept_alive() -> None:
    """One million would take minutes; what leaks, leaks ten thousand times."""
    import gc

    ours = client()

    def many(count: int) -> int:
        for _ in range(count):
            with ours.start_as_current_observation(name="s", as_type="span", input="x"):
                pass
        gc.collect()
        return len(gc.get_objects())

    before = many(1000)
    report["more"] = many(10_000) - before


def _batch_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("OtelBatch")]


report: dict[str, Any] = {}
SCENARIOS: dict[str, Callable[[], None]] = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", "") == __name__
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
    report |= {"threads": _batch_threads(), "logged": logged, "errors": offpath.status()["internal_errors"]}
    print(json.dumps(report), flush=True)
