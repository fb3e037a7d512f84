"""Spans of the app, as the exporter wrote them: what a test says of one, and the tree that they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import offpath
from offpath import client, process, tracer

from .exporter import Event

#: A trace and a span elsewhere.
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def content(body: Any) -> Any:
    """What a body holds: JSON, or, if it is none, text. None: there is no body."""
    if body is None:
        return None
    text = body["head"] + body["tail"]
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError:
        return text


def _no_json(constant: str) -> Any:
    raise AssertionError(f"no JSON: {constant}")


class Spans:
    """The spans and scores that one test records, under a service name of its own."""

    def __init__(self, service: str, written: Callable[[], list[Event]]) -> None:
        self._service = service
        self._written = written

    def configure(self, **config: Any) -> None:
        """Record under this configuration from here on."""
        offpath.configure({"service": {"name": self._service} | config.pop("service", {}), **config})

    def everything(self) -> list[Event]:
        """All events until now, of any kind, in the order of their ends."""
        return self._written()

    def all(self) -> list[Event]:
        """All spans until now."""
        return [event for event in self._written() if event["source"] == "sdk" and event["kind"] != "score"]

    def scores(self) -> list[Event]:
        return [event for event in self._written() if event["kind"] == "score"]

    def one(self) -> Event:
        """The only span until now."""
        spans = self.all()
        assert len(spans) == 1, f"not one span but {len(spans)}: {spans}"
        return spans[0]

    def named(self, name: str) -> Event:
        """The only one of this name."""
        [span] = [span for span in self.all() if span["name"] == name]
        return span

    def tree(self) -> Any:
        """All of them, by names: ``{"outer": {"inner": {}}}``. A name that is there twice beside itself fails."""
        return tree(self.all())


def tree(events: list[Event], name: Callable[[Event], str] = lambda event: str(event["name"])) -> Any:
    """Events by their names, each with those whose parent it is; all below another are of its trace."""
    places = {event["span_id"]: event for event in events}
    nodes: dict[str, dict[str, Any]] = {span_id: {} for span_id in places}
    roots: dict[str, Any] = {}
    for event in sorted(events, key=lambda event: str(event["start_time"])):
        above = event["parent_span_id"]
        if above in places:
            assert event["trace_id"] == places[above]["trace_id"], "a parent is of another trace"
        siblings = nodes.get(above, roots)
        assert name(event) not in siblings, f"{name(event)} is there twice"
        siblings[name(event)] = nodes[event["span_id"]]
    return roots


def recording(service: str, written: Callable[[], list[Event]]) -> Iterator[Spans]:
    """Record spans under a service name, and afterwards none, as before."""
    defaults, configured = dict(process._defaults), process._configured
    followed, clients = list(process._of_spans), list(client._clients)
    keys = set(client._public_keys)
    spans = Spans(service, written)
    tracer.reset()
    spans.configure()
    try:
        yield spans
    finally:
        process._defaults.clear()
        process._defaults.update(defaults)
        process._configured = configured
        process._of_spans[:], client._clients[:] = followed, clients
        client._public_keys.clear()
        client._public_keys.update(keys)
        tracer.reset()
