"""The page for everybody: by keyboard alone, for screen readers, in the dark, on a telephone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.framework.processes import ROOT, eventually

from .conftest import Windows
from .looking import Look
from .stores import REQUESTS, Demo, Served

AXE = (ROOT / "exporter" / "page" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
#: What axe finds to be in somebody's way, and where.
FOUND = """async () => (await axe.run()).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" and ")}`)"""

VIEWS = {
    "live": "/",
    "a filtered list": "/?user=ann&status=2xx&q=oslo",
    "nothing": "/?user=nobody",
    "a trace": "/traces/{trace}",
    "overview": "/overview",
    "sessions": "/sessions",
    "a session": "/sessions/ann-1",
    "health": "/health",
    "nowhere": "/traces/%FF",
}
views = pytest.mark.parametrize("path", VIEWS.values(), ids=VIEWS)


def opened(windows: Windows, demo: Demo, path: str, *, width: int = 1400, dark: bool = False) -> Look:
    """Open a view, of which a trace is one with spans, calls and tools."""
    trace = demo.one("trace_id", f"{REQUESTS} AND json LIKE '%\"ann-1-turn-2\"%'")
    look = windows.open(demo.url + path.replace("{trace}", trace), width=width, dark=dark)
    look.settled()
    return look


def barriers(look: Look) -> list[str]:
    """Return what axe finds serious or critical."""
    look.page.evaluate(AXE)
    found: list[str] = look.page.evaluate(FOUND)
    return found


@views
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(windows: Windows, demo: Demo, path: str, dark: bool) -> None:
    assert barriers(opened(windows, demo, path, dark=dark)) == []


def test_axe_finds_nothing_serious_where_events_were_lost(windows: Windows, ailing: Served) -> None:
    look = windows.open(f"{ailing.url}/health")
    look.settled()
    assert barriers(look) == []


def test_axe_finds_nothing_serious_in_the_fields_of_the_filter(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/")
    expect(look.field("User")).to_be_visible()
    assert barriers(look) == []


@views
def test_on_a_telephone_nothing_is_beside_the_screen(windows: Windows, demo: Demo, path: str) -> None:
    assert not opened(windows, demo, path, width=390).overflows


def ground(look: Look) -> str:
    """Return the colour of the page's ground."""
    colour: str = look.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_it_is_dark_where_the_system_is(windows: Windows, demo: Demo) -> None:
    light, dark = (ground(opened(windows, demo, "/health", dark=each)) for each in (False, True))
    assert light != dark


def test_it_is_as_dark_as_one_chooses_and_stays_so(windows: Windows, demo: Demo) -> None:
    dark = ground(opened(windows, demo, "/health", dark=True))
    look = opened(windows, demo, "/health")
    for _ in ("light", "dark"):
        look.page.get_by_role("button", name="Colours").click()
    assert ground(look) == dark
    look.page.reload()
    look.settled()
    assert ground(look) == dark


def test_every_view_has_its_name_as_heading_and_title(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/")
    for view in ("Overview", "Sessions", "Health", "Live"):
        look.go(view)
        expect(look.page.get_by_role("heading", level=1)).to_contain_text(view)
        expect(look.page).to_have_title(f"{view} · offpath")


# --- by keyboard alone ------------------------------------------------------------------------------------------------


def test_a_slash_leads_to_the_search(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/")
    look.page.keyboard.press("/")
    expect(look.search).to_be_focused()
    look.page.keyboard.type("atlantis")
    look.page.keyboard.press("Enter")
    look.shows(demo.ids(f"{REQUESTS} AND lower(json) LIKE '%atlantis%'"))


def test_j_and_k_go_down_and_up_and_enter_opens(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/?route=/ask")
    for _ in range(3):
        look.page.keyboard.press("j")
    look.page.keyboard.press("k")
    expect(look.events.nth(1)).to_be_focused()
    look.page.keyboard.press("Enter")
    trace = demo.place.query(
        "SELECT trace_id FROM events WHERE id = ?", demo.ids(f"{REQUESTS} AND route = '/ask'")[1]
    )
    eventually("its trace is opened", lambda: look.path == f"/traces/{trace[0][0]}")


def test_in_the_tree_arrows_go_from_one_to_the_next_and_fold(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, VIEWS["a trace"])
    everything = look.spans.count()
    look.spans.first.focus()
    look.page.keyboard.press("ArrowDown")
    expect(look.spans.nth(1)).to_be_focused()
    look.page.keyboard.press("ArrowUp")
    look.page.keyboard.press("ArrowLeft")
    expect(look.spans).to_have_count(1)
    look.page.keyboard.press("ArrowRight")
    expect(look.spans).to_have_count(everything)


def test_space_pauses_and_goes_on(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/")
    look.page.keyboard.press("Space")
    expect(look.pause).to_have_text("Resume")
    look.page.keyboard.press("Space")
    expect(look.pause).to_have_text("Pause")


@pytest.mark.parametrize(
    ("key", "path"), {"o": "/overview", "s": "/sessions", "h": "/health", "l": "/"}.items()
)
def test_g_and_a_letter_lead_to_a_view(windows: Windows, demo: Demo, key: str, path: str) -> None:
    look = opened(windows, demo, VIEWS["nowhere"])
    look.page.keyboard.press("g")
    look.page.keyboard.press(key)
    eventually("the view is opened", lambda: look.path == path)


def test_a_question_mark_shows_all_keys(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/")
    look.page.keyboard.press("?")
    keys = look.page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Search")
    look.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_the_first_tab_skips_to_the_content(windows: Windows, demo: Demo) -> None:
    look = opened(windows, demo, "/overview")
    look.page.keyboard.press("Tab")
    expect(look.page.get_by_role("link", name="Skip to content")).to_be_focused()
    look.page.keyboard.press("Enter")
    expect(look.page.get_by_role("main")).to_be_focused()
