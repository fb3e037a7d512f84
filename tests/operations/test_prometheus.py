"""What the exporter shows, the real Prometheus reads: counts and quantiles are those of what was sent."""

from __future__ import annotations

import re

import pytest

from tests.framework.http import get
from tests.framework.processes import ROOT, eventually

from .conftest import SECONDS, Scraped

DOCUMENTED = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FAST = 'offpath_request_duration_seconds{service="chat",status="200"}'
NAME = re.compile(r"^# TYPE (\S+) ", re.MULTILINE)


def test_prometheus_reads_all_of_it_without_a_complaint(scraped: Scraped) -> None:
    for server in (scraped.classic, scraped.native):
        assert (server.target()["health"], server.target()["lastError"]) == ("up", "")


@pytest.mark.parametrize("quantile", [0.4, 0.9, 0.95])
def test_a_quantile_of_classic_buckets_is_in_the_bucket_of_the_true_one(
    scraped: Scraped, quantile: float
) -> None:
    buckets = 'offpath_request_duration_seconds_bucket{service="chat",status="200"}'
    found = scraped.classic.value(f"histogram_quantile({quantile}, sum by (le) ({buckets}))")
    bounds = [0.25, 0.5, 1.0]
    true = SECONDS[round(quantile * 100) - 1]
    upper = next(bound for bound in bounds if true <= bound)
    assert upper / 2 <= found <= upper


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9, 0.99])
def test_a_quantile_of_native_buckets_is_within_ten_percent_of_the_true_one(
    scraped: Scraped, quantile: float
) -> None:
    found = scraped.native.value(f"histogram_quantile({quantile}, sum({FAST}))")
    assert found == pytest.approx(SECONDS[round(quantile * 100) - 1], rel=0.1)


def test_both_kinds_of_histogram_are_of_the_same_observations(scraped: Scraped) -> None:
    total = sum(SECONDS) + 1
    assert (
        scraped.classic.value('sum(offpath_request_duration_seconds_count{service="chat",status="200"})')
        == len(SECONDS) + 1
    )
    assert scraped.native.value(f"histogram_count(sum({FAST}))") == len(SECONDS) + 1
    assert scraped.classic.value(
        'sum(offpath_request_duration_seconds_sum{service="chat",status="200"})'
    ) == pytest.approx(total)
    assert scraped.native.value(f"histogram_sum(sum({FAST}))") == pytest.approx(total)


def test_requests_are_told_apart_by_route_and_status(scraped: Scraped) -> None:
    by = "sum by (service, route, method, status) (offpath_request_duration_seconds_count{service='chat'})"
    labels = {"service": "chat", "route": "/chat/{id}", "method": "POST"}
    found = {
        tuple(sorted(series["metric"].items())): series["value"][1] for series in scraped.classic.query(by)
    }
    assert found == {
        tuple(sorted({**labels, "status": "200"}.items())): "101",
        tuple(sorted({**labels, "status": "503"}.items())): "20",
    }


def test_tokens_cost_and_first_token_are_those_of_the_models(scraped: Scraped) -> None:
    assert scraped.classic.value('offpath_tokens_total{model="m",kind="input"}') == 2001
    assert scraped.classic.value("sum(offpath_tokens_total)") == 2001 + 201
    assert scraped.classic.value('offpath_cost_usd_total{model="m"}') == pytest.approx(10.5)
    assert scraped.native.value(
        "histogram_quantile(0.5, sum(offpath_time_to_first_token_seconds))"
    ) == pytest.approx(0.25, rel=0.1)


def test_a_sink_that_cannot_deliver_is_down_with_a_backlog_and_a_lag(scraped: Scraped) -> None:
    down = '{sink="nowhere"}'
    eventually("it shows", lambda: scraped.classic.value(f"offpath_sink_up{down}") == 0)
    eventually("it lags", lambda: scraped.classic.value(f"offpath_sink_lag_seconds{down}") > 0)
    assert scraped.classic.value(f"offpath_sink_backlog_events{down}") >= 160
    assert scraped.classic.value('offpath_sink_up{sink="lines"}') == 1


def test_what_was_lost_shows_as_a_rise_the_first_time_too(scraped: Scraped) -> None:
    rise = 'increase(offpath_dropped_total{reason="egress_full"}[10m])'
    eventually("it shows", lambda: scraped.classic.value(rise) > 0)


def test_every_metric_is_documented(scraped: Scraped) -> None:
    address = (scraped.place.data / "http.addr").read_text().strip()
    names = set(NAME.findall(get(f"http://{address}/metrics").decode()))
    assert len(names) > 20
    assert {name for name in names if f"`{name}" not in DOCUMENTED} == set()
