"""A program that plays all scenarios with one SDK.

    .cache/peers/ecosystem/bin/python -m tests.ecosystem.play offpath|bridged|official

It prints when each began and ended, a line of JSON each, in nanoseconds: what an observation belongs to is told by its
begin. The environment says where to send.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from .scenarios import ALL
from .scenarios.scenario import Sdk


def offpath() -> tuple[Sdk, Callable[[], None]]:
    """Return offpath's names."""
    import offpath
    from offpath.langchain import CallbackHandler
    from openai import OpenAI

    @contextmanager
    def client(url: str) -> Iterator[Any]:
        offpath.httpx.instrument()
        try:
            with OpenAI(base_url=url, api_key="none", max_retries=0) as made:
                yield made
        finally:
            offpath.httpx.uninstrument()

    offpath.configure()
    sdk = Sdk(offpath.observe, offpath.get_client, offpath.propagate_attributes, CallbackHandler, client)
    return sdk, lambda: None


def official() -> tuple[Sdk, Callable[[], None]]:
    """Return the official SDK's names; it sends by itself."""
    import langfuse

    client = langfuse.Langfuse()
    return _official(), client.shutdown


def bridged() -> tuple[Sdk, Callable[[], None]]:
    """Return the official SDK's names; what it has to tell goes through offpath."""
    import langfuse
    import offpath
    import offpath.langfuse

    offpath.configure()
    client = langfuse.Langfuse(tracer_provider=offpath.langfuse.tracer_provider())
    return _official(), client.shutdown


def _official() -> Sdk:
    import langfuse
    from langfuse.langchain import CallbackHandler
    from langfuse.openai import OpenAI

    @contextmanager
    def client(url: str) -> Iterator[Any]:
        with OpenAI(base_url=url, api_key="none", max_retries=0) as made:
            yield made

    return Sdk(langfuse.observe, langfuse.get_client, langfuse.propagate_attributes, CallbackHandler, client)


def main(variant: str) -> None:
    """Play all scenarios."""
    sdk, close = {"offpath": offpath, "bridged": bridged, "official": official}[variant]()
    for scenario in ALL:
        begun = time.time_ns()
        try:
            # What one leaves behind in its context is not for the next.
            copy_context().run(scenario.play, sdk)
            raised = None
        except Exception:  # noqa: BLE001 - it is told
            # The other scenarios can be compared all the same.
            raised = traceback.format_exc()
        told = {"scenario": scenario.name, "fixed": scenario.fixed, "ordered": scenario.ordered}
        times = {"begun": begun, "ended": time.time_ns(), "raised": raised}
        print(json.dumps({**told, **times}), flush=True)
    close()


if __name__ == "__main__":
    main(sys.argv[1])
