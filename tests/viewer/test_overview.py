"""Overview: how much there is, how fast it is, what it costs and where it fails, as SQL has it too."""

from __future__ import annotations

import re
from datetime import datetime

from playwright.sync_api import expect

from tests.framework.processes import eventually

from .conftest import Windows
from .looking import Look
from .stores import REQUESTS, Demo

OF_HOUR = "/overview"


def number(demo: Demo, what: str, where: str) -> str:
    """Return a number of SQL's as the page writes it."""
    [(value,)] = demo.place.query(f"SELECT {what} FROM events WHERE {where}")
    return f"{value:,}"


def test_the_numbers_at_the_top_are_of_all_requests(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    expect(look.figure("Requests")).to_contain_text(number(demo, "count(*)", REQUESTS))
    expect(look.figure("Errors")).to_contain_text(
        f"{number(demo, 'count(*)', f'{REQUESTS} AND failed')} failed"
    )


def test_cost_and_tokens_are_counted_once(windows: Windows, demo: Demo) -> None:
    [(cost,)] = demo.place.query("SELECT sum(cost_usd) FROM events")
    expect(windows.open(f"{demo.url}{OF_HOUR}").figure("Cost")).to_contain_text(f"${cost:.2g}")


def test_a_route_has_its_requests_errors_and_percentiles(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    look.settled()
    _, requests, errors, *percentiles, _, _, cost = look.cells("Routes", "/ask")
    asked = f"{REQUESTS} AND route = '/ask'"
    assert requests == number(demo, "count(*)", asked)
    assert errors.split()[0] == number(demo, "count(*)", f"{asked} AND failed")
    assert [value[-1] for value in percentiles] == ["s"] * 3
    assert cost.startswith("$")


def test_a_model_has_its_calls_time_to_first_token_tokens_and_cost(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    look.settled()
    _, calls, _, _, _, first_token, _, tokens_in, tokens_out, cost = look.cells("Models", "gpt-4o")
    assert calls == number(demo, "count(*)", "model = 'gpt-4o'")
    assert first_token.endswith("ms")
    assert re.match(r"\d", tokens_in)
    assert re.match(r"\d", tokens_out)
    [(dollars,)] = demo.place.query("SELECT sum(cost_usd) FROM events WHERE model = 'gpt-4o'")
    assert cost == f"${dollars:.2g}"


def test_each_chart_says_in_words_what_it_shows(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    requests = number(demo, "count(*)", f"{REQUESTS} AND route = '/ask'")
    expect(look.chart("Requests by route")).to_have_accessible_name(re.compile(f"/ask {requests}"))
    expect(look.chart("Errors")).to_have_accessible_name(re.compile("/ask [1-9]"))
    expect(look.chart("Latency")).to_have_accessible_name(re.compile("P99 .*P95 .*P50 "))
    expect(look.chart("Distribution of latency")).to_have_accessible_name(re.compile("Most took "))
    expect(look.chart("Tokens by model")).to_have_accessible_name(re.compile("gpt-4o "))
    expect(look.chart("Cost by model")).to_have_accessible_name(re.compile(r"gpt-4o \$"))


def bounds(look: Look) -> tuple[datetime, datetime]:
    """Return from when to when the address is."""
    from_, to = (datetime.fromisoformat(look.query[name].replace("Z", "+00:00")) for name in ("from", "to"))
    return from_, to


def test_dragging_over_a_chart_zooms_into_that_time(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/overview?range=15m")
    look.settled()
    look.drag_over(look.chart("Requests by route"), 0.5, 0.98)
    eventually("the address has the time", lambda: {"from", "to"} <= set(look.query))
    from_, to = bounds(look)
    assert 60 < (to - from_).total_seconds() < 600
    look.settled()
    look.drag_over(look.chart("Latency"), 0.5, 0.95)
    eventually("the time is shorter", lambda: bounds(look) != (from_, to))
    inner = bounds(look)
    assert from_ <= inner[0] < inner[1] <= to


def test_back_takes_a_zoom_back(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/overview?range=15m")
    look.settled()
    look.drag_over(look.chart("Requests by route"), 0.5, 0.98)
    eventually("the address has the time", lambda: "from" in look.query)
    look.page.go_back()
    eventually("it is as before", lambda: look.query == {"range": "15m"})
    expect(look.figure("Requests")).to_contain_text(number(demo, "count(*)", REQUESTS))


def test_a_link_holds_what_is_chosen(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    look.page.get_by_label("service", exact=True).select_option("assistant")
    expected = number(demo, "count(*)", f"{REQUESTS} AND service = 'assistant'")
    expect(look.figure("Requests")).to_contain_text(expected)
    other = windows.open(look.page.url)
    expect(other.figure("Requests")).to_contain_text(expected)


def test_calls_that_went_out_have_an_overview_of_their_own(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    look.page.get_by_role("link", name="calls out").click()
    expect(look.figure("Calls")).to_contain_text(number(demo, "count(*)", "source = 'httpx'"))


def test_from_a_route_a_link_leads_to_its_requests(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}{OF_HOUR}")
    look.page.get_by_role("link", name="see requests of /ask").click()
    look.shows(demo.ids(f"{REQUESTS} AND route = '/ask'"))


def test_from_what_took_so_long_a_link_leads_to_those_events(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/overview?of=calls")
    look.page.get_by_text("As a table").click()
    took = look.page.get_by_role("row").filter(has=look.page.get_by_role("link", name=re.compile(" to ")))
    many = took.first.get_by_role("cell").last.inner_text()
    took.first.get_by_role("link").click()
    eventually("so many calls are listed", lambda: len(look.ids()) == int(many))
    calls = demo.ids("source = 'httpx'", limit=1000)
    assert set(look.ids()) <= set(calls)
