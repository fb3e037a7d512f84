"""What strangers wrote is shown as what it is, text, whatever it would like to be."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

from . import hostile
from .conftest import Windows
from .looking import Look
from .stores import Served

TEXTS = {**hostile.MARKUP, **{name: text for name, (text, _) in hostile.UNSEEN.items()}}
#: Of what may be UTF-16 nothing is kept, as no secret is found in it.
BODIES = {name: text for name, text in TEXTS.items() if "\x00" not in text}
LISTS = {
    "the list": "/?top=false",
    "sessions": "/sessions",
    "the overview": "/overview",
    "calls": "/overview?of=calls",
    "health": "/health",
}


def event(name: str) -> str:
    """Return the condition for the request of this name."""
    return f'json LIKE \'%["x-request-id","{name}"]%\''


def trace(windows: Windows, attacked: Served, name: str) -> Look:
    """Open the trace of the request of this name."""
    look = windows.open(f"{attacked.url}/traces/{attacked.one('trace_id', event(name))}")
    look.settled()
    return look


def is_untouched(look: Look) -> bool:
    """Whether nothing ran, and no element of theirs is there."""
    theirs = (
        "img[src*=pixel], img[src=x], iframe, svg[onload], a[href^='javascript'], [onmouseover], [onfocus]"
    )
    ran: bool = look.page.evaluate("'pwned' in window")
    return not ran and look.page.locator(theirs).count() == 0


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
def test_nothing_of_theirs_is_done_in(windows: Windows, attacked: Served, path: str) -> None:
    look = windows.open(attacked.url + path)
    look.settled()
    assert is_untouched(look)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_text(windows: Windows, attacked: Served, name: str) -> None:
    look = trace(windows, attacked, f"text {name}")
    expect(look.body("Request")).to_contain_text(seen(TEXTS[name]))
    assert is_untouched(look)


@pytest.mark.parametrize("name", TEXTS)
def test_what_was_said_to_a_model_and_by_it_is_text(windows: Windows, attacked: Served, name: str) -> None:
    look = trace(windows, attacked, f"model {name}")
    expect(look.conversation).to_contain_text(seen(TEXTS[name]))
    assert is_untouched(look)


@pytest.mark.parametrize("name", hostile.MARKUP)
def test_headers_users_and_sessions_are_text(windows: Windows, attacked: Served, name: str) -> None:
    look = trace(windows, attacked, f"header {name}")
    expect(look.headers("Request")).to_contain_text(hostile.MARKUP[name])
    assert is_untouched(look)


@pytest.mark.parametrize("name", TEXTS)
def test_an_exception_is_text(windows: Windows, attacked: Served, name: str) -> None:
    look = trace(windows, attacked, f"error {name}")
    expect(look.page.get_by_role("main")).to_contain_text(seen(TEXTS[name]))
    assert is_untouched(look)


def test_a_route_is_text(windows: Windows, attacked: Served) -> None:
    look = windows.open(f"{attacked.url}/?{urlencode({'q': hostile.ROUTE})}")
    look.shows(attacked.ids(event("route")))
    expect(look.row(look.ids()[0])).to_contain_text(hostile.ROUTE)
    assert is_untouched(look)


def seen(text: str) -> re.Pattern[str]:
    """Return what a text looks like where what is not seen has marks instead: the name of each character, or its number."""
    marks = r"(?:\s*(?:ESC|NUL|BEL|U\+[0-9A-F]{4,5}))+\s*"
    hidden = r"[\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]+"
    return re.compile(marks.join(re.escape(part) for part in re.split(hidden, text)))


@pytest.mark.parametrize("name", [name for name in hostile.UNSEEN if name in BODIES])
def test_what_is_not_seen_has_a_mark_that_names_it(windows: Windows, attacked: Served, name: str) -> None:
    look = trace(windows, attacked, f"text {name}")
    text, mark = hostile.UNSEEN[name]
    shown = look.body("Request").inner_text()
    assert mark in shown
    assert not set(text) & set(shown) & set("\x00\x07\x1b\u200b\u202e\u2066\u2069\U000e0041\U000e0042")


def test_broken_utf_8_is_shown_with_what_is_broken_marked(windows: Windows, attacked: Served) -> None:
    body = trace(windows, attacked, "broken").body("Request")
    expect(body).to_contain_text("good ")
    expect(body).to_contain_text(" bad")


def test_very_deep_json_is_shown(windows: Windows, attacked: Served) -> None:
    expect(trace(windows, attacked, "deep").body("Request")).to_contain_text("[")


@pytest.mark.parametrize("name", ["huge", "huge json", "huge model"])
def test_a_huge_text_is_shown_in_part_and_the_page_answers(
    windows: Windows, attacked: Served, name: str
) -> None:
    look = trace(windows, attacked, name)
    expect(look.page.get_by_role("main")).to_contain_text("huge huge huge")
    # What is drawn is bounded, however long the text is.
    drawn: int = look.page.evaluate("document.body.innerText.length")
    assert drawn < 200_000
    look.go("Health")
    expect(look.page.get_by_role("heading", name="Spool")).to_be_visible()


def test_all_of_a_huge_text_is_there_for_who_asks(windows: Windows, attacked: Served) -> None:
    look = trace(windows, attacked, "huge")
    kept = json.loads(attacked.one("json", event("huge")))["request"]["body"]
    look.page.get_by_role("button", name=re.compile("^Show all")).first.click()
    look.settled()
    # What is not in sight is not drawn, but there.
    assert len(look.body("Request").text_content() or "") >= len(kept["head"])
    look.go("Health")
    expect(look.page.get_by_role("heading", name="Spool")).to_be_visible()


def test_a_trace_of_200_spans_shows_each_as_text(windows: Windows, attacked: Served) -> None:
    look = trace(windows, attacked, "spans")
    expect(look.tree).to_be_visible()
    look.spans.first.focus()
    look.page.keyboard.press("End")
    # Only those in sight are drawn; the last one has its place among them all.
    places = look.spans.evaluate_all("spans => spans.map(span => span.getAttribute('aria-posinset'))")
    assert str(hostile.SPANS // 2) in places
    expect(look.tree).to_contain_text(hostile.MARKUP["script"])
    assert is_untouched(look)


def test_a_session_of_a_hostile_name_has_an_address(windows: Windows, attacked: Served) -> None:
    name = hostile.MARKUP["script"]
    look = windows.open(f"{attacked.url}/sessions/{quote(name, safe='')}")
    expect(look.turns).to_have_count(len(attacked.ids(f"source = 'asgi' AND session_id = '{name}'")))
    assert is_untouched(look)


def test_a_hostile_text_can_be_searched(windows: Windows, attacked: Served) -> None:
    text = "onload="
    look = windows.open(attacked.url)
    look.search.fill(text)
    look.search.press("Enter")
    look.shows(attacked.ids(f"source = 'asgi' AND lower(json) LIKE '%{text}%'"))
    assert is_untouched(look)


def test_an_address_of_a_hostile_filter_does_nothing(windows: Windows, attacked: Served) -> None:
    filter_ = dict.fromkeys(("user", "q", "route", "model"), hostile.MARKUP["image"])
    look = windows.open(f"{attacked.url}/?{urlencode(filter_)}")
    expect(look.page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    assert is_untouched(look)
