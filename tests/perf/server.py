"""A variant over HTTP, and how late its event loop is.

``uvicorn tests.perf.server:app``; the environment says which variant, and with which bodies. ``/lag`` tells how late, and
begins anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

from .exchange import Receive, Scope, Send, answer
from .markdown import quantile
from .variants import make

HEARTBEAT_SECONDS = 0.005
#: What a model takes to answer.
MODEL_SECONDS = 0.040

variant = os.environ["PERF_VARIANT"]
watched, _ = make(variant, int(os.environ["PERF_SIZE"]), MODEL_SECONDS)
lags: list[float] = []


async def heartbeat() -> None:
    """Note how much later than asked the loop wakes a task."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(HEARTBEAT_SECONDS)
        lags.append(time.perf_counter() - begun - HEARTBEAT_SECONDS)


def told() -> dict[str, Any]:
    """Return the lags in milliseconds since the last time, and what offpath counted."""
    ordered = sorted(lags) or [0.0]
    lags.clear()
    counted: dict[str, Any] = {"lag_p99_ms": quantile(ordered, 0.99) * 1000, "lag_max_ms": ordered[-1] * 1000}
    if variant.startswith("offpath"):
        import offpath

        counted["offpath"] = offpath.status()
    return counted


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the variant, and beside it ``/lag``."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"] == "/lag":
        await answer(send, json.dumps(told()).encode())
    else:
        await watched(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    beating = asyncio.create_task(heartbeat())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    beating.cancel()
    await send({"type": "lifespan.shutdown.complete"})
