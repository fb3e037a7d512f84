"""One trace: exchanges, spans of OpenTelemetry and outbound calls, each the parent of what begins in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import python, ring
from support.upstream import Upstream
from test_otel_spans import OTEL

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
#: What these programs have beside: an app that does something of its own in each request.
APP = """
from offpath import OffpathMiddleware
provider = provide()
tracer = provider.get_tracer("app")
errors = []
class Errors(logging.Handler):
    def emit(self, record): errors.append(record.getMessage())
logging.getLogger("opentelemetry").addHandler(Errors())

def app_of(work):
    async def app(scope, receive, send):
        await work()
        await OK(scope, receive, send)
    return OffpathMiddleware(app, config={"service": {"name": "otel"}})

async def nothing():
    pass

async def a_span():
    with tracer.start_as_current_span("inside"):
        await asyncio.sleep(0)

def ask(app, path="/", **fields):
    return exchange(app, http_scope(path, **fields))
"""


class Recorded:
    """What a program left in its ring."""

    def __init__(self, program: str, directory: Path, **variables: object) -> None:
        self.report: Any = python.recording_program(OTEL + APP + program, directory, **variables)
        assert self.report["status"]["internal_errors"] == 0
        assert self.report.get("errors", []) == []
        self.spans = ring.spans(directory / "rings")
        self.exchanges = ring.exchanges(directory / "rings")

    def span(self, name: str) -> ring.Span:
        """The only span of this name."""
        [span] = [span for span in self.spans if span.name == name]
        return span

    def exchange(self, path: str) -> ring.Exchange:
        """The only exchange with this path."""
        [exchange] = [exchange for exchange in self.exchanges if exchange.path == path]
        return exchange


def test_a_span_in_a_request_is_its_child_and_in_its_trace(tmp_path: Path) -> None:
    recorded = Recorded('asyncio.run(ask(app_of(a_span), "/chat"))\nreport(errors=errors)', tmp_path)
    exchange, span = recorded.exchange("/chat"), recorded.span("inside")
    assert (span.trace_id, span.parent) == (exchange.trace_id, exchange.span_id)
    assert span.otlp.flags & 0x300 == 0x100


def test_so_it_is_in_threads_and_tasks(tmp_path: Path) -> None:
    program = """
def in_a_thread():
    with tracer.start_as_current_span("thread"):
        pass

async def work():
    await asyncio.gather(asyncio.to_thread(in_a_thread), asyncio.create_task(a_span()))

asyncio.run(ask(app_of(work)))
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    [exchange] = recorded.exchanges
    assert {span.parent for span in recorded.spans} == {exchange.span_id}
    assert {span.trace_id for span in recorded.spans} == {exchange.trace_id}


def test_a_span_outside_of_requests_is_the_root_of_its_own_trace(tmp_path: Path) -> None:
    program = """
async def main():
    await ask(app_of(nothing))
    await a_span()

asyncio.run(main())
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    [exchange] = recorded.exchanges
    span = recorded.span("inside")
    assert (span.parent, span.trace_id == exchange.trace_id) == ("", False)


def test_the_trace_is_the_one_that_the_caller_names(tmp_path: Path) -> None:
    program = f"""
headers = [(b"traceparent", b"00-{TRACE}-{SPAN}-01")]
asyncio.run(ask(app_of(a_span), headers=headers))
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    [exchange] = recorded.exchanges
    assert (exchange.trace_id, exchange.parent) == (TRACE, SPAN)
    assert (recorded.span("inside").trace_id, recorded.span("inside").parent) == (TRACE, exchange.span_id)


def test_a_request_in_a_span_is_its_child(tmp_path: Path) -> None:
    program = """
async def main():
    with tracer.start_as_current_span("server"):
        await ask(app_of(a_span))

asyncio.run(main())
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    server, [exchange], inside = recorded.span("server"), recorded.exchanges, recorded.span("inside")
    assert (exchange.trace_id, exchange.parent) == (server.trace_id, server.span_id)
    assert (inside.trace_id, inside.parent) == (server.trace_id, exchange.span_id)


def test_a_request_that_names_another_trace_is_not(tmp_path: Path) -> None:
    program = f"""
async def main():
    with tracer.start_as_current_span("leaked"):
        await ask(app_of(nothing), headers=[(b"traceparent", b"00-{TRACE}-{SPAN}-01")])

asyncio.run(main())
report(errors=errors)
"""
    [exchange] = Recorded(program, tmp_path).exchanges
    assert (exchange.trace_id, exchange.parent) == (TRACE, SPAN)


@pytest.mark.parametrize("ended", [True, False])
def test_nothing_of_an_earlier_request_of_the_connection_reaches_the_next(
    tmp_path: Path, ended: bool
) -> None:
    program = f"""
from opentelemetry import baggage, context
left = []

async def leaks():
    span = tracer.start_span("leaked")
    context.attach(baggage.set_baggage("user", "one", trace.set_span_in_context(span)))
    if {ended}:
        span.end()
    left.append(context.get_current())

async def looks():
    seen.append(baggage.get_baggage("user"))
    await a_span()

seen = []
async def connection():
    await ask(app_of(leaks), "/first")
    # As servers do that let the next request begin in the context of the one before.
    context.attach(left[0])
    await ask(app_of(looks), "/second")

asyncio.run(connection())
report(errors=errors, seen=seen)
"""
    recorded = Recorded(program, tmp_path)
    first, second = recorded.exchange("/first"), recorded.exchange("/second")
    inside = recorded.span("inside")
    assert second.parent == ""
    assert second.trace_id != first.trace_id
    assert (inside.parent, inside.trace_id) == (second.span_id, second.trace_id)
    assert recorded.report["seen"] == [None]


def test_what_a_task_does_after_its_request_remains_a_part_of_it(tmp_path: Path) -> None:
    program = """
