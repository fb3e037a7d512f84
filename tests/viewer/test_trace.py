"""A trace: what happened on one axis of time, what was said, what was kept, what it took, and how to take it along."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest
from playwright.sync_api import expect

from tests.framework.processes import eventually

from .conftest import Windows
from .looking import Look
from .stores import REQUESTS, Demo

#: A turn in which the model wanted a tool.
TURN = "ann-1-turn-2"


def of(name: str) -> str:
    """Return the condition for the request of this name."""
    return f'{REQUESTS} AND json LIKE \'%["x-request-id","{name}"]%\''


def trace(windows: Windows, demo: Demo, name: str) -> Look:
    """Open the trace of the request of this name."""
    look = windows.open(f"{demo.url}/traces/{demo.one('trace_id', of(name))}")
    look.settled()
    return look


def test_the_tree_has_all_that_belongs_to_the_trace(windows: Windows, demo: Demo) -> None:
    trace_id = demo.one("trace_id", of(TURN))
    [(events,)] = demo.place.query(
        f"SELECT count(*) FROM events WHERE trace_id = '{trace_id}' AND kind != 'score'"
    )
    expect(trace(windows, demo, TURN).spans).to_have_count(events)


def test_the_tree_has_each_below_its_parent(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, TURN)
    levels = {
        name: look.span(name).get_attribute("aria-level") for name in ("/ask", "assist", "look_up", "weather")
    }
    assert levels == {"/ask": "1", "assist": "2", "look_up": "3", "weather": "3"}


def test_each_bar_begins_and_ends_when_it_did(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, TURN)
    request, tool = look.bar("/ask"), look.bar("weather")
    assert request["x"] <= tool["x"]
    assert tool["x"] + tool["width"] <= request["x"] + request["width"] + 1
    assert tool["width"] < request["width"] / 10


def test_what_is_chosen_in_the_tree_is_shown_and_in_the_address(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, TURN)
    look.span("weather").click()
    expect(look.page.get_by_role("main")).to_contain_text("3 °C, snow")
    tool = demo.one("id", f"kind = 'tool' AND trace_id = '{demo.one('trace_id', of(TURN))}'")
    eventually("the address says so", lambda: look.query.get("event") == tool)
    expect(windows.open(look.page.url).page.get_by_role("main")).to_contain_text("3 °C, snow")


def test_messages_are_a_conversation_with_its_tool_calls(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, TURN)
    calls = look.spans.filter(has_text="/v1/chat/completions")
    calls.last.click()
    said = look.conversation
    expect(said).to_contain_text("How is the weather in Oslo?")
    expect(said).to_contain_text("weather")
    expect(said).to_contain_text("Oslo")
    expect(said).to_contain_text("3 °C, snow")
    expect(said).to_contain_text("another process does the rest of the work")


def test_usage_cost_and_times_of_a_model_are_shown(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, "streamed")
    look.side("Timing & usage")
    main = look.page.get_by_role("main")
    event = json.loads(demo.one("json", of("streamed")))["llm"]
    expect(main).to_contain_text(event["response_model"])
    expect(main).to_contain_text(re.compile(r"First token", re.IGNORECASE))
    expect(main).to_contain_text(re.compile(r"tokens (a|per) second|tokens/s", re.IGNORECASE))
    expect(main).to_contain_text(f"{event['usage']['output']}")
    cost = event["cost_usd"]
    expect(main).to_contain_text(f"${float(f'{cost:.2g}')}")


@pytest.mark.parametrize(
    ("name", "why"),
    {"refused": "429", "hung-up": "client_disconnected", "chen-1-turn-1": "LookupError"}.items(),
)
def test_why_it_failed_is_shown(windows: Windows, demo: Demo, name: str, why: str) -> None:
    expect(trace(windows, demo, name).page.get_by_role("main")).to_contain_text(
        re.compile(why.replace("_", "[_ ]"))
    )


def test_headers_of_request_and_response_are_shown(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, TURN)
    expect(look.headers("Request")).to_contain_text(TURN)
    expect(look.headers("Response")).to_contain_text("x-trace-id")


def test_a_score_is_shown_with_its_trace(windows: Windows, demo: Demo) -> None:
    expect(trace(windows, demo, "ann-2-turn-3").page.get_by_role("main")).to_contain_text("helpful")


def test_the_raw_event_is_what_is_stored(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, TURN)
    look.side("Raw")
    look.page.get_by_role("button", name="Copy as JSON").first.click()
    expect(look.page.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(look.clipboard()) == json.loads(demo.one("json", of(TURN)))


def test_copied_as_curl_it_sends_the_same_request_again(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, "reading-visas")
    look.page.get_by_role("button", name="Copy as curl").first.click()
    expect(look.page.get_by_role("button", name="Copied")).to_be_visible()
    again = run_copied(look.clipboard())
    eventually("it is recorded again", lambda: len(demo.ids(of("reading-visas"))) == 2)
    what = "method, path, status, route"
    [first, second] = demo.place.query(f"SELECT {what} FROM events WHERE {of('reading-visas')}")
    assert (first, again) == (second, "For stays below ninety days, most travellers need none.")


def test_copied_as_curl_it_sends_the_same_body_again(windows: Windows, demo: Demo) -> None:
    look = trace(windows, demo, "bob-2-feedback")
    look.page.get_by_role("button", name="Copy as curl").first.click()
    expect(look.page.get_by_role("button", name="Copied")).to_be_visible()
    run_copied(look.clipboard())
    eventually("it is recorded again", lambda: len(demo.ids(of("bob-2-feedback"))) == 2)
    bodies = "SELECT json_extract(json, '$.request.body.head') FROM events"
    [first, second] = demo.place.query(f"{bodies} WHERE {of('bob-2-feedback')}")
    assert first == second


def run_copied(command: str) -> str:
    """Run what was copied as a shell would, and return what it prints."""
    lines = [line for line in command.splitlines() if not line.lstrip().startswith("#")]
    assert shlex.split("\n".join(lines))[0] == "curl"
    return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout
