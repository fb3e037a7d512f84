"""HTTP exchanges: bodies both ways, and the ways in which an exchange ends."""

from __future__ import annotations

import traceback
from typing import Any

import anyio
import pytest
from conftest import Recording
from support.asgi import DISCONNECT, OK, Peer, answering, body, exchange, http_scope, request, start

pytestmark = pytest.mark.anyio


async def test_the_exchange_is_recorded_with_all_that_the_scope_tells(recording: Recording) -> None:
    scope = http_scope(
        "/v1/chat",
        method="POST",
        scheme="https",
        query_string=b"model=a&stream=1",
        headers=[(b"host", b"api.example"), (b"user-agent", b"curl/8"), (b"x-unlisted", b"kept back")],
    )
    await exchange(recording.wrap(OK), scope, request(b"question"))
    event = recording.event()
    assert event["source"] == "asgi"
    assert event["outcome"] == "completed"
    assert (event["method"], event["scheme"], event["host"]) == ("POST", "https", "api.example")
    assert (event["path"], event["query"], event["client"]) == ("/v1/chat", "model=a&stream=1", "10.0.0.7")
    assert (event["status"], event["http_version"]) == (200, "1.1")
    assert event["request"]["headers"] == [["user-agent", "curl/8"]]
    assert event["request"]["body"]["head"] == "question"
    assert event["response"]["headers"] == [["content-type", "text/plain"]]
    assert event["response"]["body"]["head"] == "hello"
    assert event["error"] is None


async def test_streamed_bodies_have_exact_sizes_heads_and_tails(recording: Recording) -> None:
    questions = [b"%c word... " % letter * 1000 for letter in b"abc"]
    answers = [b"%c word.. " % letter * 1000 for letter in b"vwxyz"]
    streamed = [body(chunk, more=True) for chunk in answers]
    app = recording.wrap(answering(start(), *streamed, body()))
    sent = await exchange(app, incoming=request(*questions))
    assert sent[1:-1] == streamed
    event = recording.event()
    asked, answered = event["request"], event["response"]
    assert (asked["chunks"], asked["body"]["size"], asked["body"]["kept"]) == (3, 30_000, 16_384)
    assert ends(asked["body"]) == (questions[0][:8192], questions[-1][-8192:])
    assert (answered["chunks"], answered["body"]["size"], answered["body"]["kept"]) == (5, 45_000, 16_384)
    assert ends(answered["body"]) == (answers[0][:8192], answers[-1][-8192:])


def ends(body: dict[str, Any]) -> tuple[bytes, bytes]:
    return body["head"].encode(), body["tail"].encode()


async def test_one_chunk_larger_than_the_limits_keeps_its_head_and_tail(recording: Recording) -> None:
    limits = {"head": 4, "tail": 3}
    app = recording.wrap(answering(start(), body(b"ab cd efg " * 100_000)), capture={"response_body": limits})
    await exchange(app)
    kept = recording.event()["response"]["body"]
    assert (kept["size"], kept["kept"], kept["head"], kept["tail"]) == (1_000_000, 7, "ab c", "fg ")


async def test_a_body_within_the_limits_is_kept_whole(recording: Recording) -> None:
    content = bytes(range(32, 127)) * 100
    await exchange(recording.wrap(OK), incoming=request(content[:5000], content[5000:]))
    kept = recording.event()["request"]["body"]
    assert (kept["size"], kept["kept"]) == (9_500, 9_500)
    assert (kept["head"] + kept["tail"]).encode() == content


async def test_limits_of_zero_keep_sizes_alone(recording: Recording) -> None:
    nothing = {"head": 0, "tail": 0}
    app = recording.wrap(OK, capture={"request_body": nothing, "response_body": nothing})
    await exchange(app, incoming=request(b"abc"))
    event = recording.event()
    assert (event["request"]["body"]["size"], event["request"]["body"]["kept"]) == (3, 0)
    assert (event["response"]["body"]["size"], event["response"]["body"]["kept"]) == (5, 0)


async def test_empty_bodies_are_recorded_as_empty(recording: Recording) -> None:
    await exchange(recording.wrap(answering(start(204), body())), incoming=request())
    event = recording.event()
    assert event["status"] == 204
    assert (event["request"]["body"]["size"], event["request"]["chunks"]) == (0, 0)
    assert (event["response"]["body"]["size"], event["response"]["chunks"]) == (0, 0)


async def test_messages_without_the_optional_keys_are_complete(recording: Recording) -> None:
    app = recording.wrap(
        answering({"type": "http.response.start", "status": 200}, {"type": "http.response.body"})
    )
    await exchange(app, incoming=[{"type": "http.request"}])
    event = recording.event()
    assert (event["outcome"], event["status"]) == ("completed", 200)
    assert event["response"]["body"]["size"] == 0


