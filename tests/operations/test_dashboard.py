"""Every query of deploy/grafana/offpath.json gives something, in the real Prometheus, of a real exporter."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.framework.processes import ROOT, eventually

from .conftest import Scraped

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/offpath.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

#: What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*", "$service": ".*"}


def expressions() -> list[Any]:
    """Return each query as Prometheus gets it, with the title of its panel."""
    found = []
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            found.append(pytest.param(panel["title"], expression, id=f"{panel['title']} {target['refId']}"))
    return found


@pytest.mark.parametrize(("title", "expression"), expressions())
def test_a_query_gives_something(scraped: Scraped, title: str, expression: str) -> None:
    server = scraped.native if "native" in title else scraped.classic
    eventually(f"there is something for {expression}", lambda: server.query(expression) != [], patience=20)


def test_what_stands_in_queries_of_variables_is_shown(scraped: Scraped) -> None:
    queries = [
        variable["query"] for variable in DASHBOARD["templating"]["list"] if variable["type"] == "query"
    ]
    metrics = [
        re.sub(r"label_values\((.*), \w+\)", r"\1", query).replace("$instance", ".*") for query in queries
    ]
    assert metrics
    for metric in metrics:
        assert scraped.classic.query(metric), metric


def test_no_two_panels_have_the_same_id_or_place() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