tasks = []
async def later():
    await released.wait()
    await a_span()

async def work():
    tasks.append(asyncio.create_task(later()))

async def main():
    global released
    released = asyncio.Event()
    await ask(app_of(work))
    released.set()
    await asyncio.gather(*tasks)

asyncio.run(main())
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    [exchange] = recorded.exchanges
    assert recorded.span("inside").parent == exchange.span_id


def test_requests_at_the_same_time_are_never_mixed(tmp_path: Path) -> None:
    program = """
async def work():
    for _ in range(3):
        with tracer.start_as_current_span("outer"):
            await asyncio.sleep(0)
            await a_span()

async def main():
    app = app_of(work)
    await asyncio.gather(*(ask(app, f"/{number}") for number in range(20)))

asyncio.run(main())
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    traces = {exchange.trace_id: exchange.span_id for exchange in recorded.exchanges}
    outer = {span.span_id: span for span in recorded.spans if span.name == "outer"}
    inside = [span for span in recorded.spans if span.name == "inside"]
    assert (len(traces), len(outer), len(inside)) == (20, 60, 60)
    assert all(traces[span.trace_id] == span.parent for span in outer.values())
    assert all(outer[span.parent].trace_id == span.trace_id for span in inside)


def test_a_context_that_was_changed_meanwhile_is_left_without_a_word(tmp_path: Path) -> None:
    program = """
import contextvars
from support.asgi import Peer

class Step:
    def __await__(self):
        yield

async def work():
    await Step()

# Each step in a context of its own, as some drivers of coroutines do.
peer = Peer(request())
steps = app_of(work)(http_scope(), peer.receive, peer.send)
taken = 0
try:
    while True:
        contextvars.copy_context().run(steps.send, None)
        taken += 1
except StopIteration:
    pass
report(errors=errors, taken=taken)
"""
    recorded = Recorded(program, tmp_path)
    assert (recorded.report["taken"], recorded.report["warnings"]) == (1, [])


def test_an_outbound_call_in_a_span_is_its_child(tmp_path: Path, upstream: Upstream) -> None:
    program = f"""
import httpx
offpath.httpx.instrument({{"service": {{"name": "otel"}}}})

async def work():
    async with httpx.AsyncClient() as client:
        await client.get("{upstream.url}/echo?1")
        with tracer.start_as_current_span("inside"):
            await client.get("{upstream.url}/stream/1")

asyncio.run(ask(app_of(work), "/chat"))
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    chat, span = recorded.exchange("/chat"), recorded.span("inside")
    assert span.parent == chat.span_id
    assert recorded.exchange("/echo").parent == chat.span_id
    assert recorded.exchange("/stream/1").parent == span.span_id
    assert {exchange.trace_id for exchange in recorded.exchanges} == {chat.trace_id}


def test_an_outbound_call_by_aiohttp_is_too(tmp_path: Path, upstream: Upstream) -> None:
    program = f"""
import aiohttp
offpath.aiohttp.instrument({{"service": {{"name": "otel"}}}})

async def main():
    async with aiohttp.ClientSession() as session:
        with tracer.start_as_current_span("alone"):
            async with session.get("{upstream.url}/echo") as response:
                await response.read()

asyncio.run(main())
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    span = recorded.span("alone")
    assert (recorded.exchange("/echo").parent, recorded.exchange("/echo").trace_id) == (
        span.span_id,
        span.trace_id,
    )


def test_a_call_in_a_span_that_has_ended_is_a_part_of_the_request(tmp_path: Path, upstream: Upstream) -> None:
    program = f"""
import httpx
offpath.httpx.instrument({{"service": {{"name": "otel"}}}})

async def work():
    with trace.use_span(tracer.start_span("over"), end_on_exit=False) as span:
        span.end()
        httpx.get("{upstream.url}/echo")

asyncio.run(ask(app_of(work), "/chat"))
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    assert recorded.exchange("/echo").parent == recorded.exchange("/chat").span_id


def test_a_session_of_a_websocket_is_a_parent_too(tmp_path: Path) -> None:
    program = """
from support.asgi import websocket_scope
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await a_span()
    await send({"type": "websocket.close"})

app = OffpathMiddleware(app, config={"service": {"name": "otel"}})
asyncio.run(exchange(app, websocket_scope("/ws"), [{"type": "websocket.connect"}]))
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    assert recorded.span("inside").parent == recorded.exchange("/ws").span_id


def test_spans_of_offpath_and_of_opentelemetry_are_parents_of_each_other(tmp_path: Path) -> None:
    program = """
@offpath.observe()
def innermost():
    pass

@offpath.observe()
def outermost():
    with tracer.start_as_current_span("between"):
        innermost()
    with tracer.start_as_current_span("beside"):
        pass

outermost()
report(errors=errors)
"""
    recorded = Recorded(program, tmp_path)
    own = ring.observations(tmp_path / "rings")
    between, beside = recorded.span("between"), recorded.span("beside")
    assert own["outermost"].parent == ""
    assert (between.parent, beside.parent) == (own["outermost"].span_id, own["outermost"].span_id)
    assert own["innermost"].parent == between.span_id
    traces = {between.trace_id, beside.trace_id, *(each.trace_id for each in own.values())}
    assert len(traces) == 1


def test_a_trace_that_goes_on_here_does_so_in_opentelemetry(tmp_path: Path) -> None:
    program = f"""
with offpath.continue_trace("00-{TRACE}-{SPAN}-01"):
    with tracer.start_as_current_span("here"):
        pass
report(errors=errors)
"""
    here = Recorded(program, tmp_path).span("here")
    assert (here.trace_id, here.parent, here.otlp.flags & 0x300) == (TRACE, SPAN, 0x300)
