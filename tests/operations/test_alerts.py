"""Each alert of deploy/prometheus/alerts.yaml fires when it should, is of what a real exporter shows, and is explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.framework.http import get_json
from tests.framework.processes import ROOT, eventually

from .conftest import Scraped
from .support.prometheus import prometheus

FOLDER = ROOT / "deploy" / "prometheus"
DOCUMENTED = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def _read(name: str) -> dict[str, Any]:
    file: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return file


ALERTS: list[dict[str, Any]] = [rule for group in _read("alerts.yaml")["groups"] for rule in group["rules"]]
NAMES = [alert["alert"] for alert in ALERTS]

#: A metric, with its labels, in an expression.
METRIC = re.compile(r"\b(?:offpath_\w+|up)\b(?:\{[^}]*\})?")


def promtool(*arguments: str) -> str:
    """Return what promtool says."""
    command = shutil.which("promtool")
    if command is None:
        pytest.fail("there is no promtool (Debian, Ubuntu: sudo apt-get install prometheus)")
    done = subprocess.run([command, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_them() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", "alerts.yaml")


def test_each_fires_when_it_should_and_not_before() -> None:
    promtool("test", "rules", "alerts_test.yaml")
    cases = [case for test in _read("alerts_test.yaml")["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(NAMES)
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == set(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_an_alert_is_of_metrics_that_the_exporter_shows(alert: dict[str, Any], scraped: Scraped) -> None:
    used = METRIC.findall(alert["expr"])
    assert used
    for metric in used:
        assert scraped.classic.query(metric), metric


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_an_alert_says_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    assert set(alert["annotations"]) == {"summary", "description"}
    assert "{{ $labels.instance }}" in alert["annotations"]["summary"]
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert f"`{alert['alert']}`" in DOCUMENTED


def test_prometheus_evaluates_them_on_what_it_has_scraped_and_one_is_on_its_way(
    scraped: Scraped, tmp_path: Path
) -> None:
    target = (scraped.place.data / "http.addr").read_text().strip()
    with prometheus(tmp_path / "alerting", target, rules=FOLDER / "alerts.yaml") as server:

        def rules() -> dict[str, dict[str, Any]]:
            groups = get_json(f"{server.url}/api/v1/rules")["data"]["groups"]
            return {rule["name"]: rule for group in groups for rule in group["rules"]}

        eventually("all are evaluated", lambda: all(rule["health"] == "ok" for rule in rules().values()))
        eventually("a sink that is down shows", lambda: rules()["OffpathSinkDown"]["state"] == "pending")
        assert rules()["OffpathDown"]["state"] == "inactive"
