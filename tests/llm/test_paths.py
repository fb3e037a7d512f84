"""The corpus through the whole product: what offpath says of each exchange, whoever looked at it.

- ``asgi``: ``OffpathMiddleware`` around an app that answers as was recorded
- ``envoy``: the filter in Envoy, before the same app
- ``httpx``: ``offpath.httpx.instrument()`` in a program that asks with the official clients
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import offpath
import pytest

from tests.framework import bootstrap
from tests.framework.envoy import envoy
from tests.framework.place import Place, place
from tests.framework.processes import ROOT, eventually, free_port
from tests.framework.serving import served

from . import replay
from .compare import seen, wanted
from .recorded import Recorded, load
from .server.app import App

CASES: Final = load()
BY_NAME: Final = {case.name: case for case in CASES}

#: All of every body is kept, with what some APIs tell in headers only. Media are summed up, as they are by default.
WHOLE: Final[Mapping[str, Any]] = {
    "service": {"name": "whole"},
    "capture": {
        "request_body": {"head": "1MiB", "tail": 0},
        "response_body": {"head": "1MiB", "tail": 0},
        "max_memory": "64MiB",
        "headers": {"allow": ["content-encoding", "content-type", replay.NAMED_BY, "x-amzn-errortype"]},
    },
}

#: What is kept by default is the first and the last 8 KiB.
DEFAULT: Final[Mapping[str, Any]] = {"service": {"name": "default"}}

#: Streams that are longer than that.
LONG: Final = ["anthropic/long-streamed", "ollama/long-streamed", "openai/long-streamed"]
#: What their ends tell.
AT_THE_ENDS: Final = (
    "system",
    "operation",
    "request_model",
    "response_model",
    "response_id",
    "stream",
    "usage",
    "finish_reasons",
)

#: Which client asks what; the program that they run in is in an environment of its own.
ASKED: Final = [
    "anthropic/plain",
    "anthropic/streamed",
    "anthropic/streamed-async",
    "azure/streamed",
    "cohere/plain",
    "cohere/streamed",
    "gemini/plain",
    "gemini/streamed",
    "gemini/streamed-async",
    "mistral/plain",
    "mistral/streamed",
    "ollama/plain",
    "ollama/streamed",
    "ollama/streamed-async",
    "openai-responses/streamed",
    "openai/plain",
    "openai/streamed",
    "openai/streamed-async",
    "openrouter/streamed",
    "vllm/reasoning-streamed",
]
CLIENTS: Final = ROOT / ".cache" / "peers" / "llm-clients"

Event = dict[str, Any]
Events = Mapping[str, Event]


# --- the runs -------------------------------------------------------------------------------------------------------


def over_asgi(cases: Sequence[Recorded], made: Place, config: Mapping[str, Any]) -> Events:
    """Serve what was recorded inside ``OffpathMiddleware``."""
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as listener:
        patch.setenv("OFFPATH_DIR", str(made.rings))
        watched = offpath.OffpathMiddleware(replay.app(cases), config=config)
        try:
            asyncio.run(_play(cases, watched, listener, _port(listener)))
            return _stored(cases, made, "asgi", config)
        finally:
            # Else whoever comes next in this process would write into the ring that is here.
            offpath.shutdown()


def over_envoy(cases: Sequence[Recorded], made: Place, config: Mapping[str, Any]) -> Events:
    """Serve it behind Envoy."""
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listeners = [
            bootstrap.listener(
                port,
                [bootstrap.route("models")],
                [bootstrap.wasm_filter(config)],
                # It says which case it is.
                generate_request_id=False,
                preserve_external_request_id=True,
            )
        ]
        clusters = [bootstrap.upstream(_port(listener)), bootstrap.exporter(made.rings / "ingest.sock")]
        with envoy(made.path, listeners, clusters):
            asyncio.run(_play(cases, replay.app(cases), listener, port))
            return _stored(cases, made, "envoy", config)


RUNS: Final[Mapping[str, Callable[[Sequence[Recorded], Place, Mapping[str, Any]], Events]]] = {
    "asgi": over_asgi,
    "envoy": over_envoy,
}


async def _play(cases: Sequence[Recorded], app: App, listener: socket.socket, port: int) -> None:
    # That some of them break off is not worth a word.
    async with served(app, listener, "critical"):
        for case in cases:
            await replay.ask(case, port)


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _stored(cases: Sequence[Recorded], made: Place, source: str, config: Mapping[str, Any]) -> Events:
    """Wait until every case's event is stored."""
    of_this_run = f"source = '{source}' AND service = '{config['service']['name']}'"
    eventually("every event is stored", lambda: made.count(of_this_run) >= len(cases))
    events: dict[str, Event] = {}
    for (text,) in made.query(f"SELECT json FROM events WHERE {of_this_run}"):
        event = json.loads(text)
        name = dict(event["request"]["headers"])[replay.NAMED_BY]
        assert name not in events, f"there is more than one event of {name}"
        events[name] = event
    return events


