"""Real servers, real HTTP: every request is recorded, and none twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from support import python
from support.exporter import Event, Exporter
from support.servers import COMMANDS, Server, serving
from support.waiting import eventually
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

SEVERAL_PROCESSES = {"uvicorn-workers", "gunicorn-preload"}
REQUESTS = 60


@pytest.fixture(params=COMMANDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str, beside: Exporter, tmp_path: Path) -> Iterator[Server]:
    env = python.environment(OFFPATH_DIR=beside.rings)
    with serving(COMMANDS[name], "apps.served:app", cwd=tmp_path, env=env) as server:
        yield server


def all_events(server: Server, exporter: Exporter) -> list[Event]:
    """What there is once both have ended."""
    server.stop()
    exporter.stop()
    return exporter.events()


def test_every_request_is_recorded_once(name: str, server: Server, beside: Exporter) -> None:
    def one(number: int) -> str:
        # A connection each, so that each worker gets some.
        with httpx2.Client(base_url=f"http://{server.address}") as client:
            if number % 2:
                response = client.post(f"/echo/{number}", content=b"x" * number * 1000)
                assert len(response.content) == number * 1000
            else:
                response = client.get(f"/sync/{number}")
            assert response.status_code == 200
            return str(response.json()["pid"]) if number % 2 == 0 else ""

    with ThreadPoolExecutor(8) as pool:
        workers = set(pool.map(one, range(REQUESTS))) - {""}
    assert len(workers) == 1 or name in SEVERAL_PROCESSES
    events = all_events(server, beside)
    assert {event["kind"] for event in events} == {"exchange"}
    paths = [event["path"] for event in events]
    expected = [f"/echo/{number}" if number % 2 else f"/sync/{number}" for number in range(REQUESTS)]
    assert sorted(paths) == sorted(expected), server.log()
    for event in events:
        number = int(event["path"].rpartition("/")[2])
        assert (event["outcome"], event["status"], event["client"]) == ("completed", 200, "127.0.0.1")
        assert event["route"] == ("/echo/{number}" if number % 2 else "/sync/{number}")
        assert event["request"]["body"]["size"] == (number * 1000 if number % 2 else 0)


def test_a_client_that_hangs_up_amid_the_stream_has_disconnected(server: Server, beside: Exporter) -> None:
    with (
        httpx2.Client(base_url=f"http://{server.address}") as client,
        client.stream("GET", "/endless") as response,
    ):
        assert next(response.iter_bytes()).startswith(b"more")
    (event,) = beside.wait_for(1, path="/endless")
    assert (event["outcome"], event["status"]) == ("client_disconnected", 200)
    assert event["response"]["body"]["size"] >= 5


def test_a_websocket_session_is_recorded(server: Server, beside: Exporter) -> None:
    with connect(f"ws://{server.address}/chat") as session:
        session.send("hello")
        assert session.recv() == "HELLO"
        # Until the server has closed: a close from each side at once is for the server to sort out.
        with pytest.raises(ConnectionClosedOK):
            session.recv()
    (event,) = beside.wait_for(1, path="/chat")
    assert (event["status"], event["websocket"]["close_code"], event["outcome"]) == (101, 1000, "completed")
    assert (event["request"]["body"]["size"], event["response"]["body"]["size"]) == (5, 5)


RELOADED = """
from apps.served import app
from starlette.responses import PlainTextResponse

app.app.add_route("/version/{{number}}", lambda request: PlainTextResponse("{}"))
"""


def test_reload_records_before_and_after(beside: Exporter, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    source = watched / "reloaded.py"
    source.write_text(RELOADED.format(1))
    answered: list[str] = []

    def version() -> str:
        path = f"/version/{len(answered)}"
        try:
            answer = client.get(path).text
        except httpx2.TransportError:
            return ""  # It was on its way to another process.
        answered.append(path)
        return answer

    def touched() -> bool:
        source.write_text(RELOADED.format(2))
        return "detected changes" in server.log()

    folder = str(watched)
    command = ["uvicorn", "--port", "{port}", "--reload", "--reload-dir", folder, "--app-dir", folder]
    env = python.environment(OFFPATH_DIR=beside.rings)
    with (
        serving(command, "reloaded:app", cwd=tmp_path, env=env) as server,
        httpx2.Client(base_url=f"http://{server.address}") as client,
    ):
        assert eventually(version, "it answers") == "1"
        # The watcher begins to watch some time after the server answers.
        eventually(touched, "the change was noticed")
        eventually(lambda: version() == "2", "it was reloaded")
        events = all_events(server, beside)
    paths = [event["path"] for event in events]
    assert len(paths) == len(set(paths))
    assert set(answered) <= set(paths)
