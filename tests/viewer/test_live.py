"""Live and search: what was recorded is listed, narrowed by each filter, and goes on while one looks."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import expect

from tests.framework.processes import eventually

from .conftest import Windows
from .stores import REQUESTS, Demo

#: What a request cost, with all that it caused.
COST = "(SELECT sum(cost_usd) FROM events AS below WHERE below.trace_id = events.trace_id)"

#: Each part of a filter as the address has it, and what SQL calls the same.
NARROWED = {
    "route": ({"route": "/ask"}, f"{REQUESTS} AND route = '/ask'"),
    "status": ({"status": "404"}, f"{REQUESTS} AND status = 404"),
    "a class of statuses": ({"status": "4xx"}, f"{REQUESTS} AND status BETWEEN 400 AND 499"),
    "model": ({"model": "gpt-4.1-mini"}, f"{REQUESTS} AND model = 'gpt-4.1-mini'"),
    "user": ({"user": "ann"}, f"{REQUESTS} AND user_id = 'ann'"),
    "session": ({"session": "bob-2"}, f"{REQUESTS} AND session_id = 'bob-2'"),
    "service": ({"service": "assistant"}, f"{REQUESTS} AND service = 'assistant'"),
    "method": ({"method": "GET"}, f"{REQUESTS} AND method = 'GET'"),
    "least duration": ({"min_duration_ms": "400"}, f"{REQUESTS} AND duration_ns >= 400e6"),
    "most duration": ({"max_duration_ms": "150"}, f"{REQUESTS} AND duration_ns <= 150e6"),
    "least cost": ({"min_cost_usd": "0.0005"}, f"{REQUESTS} AND {COST} >= 0.0005"),
    "most cost": ({"max_cost_usd": "0.0001"}, f"{REQUESTS} AND {COST} <= 0.0001"),
    "text": ({"q": "BERGEN"}, f"{REQUESTS} AND lower(json) LIKE '%bergen%'"),
    "failed": ({"failed": "true"}, f"{REQUESTS} AND failed"),
    "kind": ({"kind": "tool", "top": "false"}, "kind = 'tool'"),
    "kinds": ({"kind": "agent,score", "top": "false"}, "kind IN ('agent', 'score')"),
    "source": ({"source": "httpx", "top": "false"}, "source = 'httpx'"),
    "everything": ({"top": "false"}, "true"),
    "two at once": ({"route": "/ask", "user": "chen"}, f"{REQUESTS} AND route = '/ask' AND user_id = 'chen'"),
}


@pytest.mark.parametrize(("filter_", "where"), NARROWED.values(), ids=NARROWED)
def test_a_filter_in_the_address_lists_what_sql_finds(
    windows: Windows, demo: Demo, filter_: dict[str, str], where: str
) -> None:
    expected = demo.ids(where)
    assert expected
    windows.open(f"{demo.url}/?{urlencode(filter_)}").shows(expected)


def test_a_time_in_the_address_is_from_an_instant_until_before_another(windows: Windows, demo: Demo) -> None:
    asked = f"{REQUESTS} AND route = '/ask'"
    first, *_, last = [
        int(time) for (time,) in demo.place.query(f"{STARTS} WHERE {asked} ORDER BY start_time")
    ]
    filter_ = {"route": "/ask", "from": rfc3339(first), "to": rfc3339(last)}
    expected = demo.ids(f"{asked} AND start_time < {last}")
    assert len(expected) > 2
    windows.open(f"{demo.url}/?{urlencode(filter_)}").shows(expected)


STARTS = "SELECT start_time FROM events"


def rfc3339(nanoseconds: int) -> str:
    """Return a time as the API has it."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def test_a_row_shows_what_was_recorded(windows: Windows, demo: Demo) -> None:
    where = "session_id = 'ann-1' AND route = '/ask' AND json LIKE '%weather in Oslo%'"
    id_ = demo.one("id", f"{where} ORDER BY start_time LIMIT 1")
    row = windows.open(f"{demo.url}/?session=ann-1").row(id_)
    for text in ("POST", "/ask", "200", "ann", "ann-1", "How is the weather in Oslo?"):
        expect(row).to_contain_text(text)