# --- what comes of it -----------------------------------------------------------------------------------------------


@pytest.fixture(name="place", scope="module")
def _place() -> Iterator[Place]:
    """What all runs share, with the exporter that takes their events."""
    with place() as made, made.exporter():
        yield made


@pytest.fixture(name="events", scope="module", params=RUNS)
def _events(request: pytest.FixtureRequest, place: Place) -> Events:
    """What one run made of the whole corpus."""
    return RUNS[request.param](CASES, place, WHOLE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_exchange_is_told_as_its_case_expects(case: Recorded, events: Events) -> None:
    told = seen(case.expected, events[case.name], own_error=case.cut or case.client_leaves)
    assert told == wanted(case.expected), case.shows


@pytest.mark.parametrize("case", [case for case in CASES if case.client_leaves], ids=lambda case: case.name)
def test_a_client_that_leaves_after_the_end_marker_has_had_all_of_it(case: Recorded, events: Events) -> None:
    assert case.expected is not None
    left_early = case.expected["llm"]["partial"]
    assert events[case.name]["outcome"] == ("client_disconnected" if left_early else "completed")


@pytest.fixture(name="cut_short", scope="module", params=RUNS)
def _cut_short(request: pytest.FixtureRequest, place: Place) -> Events:
    """What one run made of long streams with what is kept by default."""
    return RUNS[request.param]([BY_NAME[name] for name in LONG], place, DEFAULT)


@pytest.mark.parametrize("name", LONG)
def test_a_stream_whose_middle_was_not_kept_is_told_by_its_ends(name: str, cut_short: Events) -> None:
    expected = BY_NAME[name].expected
    assert expected is not None
    event = cut_short[name]
    body = event["response"]["body"]
    assert body["kept"] < body["size"]
    at_the_ends = {**expected, "llm": {key: expected["llm"][key] for key in AT_THE_ENDS} | {"partial": True}}
    assert seen(at_the_ends, event) == wanted(at_the_ends)


@pytest.fixture(name="outbound", scope="module")
def _outbound() -> Events:
    """What a program with the official clients was seen to ask."""
    program = CLIENTS / "bin" / "python"
    if not program.exists():
        raise FileNotFoundError(f"{program} is not there: make {CLIENTS.relative_to(ROOT)}/.wheel")
    with place() as made, made.exporter():
        made.config.write_text(
            f"{made.config.read_text(encoding='utf-8')}\n[capture]\n"
            'request_body = { head = "1MiB", tail = 0 }\nresponse_body = { head = "1MiB", tail = 0 }\n',
            encoding="utf-8",
        )
        command = [str(program), "-m", "tests.llm.observe", *ASKED]
        env = {**made.env, "PATH": f"{program.parent}:{os.environ['PATH']}"}
        subprocess.run(command, check=True, env=env, cwd=ROOT)
        eventually("every call is stored", lambda: made.count("source = 'httpx'") >= len(ASKED))
        rows = made.query("SELECT json FROM events WHERE source = 'httpx' ORDER BY start_time")
        return {name: json.loads(text) for name, (text,) in zip(ASKED, rows, strict=True)}


@pytest.mark.parametrize("name", ASKED)
def test_a_call_of_an_official_client_is_told_as_its_case_expects(name: str, outbound: Events) -> None:
    expected = BY_NAME[name].expected
    assert seen(expected, outbound[name]) == wanted(expected), BY_NAME[name].shows
