"""An app that asks models by LiteLLM, or by the clients of openai and anthropic: each call is recorded once, and below."""

from __future__ import annotations

import json
import os
import urllib.request
from collections import defaultdict
from typing import Any, Final

import pytest

from tests.framework import frameworks
from tests.framework.place import place
from tests.framework.processes import ROOT, eventually, free_port, running, uvicorn

from .models import ANSWER

Event = dict[str, Any]

CLIENTS: Final = ["openai", "openai/async/streamed", "anthropic", "anthropic/async/streamed"]
LITELLM: Final = [
    f"litellm/{provider}{how}" for provider in ("openai", "anthropic") for how in ("", "/streamed")
]
LITELLM_ASYNC: Final = [
    f"litellm/{provider}/async{how}" for provider in ("openai", "anthropic") for how in ("", "/streamed")
]
OVER_HTTPX: Final = {"DISABLE_AIOHTTP_TRANSPORT": "True"}


def children(instrumented: str, endpoints: list[str], env: dict[str, str]) -> dict[str, list[Event]]:
    """Ask each endpoint of the app once; return what was recorded below each request."""
    model, port = free_port(), free_port()
    with place() as made, made.exporter():
        apart = {
            "PATH": frameworks.path(),
            "OFFPATH_INSTRUMENT": instrumented,
            "MODEL_URL": f"http://127.0.0.1:{model}",
            # Its prices are not to come from the network.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            **env,
        }
        command = [str(frameworks.BIN / "uvicorn"), *uvicorn("tests.e2e.calling_app:app", port)[1:]]
        serving = running(uvicorn("tests.e2e.models:app", model), made.log("model"), os.environ, ROOT, model)
        with serving, made.app(command, port, **apart):
            for endpoint in endpoints:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{endpoint}", b"").close()
        requests = "source = 'asgi'"
        eventually("every request is stored", lambda: made.count(requests) == len(endpoints))
        assert made.count("kind = 'loss'") == 0
        return _below(
            [json.loads(text) for (text,) in made.query("SELECT json FROM events ORDER BY start_time")]
        )


def _below(events: list[Event]) -> dict[str, list[Event]]:
    """Return the calls by the path of the request that they are under; those that are under none, by ``None``."""
    below: dict[str, list[Event]] = defaultdict(list)
    requests = {event["span_id"]: event for event in events if event["source"] == "asgi"}
    for event in events:
        if event["source"] != "asgi":
            request = requests.get(event["parent_span_id"])
            assert request is not None, f"{event['host']}{event['path']} is under no request"
            assert event["trace_id"] == request["trace_id"]
            below[request["path"].removeprefix("/")].append(event)
    return below


def told(event: Event) -> tuple[object, ...]:
    """Return what is told of a call."""
    llm = event["llm"]
    said = [message["content"] for message in llm["output"]]
    return (
        event["source"],
        event["outcome"],
        llm["system"],
        llm["operation"],
        llm["stream"],
        said,
        llm["usage"],
    )


def wanted(source: str, endpoint: str) -> tuple[object, ...]:
    """Return what is to be told of it."""
    system = "anthropic" if "anthropic" in endpoint else "openai"
    usage = {"input": 5, "output": 3, "total": 8}
    return source, "completed", system, "chat", endpoint.endswith("streamed"), [ANSWER], usage


@pytest.mark.parametrize(
    ("instrumented", "endpoints", "env", "source"),
    [
        pytest.param("httpx,aiohttp", [*CLIENTS, *LITELLM, *LITELLM_ASYNC], {}, "httpx", id="both"),
        pytest.param("httpx,aiohttp", LITELLM_ASYNC, OVER_HTTPX, "httpx", id="litellm-over-httpx"),
        # That it is recorded here says that it goes over aiohttp above.
        pytest.param("aiohttp", LITELLM_ASYNC, {}, "aiohttp", id="litellm-over-aiohttp"),
    ],
)
def test_a_call_of_a_model_is_recorded_once_under_its_request(
    instrumented: str, endpoints: list[str], env: dict[str, str], source: str
) -> None:
    below = children(instrumented, endpoints, env)
    assert {endpoint: [told(call) for call in calls] for endpoint, calls in below.items()} == {
        endpoint: [wanted(source, endpoint)] for endpoint in endpoints
    }
