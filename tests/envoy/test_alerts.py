"""What envoy/alerts.yaml would wake people for is there to be seen: in the real Envoy, by these names."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.framework import bootstrap
from tests.framework.envoy import envoy
from tests.framework.http import get
from tests.framework.place import place
from tests.framework.processes import eventually, free_port

from .support import copied
from .support.rules_file import RulesFile

ALERTS: list[dict[str, Any]] = [
    rule for file in copied.documents("alerts.yaml") for group in file["groups"] for rule in group["rules"]
]
NAMES = [alert["alert"] for alert in ALERTS]

#: A metric, and what its labels must be, in an expression.
METRIC = re.compile(r"\b((?:envoy|offpath)_\w+)(?:\{(\w+=\"[^\"]*\")\})?")


@pytest.fixture(scope="module", name="shown")
def _shown() -> Iterator[set[str]]:
    """Every metric of an Envoy with the filter, with and without its labels."""
    with place() as made:
        filters = [RulesFile(made.path / "rules.yaml", {}).filter]
        listeners = [bootstrap.listener(free_port(), [bootstrap.route("app")], filters)]
        clusters = [bootstrap.upstream(free_port()), bootstrap.exporter(made.rings / "ingest.sock")]
        with envoy(made.path, listeners, clusters) as proxy:
            with pytest.raises(HTTPError):
                get(proxy.url)
            eventually("the filter counts", lambda: proxy.stat("wasmcustom.offpath.events") > 0)
            lines = get(f"{proxy.admin}/stats/prometheus").decode().splitlines()
            metrics = [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
            yield {*metrics, *(metric.partition("{")[0] for metric in metrics)}


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_an_alert_is_of_metrics_that_envoy_shows(alert: dict[str, Any], shown: set[str]) -> None:
    used = METRIC.findall(alert["expr"])
    assert used
    for name, label in used:
        assert (f"{name}{{{label}}}" if label else name) in shown


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_an_alert_says_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    assert set(alert["annotations"]) == {"summary", "description"}
    assert "{{ $labels.instance }}" in alert["annotations"]["summary"]
    assert alert["labels"]["severity"] == "warning"


def test_prometheus_takes_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("there is no promtool (Debian, Ubuntu: sudo apt-get install prometheus)")
    subprocess.run(
        [promtool, "check", "rules", copied.FOLDER / "alerts.yaml"], check=True, capture_output=True
    )