BY_HAND = {
    "Route": ("/documents/{name}", "route", f"{REQUESTS} AND route LIKE '/documents/%'"),
    "Status": ("500", "status", f"{REQUESTS} AND status = 500"),
    "Model": ("gpt-4o-mini", "model", f"{REQUESTS} AND model = 'gpt-4o-mini'"),
    "User": ("dana", "user", f"{REQUESTS} AND user_id = 'dana'"),
    "Session": ("dana-3", "session", f"{REQUESTS} AND session_id = 'dana-3'"),
    "Service": ("fastapi-chat", "service", f"{REQUESTS} AND service = 'fastapi-chat'"),
    "Method": ("GET", "method", f"{REQUESTS} AND method = 'GET'"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_is_typed_into_a_field_narrows_the_list_and_is_in_the_address(
    windows: Windows, demo: Demo, name: str
) -> None:
    value, parameter, where = BY_HAND[name]
    look = windows.open(demo.url)
    look.filter_by(name, value)
    look.shows(demo.ids(where))
    assert look.query == {parameter: value}


def test_amounts_that_are_typed_narrow_the_list(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    least, _ = look.between("Duration")
    least.fill("300")
    least.blur()
    _, most = look.between("Cost")
    most.fill("0.001")
    most.blur()
    look.shows(demo.ids(f"{REQUESTS} AND duration_ns >= 300e6 AND {COST} <= 0.001"))
    assert look.query == {"min_duration_ms": "300", "max_cost_usd": "0.001"}


def test_text_that_is_searched_narrows_the_list(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    look.search.fill("visa for two weeks")
    look.search.press("Enter")
    look.shows(demo.ids(f"{REQUESTS} AND lower(json) LIKE '%visa for two weeks%'"))


def test_only_failed_ones_are_listed_by_one_button(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    look.page.get_by_role("button", name="Failed only").click()
    look.shows(demo.ids(f"{REQUESTS} AND failed"))


def test_everything_is_listed_by_one_button(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    look.page.get_by_role("button", name="Everything").click()
    look.shows(demo.ids("true"))


def test_a_link_shows_others_the_same(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    look.filter_by("User", "bob")
    look.filter_by("Status", "2xx")
    look.shows(demo.ids(f"{REQUESTS} AND user_id = 'bob' AND status BETWEEN 200 AND 299"))
    windows.open(look.page.url).shows(look.ids())


def test_a_filter_is_taken_away_by_its_own_button(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/?user=bob&route=/ask")
    look.page.get_by_role("button", name="Remove the filter Route").click()
    look.shows(demo.ids(f"{REQUESTS} AND user_id = 'bob'"))


def test_back_and_forward_go_through_the_filters(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/?user=ann")
    look.shows(demo.ids(f"{REQUESTS} AND user_id = 'ann'"))
    look.filter_by("Route", "/ask")
    look.shows(demo.ids(f"{REQUESTS} AND user_id = 'ann' AND route = '/ask'"))
    look.page.go_back()
    look.shows(demo.ids(f"{REQUESTS} AND user_id = 'ann'"))
    look.page.go_forward()
    look.shows(demo.ids(f"{REQUESTS} AND user_id = 'ann' AND route = '/ask'"))


def test_back_from_a_trace_is_the_list_that_one_came_from(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/?route=/ask&user=chen")
    look.shows(demo.ids(f"{REQUESTS} AND route = '/ask' AND user_id = 'chen'"))
    look.events.first.click()
    eventually("the trace is opened", lambda: look.path.startswith("/traces/"))
    look.page.go_back()
    look.shows(demo.ids(f"{REQUESTS} AND route = '/ask' AND user_id = 'chen'"))


def test_each_page_goes_on_where_the_last_one_ended(windows: Windows, demo: Demo) -> None:
    expected = demo.ids(REQUESTS, limit=100)
    look = windows.open(demo.url)
    look.shows(expected[:50])
    look.more.click()
    look.shows(expected)


def test_at_the_end_of_the_list_there_is_no_more(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/?session=ann-1")
    look.shows(demo.ids(f"{REQUESTS} AND session_id = 'ann-1'"))
    expect(look.more).to_have_count(0)


def test_where_nothing_matches_that_is_said(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/?user=nobody")
    expect(look.page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def read(demo: Demo, name: str) -> str:
    """Read a document of the assistant, and return the id of that request as soon as it is stored."""
    where = f"kind = 'exchange' AND json LIKE '%{name}%'"
    httpx.get(f"http://127.0.0.1:{demo.apps.assistant}/documents/visas", headers={"x-request-id": name})
    eventually(f"{name} is stored", lambda: demo.place.count(where) == 1)
    return demo.one("id", where)


def test_a_request_shows_up_while_one_looks(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    before = demo.ids(REQUESTS)
    look.shows(before)
    look.shows([read(demo, "live-update"), *before])


def test_what_is_being_typed_stays_there_while_rows_come(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    look.shows(demo.ids(REQUESTS))
    field = look.field("User")
    field.press_sequentially("an")
    new = read(demo, "live-typing")
    eventually("the new one is listed", lambda: look.ids()[0] == new)
    field.press_sequentially("n")
    expect(field).to_have_value("ann")


def test_a_request_that_does_not_match_does_not_show_up(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/?user=ann")
    everything = windows.open(demo.url)
    before = demo.ids(f"{REQUESTS} AND user_id = 'ann'")
    look.shows(before)
    new = read(demo, "live-other")
    eventually("it shows up where it matches", lambda: everything.ids()[0] == new)
    with look.page.expect_response("**/api/v1/live?*"):
        pass
    assert look.ids() == before


def test_while_paused_nothing_shows_up_until_one_goes_on(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    other = windows.open(demo.url)
    before = demo.ids(REQUESTS)
    look.shows(before)
    look.pause.click()
    new = read(demo, "live-paused")
    eventually("it shows up where nobody paused", lambda: other.ids()[0] == new)
    assert look.ids() == before
    look.pause.click()
    eventually("it shows up", lambda: look.ids()[0] == new)


def test_what_comes_while_one_reads_waits_until_one_asks_for_it(windows: Windows, demo: Demo) -> None:
    look = windows.open(demo.url)
    before = demo.ids(REQUESTS)
    look.shows(before)
    look.events.nth(3).focus()
    new = read(demo, "live-held")
    button = look.page.get_by_role("button", name="1 new")
    expect(button).to_be_visible()
    assert look.ids() == before
    button.click()
    eventually("it shows up", lambda: look.ids()[0] == new)
