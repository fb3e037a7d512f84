"""What Langfuse's own SDK costs an app: as it is, through offpath's provider, and with a provider that throws spans away.

Calls of functions with ``@observe``, a text of the size named in and out, one call or three within one another, one after
the other, as in an app that has enough to do: what the SDK does beside meets them. Where the ring is half full, as it gets
with texts of 64 KB, the next call waits, uncounted, until the exporter has taken what is there. Each round is a process of
its own. The provider that throws away shows what is the SDK's own serialisation, which offpath leaves as it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from tests.framework.place import Place
from tests.framework.processes import ROOT

from .markdown import heading, quantile, table
from .variants import BLACK_HOLE

PROVIDERS: Final = {
    "own": "Langfuse 5.0.4",
    "thrown away": "the same, its spans thrown away",
    "offpath": "the same, through `offpath.langfuse.tracer_provider()`",
}
SIZES: Final = {"1 KB": 1 << 10, "64 KB": 64 << 10}
SHARES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
#: How often it is looked how full the ring is, in requests.
LOOK_EVERY: Final = 8
#: Nothing of these is counted: code and caches get warm, the ring gets its pages.
UNCOUNTED: Final = 300


def report(place: Place, black_hole: str, rounds: int, calls: int) -> str:
    """Measure, and return a table; an exporter is running in the place."""
    text = heading("Langfuse's SDK, µs a request")
    text += f"{rounds} rounds of {calls:,} requests one after the other, a text of that size in and out.\n\n"
    env = {**place.env, BLACK_HOLE: black_hole, "LANGFUSE_RELEASE": "1"}
    for nested in (1, 3):
        for name, size in SIZES.items():
            taken: dict[str, list[float]] = {provider: [] for provider in PROVIDERS}
            for _ in range(rounds):
                for provider in PROVIDERS:
                    command = [sys.executable, "-m", "tests.perf.langfuse_sdk", provider]
                    command += [str(nested), str(size), str(calls)]
                    ran = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)
                    taken[provider] += json.loads(ran.stdout.splitlines()[-1])
            rows = [
                [
                    PROVIDERS[provider],
                    *(f"{quantile(sorted(times), share):,.0f}" for share in SHARES.values()),
                ]
                for provider, times in taken.items()
            ]
            text += table([f"{nested} `@observe`, {name}", *SHARES], rows)
    return text


def measure(provider: str, nested: int, size: int, calls: int) -> list[float]:
    """Return what each request took, in µs."""
    import offpath

    client = _client(provider)
    request = _request(nested, "x" * size)
    taken = []
    for number in range(UNCOUNTED + calls):
        begun = time.perf_counter_ns()
        request()
        ns = time.perf_counter_ns() - begun
        if number >= UNCOUNTED:
            taken.append(ns / 1000)
        if provider == "offpath" and number % LOOK_EVERY == 0:
            ring = offpath.status()["ring"]
            if ring["used"] > ring["capacity"] / 2:
                offpath.flush(60)
    if provider == "offpath":
        # To drop a span is cheaper than to record it.
        status = offpath.status()
        if any(status["dropped"].values()) or status["captured"] != nested * (UNCOUNTED + calls):
            raise RuntimeError(f"not every span was recorded: {status}")
    client.flush()
    return taken


def _client(name: str) -> Any:
    from langfuse import Langfuse

    provider = None
    if name == "offpath":
        import offpath

        provider = offpath.langfuse.tracer_provider()
    elif name == "thrown away":
        provider = _throwing_away()
    url = os.environ[BLACK_HOLE]
    return Langfuse(
        public_key="pk-lf-bench", secret_key="sk-lf-bench", base_url=url, tracer_provider=provider
    )


def _throwing_away() -> Any:
    from opentelemetry.sdk.trace import TracerProvider

    class Nothing:
        _exporter = None

        def emit(self, span: Any) -> None:
            """Throw a span away."""

        def shutdown(self, *_: Any) -> None:
            """Do nothing."""

        def force_flush(self, *_: Any) -> bool:
            """Do nothing."""
            return True

    class Provider(TracerProvider):  # type: ignore[misc]
        def add_span_processor(self, span_processor: Any) -> None:
            span_processor._batch_processor.shutdown()
            span_processor._batch_processor = Nothing()
            super().add_span_processor(span_processor)

    return Provider()


def _request(nested: int, text: str) -> Callable[[], str]:
    from langfuse import observe

    @observe(as_type="generation")
    def generation(prompt: str) -> str:
        return text

    @observe()
    def service(prompt: str) -> str:
        said: str = generation(prompt)
        return said

    @observe()
    def route(prompt: str) -> str:
        said: str = service(prompt)
        return said

    outermost: Callable[[str], str] = generation if nested == 1 else route
    return lambda: outermost(text)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
