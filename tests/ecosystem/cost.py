"""What a callback costs: offpath's handler beside the official one, in one run.

    make .cache/peers/ecosystem/.wheel && .cache/peers/ecosystem/bin/python -m tests.ecosystem.cost

An exporter is not needed: events go into the ring, and where that is full they are dropped, at the same cost. The official
SDK has nowhere to send to either; its thread that would is not what is measured.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import uuid4

TOKENS: Final = 2_000
PAIRS: Final = 2_000
ROUNDS: Final = 7
#: About 1 KB.
INPUT: Final = {"question": "x" * 1000}


def _handlers() -> dict[str, Any]:
    os.environ["OFFPATH_DIR"] = tempfile.mkdtemp(prefix="offpath-", dir="/dev/shm")
    import langfuse
    import offpath
    from langfuse.langchain import CallbackHandler as Official
    from offpath.langchain import CallbackHandler

    offpath.configure()
    langfuse.Langfuse(public_key="pk", secret_key="sk", base_url="http://127.0.0.1:9", flush_interval=3600)
    return {"offpath": CallbackHandler(), "langfuse": Official()}


async def _tokens(handler: Any) -> float:
    """Return the microseconds of a token, of a model that is streamed asynchronously."""
    from langchain_core.callbacks import AsyncCallbackManager

    [manager] = await AsyncCallbackManager([handler]).on_chat_model_start(
        {"name": "model"}, [[]], invocation_params={}
    )
    begun = time.perf_counter()
    for _ in range(TOKENS):
        await manager.on_llm_new_token("word")
    took = time.perf_counter() - begun
    await manager.on_llm_error(ValueError())
    return took / TOKENS * 1e6


async def _pairs(handler: Any) -> float:
    """Return the microseconds of a chain's begin and end, in an asynchronous run."""
    from langchain_core.callbacks import AsyncCallbackManager

    root = await AsyncCallbackManager([handler], inheritable_handlers=[handler]).on_chain_start(
        {"name": "root"}, INPUT
    )
    child = root.get_child()
    begun = time.perf_counter()
    for _ in range(PAIRS):
        run = await child.on_chain_start({"name": "step"}, INPUT)
        await run.on_chain_end(INPUT)
    took = time.perf_counter() - begun
    await root.on_chain_end(INPUT)
    return took / PAIRS * 1e6


async def _pairs_direct(handler: Any) -> float:
    """Return the same of the handler's own methods, without LangChain around them."""
    root = uuid4()
    handler.on_chain_start({"name": "root"}, INPUT, run_id=root)
    begun = time.perf_counter()
    for _ in range(PAIRS):
        run = uuid4()
        handler.on_chain_start({"name": "step"}, INPUT, run_id=run, parent_run_id=root)
        handler.on_chain_end(INPUT, run_id=run, parent_run_id=root)
    took = time.perf_counter() - begun
    handler.on_chain_end(INPUT, run_id=root)
    return took / PAIRS * 1e6


async def _tokens_direct(handler: Any) -> float:
    run = uuid4()
    handler.on_chat_model_start({"name": "model"}, [[]], run_id=run, invocation_params={})
    begun = time.perf_counter()
    for _ in range(TOKENS):
        handler.on_llm_new_token("word", run_id=run)
    took = time.perf_counter() - begun
    handler.on_llm_error(ValueError(), run_id=run)
    return took / TOKENS * 1e6


def main() -> None:
    """Measure both, in turns."""
    from langchain_core.callbacks import BaseCallbackHandler

    class Nothing(BaseCallbackHandler):
        run_inline = True

        def on_chat_model_start(self, *_: Any, **__: Any) -> None:
            pass

    handlers = {"none": Nothing(), **_handlers()}
    measured: dict[str, Callable[[Any], Awaitable[float]]] = {
        "a token, async": _tokens,
        "a token, the handler alone": _tokens_direct,
        "a chain's begin and end, async": _pairs,
        "a chain's begin and end, the handler alone": _pairs_direct,
    }
    print("| µs (median of rounds) | " + " | ".join(handlers) + " |")
    print("| --- |" + " --- |" * len(handlers))
    for name, measure in measured.items():
        found: dict[str, list[float]] = {each: [] for each in handlers}
        for _ in range(ROUNDS):
            for each, handler in handlers.items():
                gc.collect()
                found[each].append(asyncio.run(measure(handler)))  # type: ignore[arg-type]
        print(f"| {name} | " + " | ".join(f"{statistics.median(took):.2f}" for took in found.values()) + " |")


if __name__ == "__main__":
    main()
