"""What envoy/ gives to copy works as it is written, but for paths and ports: in the real Envoy, with the real exporter."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.framework.bootstrap import FILTER
from tests.framework.envoy import COMMAND
from tests.framework.http import get, get_json
from tests.framework.place import Place
from tests.framework.processes import BIN, PATIENCE, ROOT, Process, eventually, free_port, running

from .support import copied, rules_file

SIDECAR = "plain/sidecar.yaml"
GATEWAY = "plain/gateway.yaml"
RELOADING = "plain/reloading.yaml"
RULES = "plain/rules.yaml"

ADMIN = ("127.0.0.1", 9901)

#: What the filter is told, wherever the files tell it.
TOLD: dict[str, str] = {
    **{
        f"{path} {plugin['name']}": plugin["configuration"]["value"]
        for path in (SIDECAR, GATEWAY, RELOADING, RULES)
        for plugin in copied.plugins(copied.documents(path))
    },
    **{path: json.dumps(each["spec"]["pluginConfig"]) for path, each in copied.resources("WasmPlugin")},
    **{
        f"{path} {each['metadata']['name']}": json.dumps(wasm["config"])
        for path, each in copied.resources("EnvoyExtensionPolicy")
        for wasm in each["spec"]["wasm"]
    },
}


class App:
    """Answers every request with its headers; below /held only when it is let go on."""

    def __init__(self) -> None:
        self.held = threading.Event()
        self.go_on = threading.Event()
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/held"):
                    app.held.set()
                    app.go_on.wait(PATIENCE)
                body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Let everything go on, and end."""
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(name="app")
def _app() -> Iterator[App]:
    """An app, and what it has heard."""
    made = App()
    yield made
    made.stop()


def command(place: Place, path: str, ports: dict[copied.Address, int], *options: str) -> list[str]:
    """Return the command that runs Envoy with a file of envoy/."""
    paths = {copied.DOCUMENTED_SOCKET: str(place.rings / "ingest.sock")}
    if path == RELOADING:
        paths[rules_file.DOCUMENTED] = str(place.path / "rules.yaml")
    moved = copied.with_paths(copied.bootstrap(path), paths)
    config = copied.write(copied.with_ports(moved, ports), place.path / f"envoy-{ports[ADMIN]}.json")
    return [COMMAND, "-c", str(config), "--concurrency", "1", "--log-level", "warning", *options]


@contextmanager
def serving(
    place: Place, path: str, ports: dict[copied.Address, int], listener: copied.Address
) -> Iterator[tuple[Process, str]]:
    """Run Envoy as envoy/ says; the address of its listener goes with it."""
    port = ports[listener]
    options = ["--disable-hot-restart", "--drain-time-s", "30", "--drain-strategy", "immediate"]
    with running(command(place, path, ports, *options), place.log("envoy"), os.environ, port=port) as envoy:
        yield envoy, f"http://127.0.0.1:{port}"


