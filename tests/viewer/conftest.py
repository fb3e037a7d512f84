"""One Chromium for all tests of the page, a window of its own for each, and the stores that they look at."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Playwright, sync_playwright

from tests.framework.processes import PATIENCE

from . import stores
from .looking import Look
from .stores import Demo, Served

#: It is to say nothing to anybody but the page, and to need no privileges and no graphics card.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium of this machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the command chromium is not there: tools/need.sh chromium")
    return playwright.chromium.launch(executable_path=chromium, args=OPTIONS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser that runs as long as there are tests for it."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """What the demo recorded, with its apps, which go on."""
    with stores.demo() as served:
        yield served


@pytest.fixture(scope="session")
def attacked() -> Iterator[Served]:
    """What strangers may have an app record."""
    with stores.attacked() as served:
        yield served


@pytest.fixture(scope="session")
def ailing() -> Iterator[Served]:
    """An exporter that lost events, and that has a sink which cannot deliver."""
    with stores.ailing() as served:
        yield served


@dataclass
class Windows:
    """Opens windows, and notes what no page may do in them."""

    browser: Browser
    #: Errors (a breach of the Content-Security-Policy is one), dialogs, and requests to anybody but the exporter.
    faults: list[str] = field(default_factory=list)
    #: What of that a test is about.
    expected: str | None = None
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, url: str, *, width: int = 1400, height: int = 900, dark: bool = False) -> Look:
        """Open a window that has nothing in common with the others, at an address of its own origin."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE * 1000)
        self._contexts.append(context)
        page = context.new_page()
        host = urlsplit(url).netloc
        page.on("console", lambda said: self._fault(said.text, said.type == "error"))
        page.on("pageerror", lambda error: self._fault(error.message))
        page.on("popup", lambda popup: self._fault(f"a window at {popup.url}"))
        page.on("request", lambda asked: self._fault(f"asks {asked.url}", urlsplit(asked.url).netloc != host))
        page.on("dialog", self._dismiss)
        page.goto(url)
        return Look(page)

    def _dismiss(self, dialog: Dialog) -> None:
        self._fault(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _fault(self, what: str, is_one: bool = True) -> None:
        if is_one:
            self.faults.append(what)

    def close(self) -> list[str]:
        """Close all, and return what no page may do and was not expected."""
        for context in self._contexts:
            context.close()
        return [fault for fault in self.faults if not (self.expected and re.search(self.expected, fault))]


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    """Windows of a test, which fails if a page in them does what none may do."""
    opened = Windows(browser)
    yield opened
    assert opened.close() == []
