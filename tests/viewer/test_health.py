"""Health: whether anything is lost, and how everything is that could lose something."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Windows
from .stores import Demo, Served


def test_a_sink_that_cannot_deliver_says_why_and_what_waits(windows: Windows, ailing: Served) -> None:
    sink = windows.open(f"{ailing.url}/health").sink("collector")
    expect(sink).to_contain_text("retrying")
    expect(sink).to_contain_text("http://127.0.0.1:9: cannot connect")
    expect(sink).to_contain_text("it tries again")


def test_a_sink_that_delivers_is_well(windows: Windows, ailing: Served) -> None:
    expect(windows.open(f"{ailing.url}/health").sink("local")).to_contain_text("ok")


def test_losses_stand_there_with_their_number_reason_and_what_to_do(windows: Windows, ailing: Served) -> None:
    page = windows.open(f"{ailing.url}/health").page
    [(lost,)] = ailing.place.query("SELECT sum(loss_count) FROM events WHERE kind = 'loss'")
    expect(page.get_by_role("status").filter(has_text="Events were lost")).to_be_visible()
    losses = page.get_by_role("listitem").filter(has_text="ring_full").first
    expect(losses).to_contain_text(str(lost))
    expect(losses).to_contain_text("ring")


def test_each_process_has_its_ring(windows: Windows, ailing: Served) -> None:
    [ring] = ailing.place.rings.glob("*.ring")
    pid = ring.name.split("-")[1]
    expect(windows.open(f"{ailing.url}/health").page.get_by_role("main")).to_contain_text(pid)


def test_the_spool_says_how_large_it_is(windows: Windows, demo: Demo) -> None:
    main = windows.open(f"{demo.url}/health").page.get_by_role("main")
    expect(main.get_by_role("heading", name="Spool")).to_be_visible()
    expect(main).to_contain_text("of 10.0 GiB")


def test_where_all_is_well_that_is_said_first(windows: Windows, demo: Demo) -> None:
    page = windows.open(f"{demo.url}/health").page
    expect(page.get_by_role("status").filter(has_text="Nothing is lost")).to_be_visible()
