"""Instrumenting clients as a thing that a process does: switching it on and off, forks, and what is not there."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import offpath
import pytest
from conftest import Recording
from support import python
from support.exporter import Exporter
from support.python import dropped, recording_program
from support.upstream import Upstream

OWNERS = [
    getattr(importlib.import_module(name), client)
    for name in ("httpx", "httpx2")
    for client in ("Client", "AsyncClient")
]


def attributes() -> list[dict[str, Any]]:
    """What the classes have of their own."""
    return [dict(vars(owner)) for owner in OWNERS]


def test_taking_it_back_leaves_httpx_as_it_was() -> None:
    before = attributes()
    offpath.httpx.instrument({})
    during = attributes()
    assert all(one != other for one, other in zip(before, during, strict=True))
    offpath.httpx.instrument({})
    assert attributes() == during
    offpath.httpx.uninstrument()
    offpath.httpx.uninstrument()
    assert attributes() == before


def test_who_wrapped_it_meanwhile_keeps_working(recording: Recording, upstream: Upstream) -> None:
    recording.calls(offpath.httpx)
    original, wrapped = httpx.Client._send_single_request, []

    def wrapping(self: Any, request: Any) -> Any:
        wrapped.append(request.url.path)
        return original(self, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "_send_single_request", wrapping)
        httpx.get(f"{upstream.url}/echo")
        offpath.httpx.uninstrument()
        httpx.get(f"{upstream.url}/stream/1")
    assert wrapped == ["/echo", "/stream/1"]
    assert recording.event()["path"] == "/echo"
    # What lay beneath the other's is gone with it only if the other takes it away.
    httpx.Client._send_single_request = original.__wrapped__  # type: ignore[method-assign,attr-defined]


def test_clients_of_before_are_recorded_and_what_is_in_progress_ends(
    recording: Recording, upstream: Upstream
) -> None:
    with httpx.Client(base_url=upstream.url) as client:
        recording.calls(offpath.httpx)
        with client.stream("GET", "/hold") as response:
            offpath.httpx.uninstrument()
            upstream.release()
            assert response.read() == b"data: first\n\ndata: last\n\n"
        client.get("/echo")
    assert (recording.event()["path"], recording.event()["outcome"]) == ("/hold", "completed")


def test_bad_configuration_is_told_at_once() -> None:
    with pytest.raises(offpath.ConfigError) as refused:
        offpath.httpx.instrument({"outbound": {"propagate": ["http://a"]}})
    [(field, rule, value)] = refused.value.errors
    assert (field, value) == ("outbound.propagate", '"http://a"')
    assert rule.startswith("must be hosts without scheme, port or path")
    before = attributes()
    offpath.httpx.uninstrument()
    assert attributes() == before


CALL = """
import httpx
def call(path):
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=b"ok"))
    with httpx.Client(transport=transport) as client:
        assert client.get("http://model.example" + path).content == b"ok"
"""


def test_a_forked_child_records_its_own_calls_and_not_its_parent_s(beside: Exporter, tmp_path: Path) -> None:
    program = f"""{CALL}
offpath.httpx.instrument()
call("/before")
class Held(httpx.SyncByteStream):
    def __iter__(self):
        yield b"held"
held = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=Held())))
response = held.send(held.build_request("GET", "http://model.example/held"), stream=True)
child = os.fork()
if child == 0:
    response.read()
    call("/child")
    os._exit(0 if offpath.status()["captured"] == 1 else 7)
assert os.waitpid(child, 0)[1] == 0
response.read()
report()
"""
    found = recording_program(program, tmp_path)
    assert dropped(found) == {}
    assert beside.all_paths() == ["/before", "/child", "/held"]


def test_switched_off_by_the_environment_nothing_is_replaced(tmp_path: Path) -> None:
    program = f"""{CALL}
import aiohttp
before = httpx.Client._send_single_request, aiohttp.ClientSession._request
offpath.httpx.instrument()
offpath.aiohttp.instrument()
assert (httpx.Client._send_single_request, aiohttp.ClientSession._request) == before
call("/")
offpath.httpx.uninstrument()
report()
"""
    assert recording_program(program, tmp_path, OFFPATH_ENABLED=0)["status"]["captured"] == 0


def test_without_an_extension_nothing_is_replaced(tmp_path: Path) -> None:
    program = f"""
sys.modules["offpath._offpath"] = None
for name in [name for name in sys.modules if name.startswith("offpath") and name != "offpath._offpath"]:
    del sys.modules[name]
import offpath
{CALL}
before = httpx.Client._send_single_request
offpath.httpx.instrument()
offpath.aiohttp.instrument()
assert httpx.Client._send_single_request is before
call("/")
offpath.httpx.uninstrument()
print(json.dumps(offpath.status()))
"""
    found = python.result(python.PRELUDE + program, cwd=tmp_path, env=python.environment())
    assert found == {}


@pytest.mark.parametrize(
    ("missing", "client", "told"),
    [
        (["httpx", "httpx2"], "httpx", "offpath.httpx.instrument() needs httpx or httpx2: pip install httpx"),
        (["aiohttp"], "aiohttp", "offpath.aiohttp.instrument() needs aiohttp: pip install aiohttp"),
    ],
)
def test_a_client_that_is_not_installed_is_told_of_when_it_is_asked_for(
    tmp_path: Path, missing: list[str], client: str, told: str
) -> None:
    program = f"""
import importlib.abc

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {missing}:
            raise ModuleNotFoundError(name)

find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in {missing} else find_spec(name)
offpath.{client}.uninstrument()
try:
    offpath.{client}.instrument()
except ImportError as error:
    print(json.dumps(str(error)))
"""
    assert python.result(python.PRELUDE + program, cwd=tmp_path, env=python.environment()) == told


def test_importing_offpath_imports_no_client() -> None:
    program = "import sys, offpath; print(sorted({'httpx', 'httpx2', 'aiohttp'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_a_version_that_lacks_what_is_replaced_is_told_of_and_left_alone(tmp_path: Path) -> None:
    program = f"""{CALL}
method = httpx.AsyncClient._send_single_request
del httpx.AsyncClient._send_single_request
offpath.httpx.instrument()
call("/sync")
report(there="_send_single_request" in vars(httpx.AsyncClient))
"""
    found = recording_program(program, tmp_path)
    assert (found["status"]["captured"], found["there"]) == (1, False)
    assert "offpath: httpx.AsyncClient has no _send_single_request in this version" in found["warnings"][0]


def test_what_was_configured_for_the_program_holds_for_its_calls(beside: Exporter, tmp_path: Path) -> None:
    program = f"""{CALL}
offpath.configure({{"service": {{"name": "batch"}}}})
offpath.httpx.instrument()
call("/")
report()
"""
    recording_program(program, tmp_path)
    beside.stop()
    [event] = beside.exchanges()
    assert (event["service"], event["source"]) == ("batch", "httpx")


def test_a_trap_in_the_sandbox_is_a_counted_loss_and_the_call_goes_on(tmp_path: Path) -> None:
    program = f"""{CALL}
offpath.httpx.instrument({{"sandbox": {{"fuel": 1}}}})
call("/")
report()
"""
    found = recording_program(program, tmp_path)
    assert dropped(found) == {"trap": 1}


def test_a_full_ring_is_a_counted_loss_and_the_call_goes_on(tmp_path: Path) -> None:
    program = f"""{CALL}
offpath.httpx.instrument({{"ring": {{"size": "64KiB"}}}})
for _ in range(400):
    call("/")
report()
"""
    found = recording_program(program, tmp_path)
    assert found["status"]["captured"] + dropped(found)["ring_full"] == 400
