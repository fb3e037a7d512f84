"""The pictures of the README: each view over what the demo records. `make screenshots` takes them.

python -m tests.viewer.screenshots
"""

from __future__ import annotations

from playwright.sync_api import Browser, sync_playwright

from tests.framework.processes import ROOT

from . import stores
from .conftest import Windows, launch
from .stores import REQUESTS, Demo

FOLDER = ROOT / "docs" / "images"
#: What a README may weigh.
MOST_BYTES = 250 * 1024


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    # First, while there is no browser: what drives the demo has an event loop of its own.
    with stores.demo() as demo, sync_playwright() as playwright:
        browser = launch(playwright)
        for name, path in views(demo).items():
            take(browser, demo.url + path, name)
        browser.close()


def views(demo: Demo) -> dict[str, str]:
    """Return the addresses of what is shown, by the names of the pictures."""
    trace = demo.one("trace_id", f"{REQUESTS} AND json LIKE '%\"ann-1-turn-2\"%'")
    call = demo.ids(f"source = 'httpx' AND trace_id = '{trace}'")[0]
    return {
        "live": "/",
        "trace": f"/traces/{trace}?event={call}",
        "overview": "/overview?range=15m",
        "health": "/health",
    }


def take(browser: Browser, url: str, name: str) -> None:
    """Take a picture of a view that is not loading any more."""
    windows = Windows(browser)
    look = windows.open(url)
    look.settled()
    taken = look.page.screenshot(path=FOLDER / f"{name}.png")
    assert windows.close() == []
    assert len(taken) <= MOST_BYTES, f"{name}.png has {len(taken)} bytes, more than {MOST_BYTES}"


if __name__ == "__main__":
    main()
