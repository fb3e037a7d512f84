"""The real Prometheus, scraping, and asked by its API."""

from __future__ import annotations

import shutil
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import yaml

from tests.framework.http import get, get_json
from tests.framework.processes import eventually, free_port, running


class Prometheus:
    """A Prometheus that scrapes one target every second."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression gives now: series with ``metric`` and ``value``."""
        query = urllib.parse.urlencode({"query": expression})
        result: list[dict[str, Any]] = get_json(f"{self.url}/api/v1/query?{query}")["data"]["result"]
        return result

    def value(self, expression: str) -> float:
        """Return the one value that an expression gives; NaN as long as it gives none."""
        series = self.query(expression)
        if not series:
            return float("nan")
        [one] = series
        return float(one["value"][1])

    def is_ready(self) -> bool:
        """Whether it has read its own files."""
        try:
            return get(f"{self.url}/-/ready") != b""
        except HTTPError:
            return False

    def target(self) -> dict[str, Any]:
        """Return what it knows of its target."""
        [target] = get_json(f"{self.url}/api/v1/targets")["data"]["activeTargets"]
        return dict(target)


@contextmanager
def prometheus(path: Path, target: str, *options: str, rules: Path | None = None) -> Iterator[Prometheus]:
    """Run one that scrapes this address, named ``offpath``, until the block ends."""
    command = shutil.which("prometheus")
    if command is None:
        pytest.fail("there is no prometheus (Debian, Ubuntu: sudo apt-get install prometheus)")
    path.mkdir()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [{"job_name": "offpath", "static_configs": [{"targets": [target]}]}],
        "rule_files": [str(rules)] if rules else [],
    }
    (path / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    where = [f"--config.file={path}/prometheus.yml", f"--storage.tsdb.path={path}/data"]
    listen = f"--web.listen-address=127.0.0.1:{port}"
    with running([command, *where, listen, *options], path / "log", {}, cwd=path, port=port):
        server = Prometheus(f"http://127.0.0.1:{port}")
        eventually("it is ready", server.is_ready)
        eventually("it has scraped", lambda: server.value('up{job="offpath"}') == 1)
        yield server
