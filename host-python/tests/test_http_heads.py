"""What the head of a request or a response may look like, and what is kept of it."""

from __future__ import annotations

import random
from collections import UserDict
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from conftest import Recording
from support.asgi import OK, answering, body, exchange, http_scope, start

pytestmark = pytest.mark.anyio

Pairs = list[tuple[bytes, bytes]]
EVERY_HEADER = {"headers": {"allow": ["*"]}}
SHAPES: dict[str, Callable[[Pairs], Iterable[Any]]] = {
    "list": list,
    "tuple": tuple,
    "list-of-lists": lambda pairs: [list(pair) for pair in pairs],
    "dict-items": lambda pairs: dict(pairs).items(),
}
KEPT = [["content-type", "a/b"], ["x-request-id", "7"]]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_headers_may_be_any_collection_of_pairs(recording: Recording, shape: Any) -> None:
    pairs = [(b"content-type", b"a/b"), (b"x-request-id", b"7")]
    app = recording.wrap(answering(start() | {"headers": shape(pairs)}, body()))
    await exchange(app, http_scope(headers=shape(pairs)))
    event = recording.event()
    assert (event["request"]["headers"], event["response"]["headers"]) == (KEPT, KEPT)


async def test_headers_that_can_be_read_only_once_are_left_to_the_server(recording: Recording) -> None:
    pairs = [(b"content-type", b"a/b"), (b"x-request-id", b"7")]
    app = recording.wrap(answering(start() | {"headers": (pair for pair in pairs)}, body()))
    sent = await exchange(app)
    assert list(sent[0]["headers"]) == pairs
    assert recording.event()["outcome"] == "completed"


async def test_scope_headers_that_can_be_read_only_once_are_left_to_the_app(recording: Recording) -> None:
    pairs = [(b"content-type", b"a/b")]
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await OK(scope, receive, send)

    await exchange(recording.wrap(app), http_scope(headers=iter(pairs)))
    assert seen == pairs
    assert recording.event()["outcome"] == "completed"


async def test_names_are_kept_in_lower_case(recording: Recording) -> None:
    await exchange(recording.wrap(OK), http_scope(headers=[(b"User-AGENT", b"Curl/8")]))
    assert recording.event()["request"]["headers"] == [["user-agent", "Curl/8"]]


async def test_credentials_are_redacted_even_where_every_header_is_allowed(recording: Recording) -> None:
    secret = [(b"Authorization", b"Bearer s3cret"), (b"cookie", b"s3cret"), (b"x-api-key", b"s3cret")]
    app = recording.wrap(answering(start(200, (b"set-cookie", b"s3cret")), body()), capture=EVERY_HEADER)
    await exchange(app, http_scope(headers=secret))
    event = recording.event()
    assert "s3cret" not in str(event)
    assert [value for _, value in event["request"]["headers"]] == ["[redacted]"] * 3
    assert event["response"]["headers"] == [["set-cookie", "[redacted]"]]


async def test_headers_and_parameters_named_in_the_configuration_are_redacted(recording: Recording) -> None:
    capture = EVERY_HEADER | {"redact": {"headers": ["x-tenant"], "query": ["session"]}}
    scope = http_scope(headers=[(b"x-tenant", b"s3cret")], query_string=b"session=s3cret&page=2")
    await exchange(recording.wrap(OK, capture=capture), scope)
    event = recording.event()
    assert event["request"]["headers"] == [["x-tenant", "[redacted]"]]
    assert event["query"] == "session=[redacted]&page=2"


async def test_secret_parameters_are_redacted_however_they_are_spelled(recording: Recording) -> None:
    query = b"a=1&Token=s3cret&api%5Fkey=s3cret&b=2"
    await exchange(recording.wrap(OK), http_scope(query_string=query))
    assert recording.event()["query"] == "a=1&Token=[redacted]&api%5Fkey=[redacted]&b=2"


async def test_headers_that_are_no_utf8_are_read_as_latin_1(recording: Recording) -> None:
    headers = [(b"user-agent", b"caf\xe9"), (b"x-\xff", b"1"), (b"", b""), (b"accept", b"")]
    await exchange(recording.wrap(OK, capture=EVERY_HEADER), http_scope(headers=headers))
    kept = dict(recording.event()["request"]["headers"])
    assert kept["user-agent"] == "café"
    assert kept["accept"] == ""


async def test_a_header_of_a_megabyte_is_passed_whole_and_kept_in_short(recording: Recording) -> None:
    big = (b"user-agent", b"v" * (1 << 20))
    app = recording.wrap(answering(start(200, big), body(b"hello")), capture=EVERY_HEADER)
    sent = await exchange(app, http_scope(headers=[big, (b"accept", b"a/b")]))
    assert sent[0]["headers"] == [big]
    event = recording.event()
    assert 0 < len(event["request"]["headers"][0][1]) < 10_000
    assert 0 < len(event["response"]["headers"][0][1]) < 10_000


async def test_of_a_thousand_headers_some_are_kept(recording: Recording) -> None:
    many = [(b"x-%d" % number, b"v") for number in range(1000)]
    app = recording.wrap(answering(start(200, *many), body(b"hello")), capture=EVERY_HEADER)
    sent = await exchange(app, http_scope(headers=many))
    assert sent[0]["headers"] == many
    event = recording.event()
    assert event["request"]["headers"][:2] == [["x-0", "v"], ["x-1", "v"]]
    assert 100 < len(event["response"]["headers"]) <= 1000