async def test_bytes_that_are_no_text_come_as_base64_where_media_are_kept(recording: Recording) -> None:
    app = recording.wrap(answering(start(), body(b"\x80\x81\x82")), capture={"media": "keep"})
    await exchange(app)
    kept = recording.event()["response"]["body"]
    assert (kept["encoding"], kept["head"]) == ("base64", "gIGC")


async def test_a_request_body_that_nobody_reads_has_no_size(recording: Recording) -> None:
    app = recording.wrap(answering(start(), body(b"hello"), reads=False))
    await exchange(app, incoming=request(b"unread"))
    assert recording.event()["request"]["body"]["size"] == 0


async def test_a_disconnect_before_the_response_is_complete_is_the_clients(recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(start())
        await send(body(b"part", more=True))
        assert (await receive())["type"] == "http.disconnect"

    await exchange(recording.wrap(app), incoming=[*request(), DISCONNECT])
    event = recording.event()
    assert (event["outcome"], event["status"], event["error"]) == ("client_disconnected", 200, None)
    assert event["response"]["body"]["head"] == "part"


async def test_a_disconnect_after_the_response_changes_nothing(recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await OK(scope, receive, send)
        await receive()

    await exchange(recording.wrap(app), incoming=[*request(), DISCONNECT])
    assert recording.event()["outcome"] == "completed"


async def test_returning_without_a_complete_response_is_an_error_of_the_app(recording: Recording) -> None:
    await exchange(recording.wrap(answering(start(), body(b"part", more=True))))
    event = recording.event()
    assert (event["outcome"], event["error"]["type"]) == ("app_error", "IncompleteResponse")


class Failure(Exception):
    """What the app raises."""


@pytest.mark.parametrize(
    ("sent_before", "outcome", "status"),
    [
        pytest.param([], "app_error", 500, id="before-the-response"),
        pytest.param([start()], "app_error", 200, id="after-the-start"),
        pytest.param([start(), body(b"part", more=True)], "app_error", 200, id="amid-the-response"),
        pytest.param([start(), body(b"all")], "completed", 200, id="after-the-response"),
        pytest.param([start(500), body(b"sorry")], "app_error", 500, id="after-a-server-error"),
    ],
)
async def test_an_exception_of_the_app_is_recorded_and_raised_untouched(
    recording: Recording, sent_before: list[Any], outcome: str, status: int
) -> None:
    error = Failure("of the app")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in sent_before:
            await send(message)
        raise error

    with pytest.raises(Failure) as raised:
        await exchange(recording.wrap(app))
    assert raised.value is error
    assert error.args == ("of the app",)
    assert (error.__context__, error.__cause__, error.__suppress_context__) == (None, None, False)
    assert not getattr(error, "__notes__", [])
    assert traceback.extract_tb(error.__traceback__)[-1].name == "app"
    event = recording.event()
    assert (event["outcome"], event["status"]) == (outcome, status)
    expected = {"type": "Failure", "message": "of the app"} if outcome == "app_error" else None
    assert event["error"] == expected


async def test_an_exception_keeps_the_context_it_had(recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise Failure("second")  # noqa: B904 - the implicit context is what is looked at

    with pytest.raises(Failure) as raised:
        await exchange(recording.wrap(app))
    context = raised.value.__context__
    assert isinstance(context, KeyError)
    assert context.__context__ is None


async def test_an_exception_after_the_response_is_counted(recording: Recording, counted: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await OK(scope, receive, send)
        raise Failure

    with pytest.raises(Failure):
        await exchange(recording.wrap(app))
    assert counted() == {"captured": 1, "after_the_end": 1}


async def test_an_exception_whose_text_cannot_be_made_is_recorded_by_its_class(recording: Recording) -> None:
    class Speechless(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise Speechless

    with pytest.raises(Speechless):
        await exchange(recording.wrap(app))
    assert recording.event()["error"] == {"type": "Speechless", "message": ""}


async def test_a_cancelled_exchange_is_a_reset_and_stays_cancelled(recording: Recording) -> None:
    saw: list[BaseException] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        scope_of_test.cancel()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            saw.append(error)
            raise

    with anyio.CancelScope() as scope_of_test:
        await exchange(recording.wrap(app))
    assert scope_of_test.cancelled_caught
    assert len(saw) == 1
    assert recording.event()["outcome"] == "reset"


async def test_the_event_is_there_before_background_work_ends(recording: Recording) -> None:
    recorded = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await OK(scope, receive, send)
        await recorded.wait()

    peer = Peer(request())
    async with anyio.create_task_group() as group:
        group.start_soon(recording.wrap(app), http_scope(), peer.receive, peer.send)
        await anyio.wait_all_tasks_blocked()
        assert recording.event()["outcome"] == "completed"
        recorded.set()
    assert len(recording.events()) == 1
