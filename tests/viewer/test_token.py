"""Beyond loopback: nothing is shown without the token, and all of it with it."""

from __future__ import annotations

import re
import urllib.error
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.framework.http import get
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, uvicorn

from .conftest import Windows
from .looking import Look
from .stores import Served, url

TOKEN = "a-token-of-enough-letters"


@pytest.fixture(scope="module", name="open_to_all")
def _open_to_all() -> Iterator[Served]:
    """An exporter that listens on every address, with one recorded request."""
    port = free_port()
    with place(f'token = "{TOKEN}"\n') as made:
        _listen_everywhere(made)
        with made.exporter(), made.app(uvicorn("tests.framework.app:app", port), port):
            get(f"http://127.0.0.1:{port}/asked")
            eventually("the request is stored", lambda: made.count() == 1)
            yield Served(made, url(made))


def _listen_everywhere(made: Place) -> None:
    config = made.config.read_text(encoding="utf-8").replace("127.0.0.1:0", "0.0.0.0:0")
    made.config.write_text(config, encoding="utf-8")


def ask_for_token(look: Look) -> None:
    """Wait until the page asks for the token, and give it."""
    look.page.get_by_label(re.compile("token")).fill(TOKEN)
    look.page.get_by_role("button", name="Use it in this tab").click()


@pytest.mark.parametrize(
    "path", ["events", "live", "overview", "facets", "sessions", "status", "openapi.json"]
)
def test_without_the_token_the_api_says_nothing(open_to_all: Served, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{open_to_all.url}/api/v1/{path}")
    with refused.value as answer:
        assert (answer.status, b"/asked" in answer.read()) == (401, False)


def test_the_page_asks_for_the_token_and_then_works(windows: Windows, open_to_all: Served) -> None:
    windows.expected = "401"
    look = windows.open(open_to_all.url)
    ask_for_token(look)
    look.shows(open_to_all.ids("kind = 'exchange'"))
    look.go("Overview")
    expect(look.figure("Requests")).to_contain_text("1")


def test_a_wrong_token_is_asked_for_again(windows: Windows, open_to_all: Served) -> None:
    windows.expected = "401"
    look = windows.open(open_to_all.url)
    look.page.get_by_label(re.compile("token")).fill("a-token-of-other-letters")
    with look.page.expect_response(lambda answer: answer.status == 401):
        look.page.get_by_role("button", name="Use it in this tab").click()
    ask_for_token(look)
    look.shows(open_to_all.ids("kind = 'exchange'"))


def test_a_token_in_the_fragment_is_used_and_does_not_stay_in_the_address(
    windows: Windows, open_to_all: Served
) -> None:
    look = windows.open(f"{open_to_all.url}/#token={TOKEN}")
    look.shows(open_to_all.ids("kind = 'exchange'"))
    assert TOKEN not in look.page.url


def test_a_tab_that_is_opened_anew_asks_again(windows: Windows, open_to_all: Served) -> None:
    windows.expected = "401"
    windows.open(f"{open_to_all.url}/#token={TOKEN}").shows(open_to_all.ids("kind = 'exchange'"))
    expect(windows.open(open_to_all.url).page.get_by_label(re.compile("token"))).to_be_visible()