@pytest.mark.parametrize(
    "headers",
    [None, 7, "text", [None], [b"ab"], [(b"only-a-name",)], [("text", "text")], [(b"accept", None)], {}],
    ids=repr,
)
async def test_headers_that_are_no_pairs_are_left_out(recording: Recording, headers: Any) -> None:
    response = start() | {"headers": headers}
    sent = await exchange(recording.wrap(answering(response, body(b"hello"))), http_scope(headers=headers))
    assert sent[0] is response
    event = recording.event()
    assert (event["outcome"], event["request"]["headers"], event["response"]["headers"]) == (
        "completed",
        [],
        [],
    )


@pytest.mark.parametrize("length", [b"NaN", b"-1", b"1e9", b"99999999999999999999999", b""])
async def test_a_senseless_content_length_does_not_touch_the_size(
    recording: Recording, length: bytes
) -> None:
    header = (b"content-length", length)
    await exchange(
        recording.wrap(answering(start(200, header), body(b"hello"))), http_scope(headers=[header])
    )
    event = recording.event()
    assert event["response"]["body"]["size"] == 5
    assert event["response"]["headers"] == [["content-length", length.decode()]]


@pytest.mark.parametrize(
    "missing",
    ["method", "path", "raw_path", "query_string", "headers", "client", "server", "scheme", "root_path"],
)
async def test_a_scope_without_one_of_its_keys_is_recorded(recording: Recording, missing: str) -> None:
    scope = http_scope("/here")
    del scope[missing]
    await exchange(recording.wrap(OK), scope)
    assert recording.event()["outcome"] == "completed"


async def test_a_scope_of_a_type_alone_is_recorded(recording: Recording) -> None:
    await exchange(recording.wrap(OK), {"type": "http"})
    event = recording.event()
    assert (event["method"], event["path"], event["client"], event["scheme"]) == ("", "", None, "http")


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"path": "/"}, id="without-a-type"),
        pytest.param(UserDict(http_scope()), id="a-mapping-that-is-no-dict"),
    ],
)
async def test_a_scope_that_cannot_be_recorded_reaches_the_app(recording: Recording, scope: Any) -> None:
    sent = await exchange(recording.wrap(OK), scope)
    assert sent[-1]["body"] == b"hello"


async def test_a_path_without_raw_path_is_encoded(recording: Recording) -> None:
    await exchange(recording.wrap(OK), http_scope("/café/a b", raw_path=None))
    assert recording.event()["path"] == "/caf%C3%A9/a%20b"


async def test_a_raw_path_is_kept_as_it_was_sent(recording: Recording) -> None:
    await exchange(recording.wrap(OK), http_scope("/café/b", raw_path=b"/caf%C3%a9%2Fb?token=s3cret"))
    assert recording.event()["path"] == "/caf%C3%a9%2Fb"


@pytest.mark.parametrize("raw_path", [b"/\xff\xfe", b"\x00", b"/" + b"a" * 100_000])
async def test_a_hostile_path_is_recorded(recording: Recording, raw_path: bytes) -> None:
    await exchange(recording.wrap(OK), http_scope(raw_path=raw_path))
    assert len(recording.event()["path"]) < 10_000


async def test_a_lone_surrogate_in_the_path_is_replaced(recording: Recording) -> None:
    await exchange(recording.wrap(OK), http_scope("/\udcff", raw_path=None))
    assert recording.event()["path"].startswith("/%")


async def test_a_traceparent_is_taken_up(recording: Recording) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = [(b"traceparent", f"00-{trace}-{parent}-01".encode())]
    await exchange(recording.wrap(OK), http_scope(headers=headers))
    event = recording.event()
    assert (event["trace_id"], event["parent_span_id"]) == (trace, parent)
    assert event["span_id"] not in {parent, "0" * 16}


@pytest.mark.parametrize(
    "value", [b"", b"00-zz-1-01", b"00-" + b"0" * 32 + b"-" + b"1" * 16 + b"-01", b"\xff"]
)
async def test_an_invalid_traceparent_gets_a_trace_of_its_own(recording: Recording, value: bytes) -> None:
    await exchange(recording.wrap(OK), http_scope(headers=[(b"traceparent", value)]))
    event = recording.event()
    assert event["parent_span_id"] is None
    assert event["trace_id"] != "0" * 32


async def test_ids_do_not_repeat_when_the_app_seeds_random(recording: Recording) -> None:
    app = recording.wrap(OK)
    for _ in range(50):
        random.seed(1)
        await exchange(app)
    assert len({event["trace_id"] for event in recording.events()}) == 50


class Route:
    """What Starlette leaves in the scope."""

    def __init__(self, path: str) -> None:
        self.path_format = path


async def test_the_route_template_is_read_after_routing(recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope |= {"route": Route("/items/{id}"), "root_path": scope["root_path"] + "/shop"}
        await OK(scope, receive, send)

    await exchange(recording.wrap(app), http_scope("/api/shop/items/7", root_path="/api"))
    assert recording.event()["route"] == "/shop/items/{id}"


@pytest.mark.parametrize("route", [None, 7, "text", object(), Route(7), {"path": "/a"}])  # type: ignore[arg-type]
async def test_a_route_that_says_nothing_is_none(recording: Recording, route: Any) -> None:
    await exchange(recording.wrap(OK), http_scope(route=route))
    assert recording.event()["route"] is None


async def test_the_first_rule_that_matches_wins(recording: Recording) -> None:
    rules = [
        {"match": {"path": ["/health", "/metrics"]}, "record": False},
        {
            "name": "chat",
            "match": {"path": "/v1/**", "method": ["POST"]},
            "response_body": {"head": 2, "tail": 0},
        },
    ]
    app = recording.wrap(OK, rule=rules)
    await exchange(app, http_scope("/health"))
    await exchange(app, http_scope("/v1/chat", method="POST"))
    await exchange(app, http_scope("/v1/chat"))
    kept = [(event["rule"], event["response"]["body"]["head"]) for event in recording.events()]
    assert kept == [("chat", "he"), (None, "hello")]