def validated(config: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What Envoy says of a configuration, without serving it."""
    file = copied.write(config, folder / "envoy.json")
    return subprocess.run(
        [COMMAND, "--mode", "validate", "-c", file], capture_output=True, text=True, check=False
    )


def sidecar(app: App) -> tuple[dict[copied.Address, int], copied.Address]:
    """Where the addresses of the sidecar's file are here, and which of them its clients know."""
    listener = ("0.0.0.0", 10000)
    return {ADMIN: free_port(), listener: free_port(), ("127.0.0.1", 8000): app.port}, listener


def exchanges(place: Place, *columns: str) -> list[tuple[Any, ...]]:
    """What the store has of every exchange, in the order of their paths."""
    listed = ", ".join(columns)
    return place.query(f"SELECT {listed} FROM events WHERE kind = 'exchange' ORDER BY path")


@pytest.mark.parametrize("path", [SIDECAR, GATEWAY])
def test_envoy_takes_the_file_as_it_is_written(path: str, tmp_path: Path) -> None:
    said = validated(copied.bootstrap(path), tmp_path)
    assert said.returncode == 0, said.stderr


def test_envoy_takes_the_file_that_follows_another_as_it_is_written(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    (written,) = copied.documents(RULES)
    copied.write(copied.with_paths(written, {copied.DOCUMENTED_FILTER: str(FILTER)}), rules)
    config = copied.with_paths(copied.bootstrap(RELOADING), {rules_file.DOCUMENTED: str(rules)})
    said = validated(config, tmp_path)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("told", TOLD.values(), ids=list(TOLD))
def test_the_filter_takes_what_every_file_tells_it(told: str, tmp_path: Path) -> None:
    config = copied.bootstrap(SIDECAR)
    (plugin,) = copied.plugins(config)
    plugin["configuration"]["value"] = told
    said = validated(config, tmp_path)
    assert said.returncode == 0, said.stderr


def test_the_readme_names_every_file() -> None:
    readme = (copied.FOLDER / "README.md").read_text(encoding="utf-8")
    files = [path.relative_to(copied.FOLDER).as_posix() for path in copied.FOLDER.rglob("*.*")]
    assert [path for path in files if path != "README.md" and f"({path})" not in readme] == []


def test_every_file_has_the_same_cluster_for_the_exporter() -> None:
    expected = copied.exporter_cluster(copied.documents(SIDECAR))
    others = [copied.documents(GATEWAY), copied.documents(RELOADING)]
    others += [[each] for _, each in copied.resources("EnvoyFilter") + copied.resources("EnvoyProxy")]
    assert [copied.exporter_cluster(each) for each in others] == [expected] * 5


def test_every_exporter_takes_its_configuration_and_listens_where_envoy_sends(tmp_path: Path) -> None:
    maps = copied.resources("ConfigMap")
    assert len(maps) == 3
    for _, each in maps:
        config = each["data"]["offpath.toml"]
        assert f'socket = "{copied.DOCUMENTED_SOCKET}"' in config
        file = tmp_path / "offpath.toml"
        file.write_text(config, encoding="utf-8")
        subprocess.run([BIN / "offpath", "check", file], check=True, capture_output=True)


def test_what_the_sidecar_takes_in_is_recorded_and_what_a_rule_leaves_out_is_not(
    place: Place, app: App
) -> None:
    with place.exporter(), serving(place, SIDECAR, *sidecar(app)) as (_, url):
        get(f"{url}/health")
        get(f"{url}/orders")
        eventually("the event is stored", lambda: place.count() > 0)
    assert exchanges(place, "source", "service", "route", "path", "status") == [
        ("envoy", "chat-api", "app", "/orders", 200)
    ]


def test_the_sidecar_that_follows_a_file_records_as_it_says(place: Place, app: App) -> None:
    config = {"service": {"name": "followed"}, "rule": [{"match": {"path": "/health"}, "record": False}]}
    rules_file.RulesFile(place.path / "rules.yaml", config)
    with place.exporter(), serving(place, RELOADING, *sidecar(app)) as (_, url):
        get(f"{url}/health")
        get(f"{url}/orders")
        eventually("the event is stored", lambda: place.count() > 0)
    assert exchanges(place, "service", "route", "path") == [("followed", "app", "/orders")]


def test_the_sidecar_serves_and_records_nothing_until_it_can_take_its_file(place: Place, app: App) -> None:
    file = rules_file.RulesFile(place.path / "rules.yaml", {"service": {"nme": "bad"}})
    ports, listener = sidecar(app)
    taken = "extension_config_discovery.http_filter.offpath.update_success"
    with place.exporter(), serving(place, RELOADING, ports, listener) as (_, url):
        get(f"{url}/before")
        file.replace({"service": {"name": "mended"}})
        eventually("Envoy has the file", lambda: stat(ports[ADMIN], taken) > 0)
        get(f"{url}/after")
        eventually("the event is stored", lambda: place.count() > 0)
    assert exchanges(place, "service", "path") == [("mended", "/after")]


def test_the_gateway_s_routes_are_recorded_once_otherwise_or_not(place: Place, app: App) -> None:
    listener = ("0.0.0.0", 8080)
    upstreams = {("app.internal", 8000): app.port, ("chat.internal", 8001): app.port}
    ports = {ADMIN: free_port(), listener: free_port(), **upstreams}
    with place.exporter(), serving(place, GATEWAY, ports, listener) as (_, url):
        heard = {path: get_json(f"{url}{path}") for path in ("/health", "/orders", "/v1/chat")}
        eventually("both events are stored", lambda: place.count() >= 2)
    assert exchanges(place, "service", "route", "path") == [
        ("gateway", "app", "/orders"),
        ("chat-api", "chat", "/v1/chat"),
    ]
    assert [path for path, headers in heard.items() if "traceparent" in headers] == ["/orders", "/v1/chat"]


def test_drain_sh_ends_when_what_is_in_progress_has_ended_and_nothing_is_lost_by_the_sigterm_after_it(
    place: Place, app: App
) -> None:
    ports, listener = sidecar(app)
    drain = {**os.environ, "ENVOY_ADMIN": f"127.0.0.1:{ports[ADMIN]}", "DRAIN_AT_LEAST": "0"}
    with place.exporter(), serving(place, SIDECAR, ports, listener) as (envoy, url):
        client = threading.Thread(target=get, args=(f"{url}/held",))
        client.start()
        assert app.held.wait(PATIENCE)
        with running([str(ROOT / "envoy/plain/drain.sh")], place.log("drain"), drain) as draining:
            eventually("Envoy asks its clients to leave", lambda: told_to_leave(ports[listener]))
            # To drain, to look, and to look again because a request is in progress.
            asked = AskedByOthers(ports[ADMIN])
            eventually("drain.sh waits", lambda: asked.times() >= 3)
            app.go_on.set()
            assert draining.wait() == 0
        client.join()
        assert envoy.stop() == 0
    assert ("/held",) in exchanges(place, "path")


def test_a_hot_restart_loses_nothing(place: Place, app: App) -> None:
    old_ports, listener = sidecar(app)
    new_ports = {**old_ports, ADMIN: free_port()}
    base = place.path / "base-id"
    drain = ["--drain-time-s", "1", "--parent-shutdown-time-s", "2"]
    first = command(place, SIDECAR, old_ports, *drain, "--use-dynamic-base-id", "--base-id-path", str(base))
    answered: list[tuple[str]] = []
    with place.exporter(), running(first, place.log("envoy"), os.environ, port=old_ports[listener]) as old:
        second = ["--restart-epoch", "1", "--base-id", base.read_text(encoding="utf-8").strip()]
        with running(command(place, SIDECAR, new_ports, *drain, *second), place.log("envoy-2"), os.environ):
            ending = threading.Thread(target=old.wait)
            ending.start()
            while ending.is_alive():
                path = f"/{len(answered)}"
                get(f"http://127.0.0.1:{old_ports[listener]}{path}")
                answered.append((path,))
            eventually("every event is stored", lambda: place.count() >= len(answered))
    # Envoy leaves behind what the two shared.
    Path(f"/dev/shm/envoy_shared_memory_{base.read_text(encoding='utf-8').strip()}0").unlink()
    assert sorted(exchanges(place, "path")) == sorted(answered)


class AskedByOthers:
    """How often Envoy's admin interface was asked, but for asking how often."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._by_this = 0

    def times(self) -> int:
        """Ask."""
        self._by_this += 1
        return stat(self._port, "http.admin.downstream_rq_total") - self._by_this


def stat(port: int, name: str) -> int:
    """What the Envoy whose admin interface is there counts under this name."""
    return int(get_json(f"http://127.0.0.1:{port}/stats?format=json&filter=^{name}$")["stats"][0]["value"])


def told_to_leave(port: int) -> bool:
    """Whether Envoy ends the connection of a client that would stay."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request("GET", "/health")
        response = client.getresponse()
        response.read()
        return response.getheader("connection") == "close"
