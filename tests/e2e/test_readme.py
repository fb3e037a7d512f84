"""The README, by the letter."""

from __future__ import annotations

import re
import urllib.error
from pathlib import Path

import pytest
import yaml

from tests.framework import bootstrap
from tests.framework.envoy import envoy
from tests.framework.http import get
from tests.framework.place import Place
from tests.framework.processes import BIN, ROOT, eventually, free_port, running

DOCUMENTS = [
    path
    for path in ROOT.rglob("*.md")
    if not set(path.parts) & {"target", ".venv", ".cache", ".pytest_cache", "node_modules"}
]


def test_the_lines_for_ones_own_app_record_it_under_the_command(place: Place) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert lines is not None
    (place.path / "main.py").write_text(lines[1], encoding="utf-8")
    assert "offpath run -- uvicorn main:app" in readme
    port = free_port()
    command = [str(BIN / "offpath"), "run", "--", "uvicorn", "main:app", "--port", str(port)]
    with (
        running(command, place.log("app"), place.env, cwd=place.path, port=port),
        pytest.raises(urllib.error.HTTPError),
    ):
        get(f"http://127.0.0.1:{port}/hello")
    assert place.query("SELECT method, path, status FROM events") == [("GET", "/hello", 404)]


def test_the_lines_for_envoy_record_what_goes_through_it(place: Place) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    socket = str(place.rings / "ingest.sock")
    here = {"/etc/envoy/offpath-envoy.wasm": str(bootstrap.FILTER), "/run/offpath/ingest.sock": socket}
    for documented, path in here.items():
        assert documented in readme
        readme = readme.replace(documented, path)
    [filter_], [cluster] = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL))
    nowhere = bootstrap.listener(free_port(), [bootstrap.route("app")], [filter_])
    with (
        place.exporter(),
        envoy(place.path, [nowhere], [bootstrap.upstream(free_port()), cluster]) as proxy,
    ):
        with pytest.raises(urllib.error.HTTPError):
            get(f"{proxy.url}/hello")
        eventually("the event is stored", lambda: place.count() == 1)
    assert place.query("SELECT source, path, status FROM events") == [("envoy", "/hello", 503)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
