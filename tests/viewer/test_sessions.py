"""Sessions: who talked with the app, and each conversation in its order."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.framework.processes import eventually

from .conftest import Windows
from .stores import REQUESTS, Demo


def test_each_session_is_listed_with_its_turns_and_failures(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/sessions")
    row = look.page.get_by_role("row").filter(has=look.page.get_by_role("link", name="dana-1", exact=True))
    [(turns, failed)] = demo.place.query(
        f"SELECT count(*), sum(failed) FROM events WHERE {REQUESTS} AND session_id = 'dana-1'"
    )
    cells = row.get_by_role("cell")
    expect(cells.nth(1)).to_have_text("dana")
    expect(cells.nth(3)).to_have_text(str(turns))
    expect(cells.nth(4)).to_have_text(str(failed))


def test_sessions_are_in_the_order_of_what_happened_last(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/sessions")
    rows = demo.place.query(
        "SELECT session_id FROM events WHERE session_id IS NOT NULL GROUP BY session_id ORDER BY max(start_time) DESC"
    )
    links = look.page.get_by_role("region", name="Sessions").get_by_role("link", name=re.compile(r"-\d+$"))
    eventually("all are there, in order", lambda: links.all_inner_texts() == [each for (each,) in rows])


def test_sessions_of_one_user_have_an_address(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/sessions")
    look.page.get_by_role("searchbox", name="User").fill("ann")
    look.page.get_by_role("searchbox", name="User").press("Enter")
    eventually("the address says so", lambda: look.query == {"user": "ann"})
    links = windows.open(look.page.url).page.get_by_role("link", name=re.compile("^(ann|chat)-"))
    [(sessions,)] = demo.place.query("SELECT count(DISTINCT session_id) FROM events WHERE user_id = 'ann'")
    expect(links).to_have_count(sessions)


def test_a_session_is_its_turns_in_order_with_what_was_said(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/sessions")
    look.page.get_by_role("link", name="ann-1", exact=True).click()
    expect(look.turns).to_have_count(3)
    questions = ["What should I pack", "How is the weather in Oslo?", "night train from there to Bergen?"]
    for turn, question in zip(look.turns.all(), questions, strict=True):
        expect(turn).to_contain_text(question)
        expect(turn).to_contain_text("another process does the rest of the work")


def test_from_a_turn_a_link_leads_to_its_trace(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/sessions/ann-1")
    look.turns.nth(1).get_by_role("link", name="trace").click()
    trace = demo.one("trace_id", f"{REQUESTS} AND json LIKE '%ann-1-turn-2%'")
    eventually("the trace is opened", lambda: look.path == f"/traces/{trace}")


def test_from_a_session_a_link_leads_to_all_its_events(windows: Windows, demo: Demo) -> None:
    look = windows.open(f"{demo.url}/sessions/ann-1")
    look.page.get_by_role("link", name="All its events").click()
    look.shows(demo.ids(f"{REQUESTS} AND session_id = 'ann-1'"))
