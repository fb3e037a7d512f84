"""The page by its roles and names, as those find their way who use it. The one place that knows them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.framework.processes import PATIENCE, eventually

# Only a failure waits for it.
expect.set_options(timeout=PATIENCE * 1000)

_EVENT_IDS: Final = "links => links.map(link => new URL(link.href).searchParams.get('event'))"


class Look:
    """A window on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    # --- everywhere -------------------------------------------------------------------------------------------------

    def go(self, view: str) -> None:
        """Choose a view in the bar."""
        self.page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()

    def settled(self) -> None:
        """Wait until nothing is loading."""
        expect(self.page.get_by_role("heading", level=1)).to_be_attached()
        expect(self.page.get_by_text(re.compile("^Loading"))).to_have_count(0)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    @property
    def path(self) -> str:
        """The address without its query."""
        return urlsplit(self.page.url).path

    @property
    def query(self) -> dict[str, str]:
        """What the address says after the question mark."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def clipboard(self) -> str:
        """Return what was copied."""
        text: str = self.page.evaluate("navigator.clipboard.readText()")
        return text

    @property
    def overflows(self) -> bool:
        """Whether one has to scroll to the side to see all."""
        wider: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wider

    # --- Live -------------------------------------------------------------------------------------------------------

    @property
    def events(self) -> Locator:
        """The links of the rows of the list, newest first."""
        table = self.page.get_by_role("table", name="What was recorded, newest first")
        return table.get_by_role("rowheader").get_by_role("link")

    def ids(self) -> list[str]:
        """Return the ids of the events of the list."""
        ids: list[str] = self.events.evaluate_all(_EVENT_IDS)
        return ids

    def shows(self, ids: list[str]) -> None:
        """Wait until these events are listed, and no others."""
        eventually(f"{len(ids)} events are listed: {ids}", lambda: self.ids() == ids)

    def row(self, id_: str) -> Locator:
        """Return the row of an event."""
        return self.page.get_by_role("row").filter(has=self.page.locator(f'a[href*="event={id_}"]'))

    @property
    def search(self) -> Locator:
        """The field for free text."""
        return self.page.get_by_role("searchbox", name=re.compile("^Search"))

    @property
    def filters(self) -> Locator:
        """All that can be filtered by."""
        return self.page.get_by_role("search")

    def field(self, name: str) -> Locator:
        """Return a field of the filter."""
        self._unfold()
        return self.filters.get_by_label(name, exact=True)

    def between(self, name: str) -> tuple[Locator, Locator]:
        """Return the two fields of an amount: at least, at most."""
        self._unfold()
        group = self.filters.get_by_role("group", name=re.compile(f"^{name}"))
        return group.get_by_label("from"), group.get_by_label("to")

    def _unfold(self) -> None:
        expect(self.filters).to_be_visible()
        folded = self.filters.get_by_role("button", name="Filters", expanded=False)
        if folded.count():
            folded.click()

    def filter_by(self, name: str, value: str) -> None:
        """Filter by what is typed into a field."""
        field = self.field(name)
        field.fill(value)
        field.press("Enter")
        field.blur()

    @property
    def pause(self) -> Locator:
        """The button that pauses, or goes on."""
        return self.page.get_by_role("button", name=re.compile("^(Pause|Resume)$"))

    @property
    def more(self) -> Locator:
        """The button for the next page."""
        return self.page.get_by_role("button", name="More", exact=True)

    # --- a trace ----------------------------------------------------------------------------------------------------

    @property
    def tree(self) -> Locator:
        """What happened, each below what it is a part of."""
        return self.page.get_by_role("tree")

    @property
    def spans(self) -> Locator:
        """The rows of the tree."""
        return self.tree.get_by_role("treeitem")

    def span(self, name: str) -> Locator:
        """Return the first row of the tree of this name."""
        return self.spans.filter(has_text=name).first

    def bar(self, name: str) -> FloatRect:
        """Return where a row of the tree has its bar."""
        box = self.span(name).locator(".bar").bounding_box()
        assert box is not None
        return box

    def side(self, name: str) -> Locator:
        """Choose a side of the event, and return it."""
        self.page.get_by_role("tab", name=name).click()
        return self.page.get_by_role("tabpanel", name=name)

    @property
    def conversation(self) -> Locator:
        """What was said to a model and by it."""
        return self.side("Conversation")

    def headers(self, of: str) -> Locator:
        """Return the headers of the request or the response."""
        return self._half(of).get_by_role("table", name="Headers")

    def body(self, of: str) -> Locator:
        """Return the body of the request or the response."""
        return self._half(of).get_by_role("region", name="Body")

    def _half(self, of: str) -> Locator:
        return self.side("Request & response").get_by_role("region", name=of, exact=True)

    # --- Overview ---------------------------------------------------------------------------------------------------

    def figure(self, name: str) -> Locator:
        """Return a number that stands above the charts, with what is said of it."""
        return self.page.get_by_role("term").filter(has_text=re.compile(f"^{name}$")).locator("..")

    def chart(self, title: str) -> Locator:
        """Return a chart; what it shows is its name."""
        return self.page.get_by_role("img", name=re.compile(f"^{re.escape(title)}( over time)?\\."))

    def cells(self, table: str, row: str) -> list[str]:
        """Return the cells of a row of one of the tables, of which the first begins with a name."""
        cell = self.page.get_by_role("link", name=row, exact=True)
        return (
            self.page.get_by_role("region", name=table)
            .get_by_role("row")
            .filter(has=cell)
            .get_by_role("cell")
            .all_inner_texts()
        )

    def drag_over(self, chart: Locator, begin: float, end: float) -> None:
        """Drag over a chart from one share of its width to another."""
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + box["width"] * begin, middle)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + box["width"] * end, middle, steps=5)
        self.page.mouse.up()

    # --- Sessions ---------------------------------------------------------------------------------------------------

    @property
    def turns(self) -> Locator:
        """The turns of a session, in their order."""
        return self.page.get_by_role("article", name=re.compile("^Turn "))

    # --- Health -----------------------------------------------------------------------------------------------------

    def sink(self, name: str) -> Locator:
        """Return the rows of a sink: its numbers, and what is said of it."""
        header = self.page.get_by_role("rowheader", name=re.compile(f"^{name} "))
        return self.page.get_by_role("rowgroup").filter(has=header)
