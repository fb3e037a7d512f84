"""The messages of HTTP beside start and body, and those that come where they should not."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import pytest
from conftest import Recording
from support.asgi import answering, body, exchange, http_scope, request, start

pytestmark = pytest.mark.anyio


def trailers(*headers: tuple[bytes, bytes], more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.trailers", "headers": list(headers), "more_trailers": more}


async def unchanged(recording: Recording, *messages: Any) -> None:
    """Run an app that answers with these messages, and check that the server gets the very same ones."""
    sent = await exchange(recording.wrap(answering(*messages)))
    assert len(sent) == len(messages)
    assert all(got is given for got, given in zip(sent, messages, strict=True))


async def test_a_response_with_trailers_ends_with_the_last_of_them(
    recording: Recording, counted: Any
) -> None:
    finish = trailers((b"grpc-status", b"0"))
    await unchanged(recording, start(trailers=True), body(b"hello"), trailers(more=True), finish)
    event = recording.event()
    assert (event["outcome"], event["response"]["body"]["size"]) == ("completed", 5)
    assert "after_the_end" not in counted()


async def test_trailers_that_were_announced_and_do_not_come_leave_it_incomplete(recording: Recording) -> None:
    await unchanged(recording, start(trailers=True), body(b"hello"))
    assert recording.event()["error"]["type"] == "IncompleteResponse"


async def test_a_file_sent_by_path_is_a_complete_response(recording: Recording) -> None:
    await unchanged(
        recording,
        start(200, (b"content-length", b"123")),
        {"type": "http.response.pathsend", "path": "/srv/file"},
    )
    event = recording.event()
    assert event["outcome"] == "completed"
    assert event["response"]["headers"] == [["content-length", "123"]]
    assert event["response"]["body"]["kept"] == 0


async def test_a_zero_copy_send_counts_its_bytes_without_seeing_them(recording: Recording) -> None:
    part = {"type": "http.response.zerocopysend", "file": 3, "count": 70_000, "more_body": True}
    await unchanged(recording, start(), part, part | {"count": 1, "more_body": False})
    answered = recording.event()["response"]
    assert (answered["body"]["size"], answered["body"]["kept"], answered["chunks"]) == (70_001, 0, 2)


async def test_a_body_that_is_handed_over_in_answer_to_head_is_not_sent(recording: Recording) -> None:
    app = recording.wrap(
        answering(start(200, (b"content-length", b"10")), body(b"hello", more=True), body(b"world"))
    )
    await exchange(app, http_scope(method="HEAD"))
    answered = recording.event()["response"]
    assert (answered["body"]["size"], answered["chunks"]) == (0, 0)


async def test_early_hints_and_pushes_are_no_part_of_the_response(recording: Recording, counted: Any) -> None:
    await unchanged(
        recording,
        {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]},
        {"type": "http.response.push", "path": "/style.css", "headers": []},
        {"type": "http.response.debug", "info": {}},
        start(201),
        body(b"hello"),
    )
    event = recording.event()
    assert (event["status"], event["outcome"]) == (201, "completed")
    assert counted() == {"captured": 2}  # The mark that `recording` makes is the other one.


async def test_interim_responses_are_followed_by_the_real_one(recording: Recording) -> None:
    await unchanged(recording, start(100), start(103, (b"content-type", b"no/no")), start(200), body(b"x"))
    event = recording.event()
    assert event["status"] == 200
    assert event["response"]["headers"] == []


async def test_a_send_after_the_end_is_counted_and_passed_on(recording: Recording, counted: Any) -> None:
    await unchanged(recording, start(), body(b"hello"), body(b"more"), start(500), trailers())
    event = recording.event()
    assert (event["status"], event["response"]["body"]["head"]) == (200, "hello")
    assert counted()["after_the_end"] >= 2


async def test_of_two_response_starts_the_first_counts(recording: Recording, counted: Any) -> None:
    await unchanged(recording, start(200), start(404, (b"content-type", b"no/no")), body(b"hello"))
    event = recording.event()
    assert (event["status"], event["response"]["headers"]) == (200, [])
    assert counted()["after_the_end"] == 1


async def test_a_body_before_its_start_is_recorded(recording: Recording) -> None:
    await unchanged(recording, body(b"early", more=True), start(), body(b"late"))
    event = recording.event()
    assert (event["status"], event["response"]["body"]["head"]) == (200, "earlylate")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"type": "http.response.unheard_of", "body": b"x"}, id="unknown-type"),
        pytest.param({"type": "websocket.send", "text": "x"}, id="of-another-protocol"),
        pytest.param({"type": b"http.response.body"}, id="type-as-bytes"),
        pytest.param({"type": None}, id="type-none"),
        pytest.param({}, id="no-type"),
        pytest.param(None, id="none"),
        pytest.param(["http.response.body"], id="a-list"),
        pytest.param(UserDict(start(404)), id="a-mapping-that-is-no-dict"),
    ],
)
async def test_a_message_that_makes_no_sense_is_passed_on_and_the_exchange_recorded(
    recording: Recording, message: Any
) -> None:
    await unchanged(recording, start(), message, body(b"hello"))
    event = recording.event()
    assert (event["outcome"], event["status"], event["response"]["body"]["head"]) == (
        "completed",
        200,
        "hello",
    )


@pytest.mark.parametrize("message", [None, {}, {"type": 7}, "http.request", {"type": "http.unheard_of"}])
async def test_a_senseless_message_to_the_app_reaches_it(recording: Recording, message: Any) -> None:
    got = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(await receive())
        await send(start())
        await send(body(b"hello"))

    await exchange(recording.wrap(app), incoming=[message])
    assert got[0] is message
    assert recording.event()["outcome"] == "completed"


@pytest.mark.parametrize(
    "content",
    [bytearray(b"hello"), memoryview(b"hello"), memoryview(b"h-e-l-l-o")[::2], "hello"],
    ids=["bytearray", "memoryview", "strided-memoryview", "str"],
)
async def test_content_that_is_like_bytes_is_recorded_as_bytes(recording: Recording, content: Any) -> None:
    app = recording.wrap(answering(start(), {"type": "http.response.body", "body": content}))
    await exchange(app, incoming=[{"type": "http.request", "body": content}])
    event = recording.event()
    for side in ("request", "response"):
        assert (event[side]["body"]["size"], event[side]["body"]["head"]) == (5, "hello")


@pytest.mark.parametrize(
    "content", [7, 10**18, ["a"], object(), {1: 2}], ids=["int", "huge-int", "list", "object", "dict"]
)
async def test_content_that_is_nothing_like_bytes_has_no_size(recording: Recording, content: Any) -> None:
    await unchanged(recording, start(), {"type": "http.response.body", "body": content})
    event = recording.event()
    assert (event["outcome"], event["response"]["body"]["size"]) == ("completed", 0)


@pytest.mark.parametrize("status", ["200", None, -1, 10**30, 2.5, b"200"])
async def test_a_status_that_is_no_number_is_passed_on_and_recorded_as_unknown(
    recording: Recording, status: Any
) -> None:
    await unchanged(recording, start(status), body(b"hello"))
    event = recording.event()
    assert (event["outcome"], event["status"]) == ("completed", None)


async def test_flags_that_are_no_booleans_are_taken_by_their_truth(recording: Recording) -> None:
    more = {"type": "http.request", "body": b"a", "more_body": 1}
    sent = await exchange(
        recording.wrap(
            answering(start(), body(b"x") | {"more_body": "yes"}, body(b"y") | {"more_body": None})
        ),
        incoming=[more, *request(b"b")],
    )
    assert len(sent) == 3
    event = recording.event()
    assert (event["request"]["body"]["head"], event["response"]["body"]["head"]) == ("ab", "xy")
