"""Websocket sessions: the handshake, what passed each way, and who closed."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from conftest import Recording
from support.asgi import Peer, exchange, websocket_scope

pytestmark = pytest.mark.anyio

CONNECT = {"type": "websocket.connect"}
ACCEPT = {"type": "websocket.accept"}


def received(content: str | bytes) -> dict[str, Any]:
    key = "text" if isinstance(content, str) else "bytes"
    return {"type": "websocket.receive", key: content}


def sent(content: str | bytes) -> dict[str, Any]:
    return received(content) | {"type": "websocket.send"}


def disconnect(code: int | None = 1000) -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": code, "reason": ""}


def close(**fields: Any) -> dict[str, Any]:
    return {"type": "websocket.close"} | fields


def session(*messages: dict[str, Any]) -> Any:
    """An app that sends these messages, and receives until the client is gone if it does not close itself."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        for message in messages:
            await send(message)
        if not messages or messages[-1]["type"] in {"websocket.accept", "websocket.send"}:
            while (await receive())["type"] != "websocket.disconnect":
                pass

    return app


async def run(app: Any, *incoming: dict[str, Any], **scope: Any) -> list[Any]:
    return await exchange(app, websocket_scope("/ws", **scope), [CONNECT, *incoming])


async def test_a_session_is_one_event_at_its_end(recording: Recording) -> None:
    at_the_end = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await session(ACCEPT, close())(scope, receive, send)
        await at_the_end.wait()

    peer = Peer([CONNECT])
    async with anyio.create_task_group() as group:
        group.start_soon(recording.wrap(app), websocket_scope("/ws"), peer.receive, peer.send)
        await anyio.wait_all_tasks_blocked()
        assert recording.events() == []
        at_the_end.set()
    event = recording.event()
    assert (event["method"], event["scheme"], event["path"], event["status"]) == ("GET", "ws", "/ws", 101)
    assert event["outcome"] == "completed"


async def test_messages_and_bytes_are_counted_each_way(recording: Recording) -> None:
    app = recording.wrap(session(ACCEPT, sent("grüße"), sent(b"\x00\xff"), sent(b"")))
    await run(app, received("hello"), received(b"abc"), received("x"), disconnect())
    event = recording.event()
    assert (event["request"]["chunks"], event["request"]["body"]["size"]) == (3, 9)
    assert (event["response"]["chunks"], event["response"]["body"]["size"]) == (2, 9)


async def test_no_content_is_kept_by_default(recording: Recording) -> None:
    await run(recording.wrap(session(ACCEPT, sent("s3cret"))), received("s3cret"), disconnect())
    event = recording.event()
    assert "s3cret" not in str(event)
    assert (event["request"]["body"]["kept"], event["response"]["body"]["kept"]) == (0, 0)


async def test_content_is_kept_where_it_is_configured(recording: Recording) -> None:
    app = session(ACCEPT, sent("first"), sent(b"-last"))
    await run(
        recording.wrap(app, capture={"websocket": {"head": 4, "tail": 2}}), received("question"), disconnect()
    )
    event = recording.event()
    asked, answered = event["request"]["body"], event["response"]["body"]
    assert (asked["head"], asked["tail"], asked["size"]) == ("ques", "on", 8)
    assert (answered["head"], answered["tail"], answered["size"]) == ("firs", "st", 10)


async def test_a_message_may_hold_none_beside_its_content(recording: Recording) -> None:
    app = session(ACCEPT, {"type": "websocket.send", "bytes": None, "text": "hello"})
    incoming = {"type": "websocket.receive", "bytes": b"abc", "text": None}
    await run(recording.wrap(app), incoming, disconnect())
    event = recording.event()
    assert (event["request"]["body"]["size"], event["response"]["body"]["size"]) == (3, 5)


async def test_the_subprotocol_and_headers_of_the_handshake_are_recorded(recording: Recording) -> None:
    accept = ACCEPT | {"subprotocol": "graphql-ws", "headers": [(b"x-request-id", b"7")]}
    await run(recording.wrap(session(accept)), disconnect())
    event = recording.event()
    assert event["websocket"] == {"accepted": True, "close_code": 1000, "subprotocol": "graphql-ws"}
    assert event["response"]["headers"] == [["x-request-id", "7"]]


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_the_close_code_of_the_client_is_recorded(recording: Recording, code: int) -> None:
    await run(recording.wrap(session(ACCEPT)), disconnect(code))
    event = recording.event()
    assert (event["outcome"], event["websocket"]["close_code"]) == ("completed", code)


async def test_a_client_that_goes_without_a_close_frame_has_disconnected(recording: Recording) -> None:
    await run(recording.wrap(session(ACCEPT)), disconnect(1006))
    event = recording.event()
    assert (event["outcome"], event["websocket"]["close_code"]) == ("client_disconnected", 1006)


@pytest.mark.parametrize(("fields", "code"), [({}, 1000), ({"code": 4001, "reason": "enough"}, 4001)])
async def test_the_close_code_of_the_app_is_recorded(
    recording: Recording, fields: dict[str, Any], code: int
) -> None:
    await run(recording.wrap(session(ACCEPT, close(**fields))))
    event = recording.event()
    assert (event["outcome"], event["websocket"]["close_code"]) == ("completed", code)


async def test_of_two_closes_the_first_counts(recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await session(ACCEPT, close(code=4001))(scope, receive, send)
        await receive()

    await run(recording.wrap(app), disconnect(1006))
    event = recording.event()
    assert (event["outcome"], event["websocket"]["close_code"]) == ("completed", 4001)


async def test_a_close_before_the_handshake_is_answered_refuses_it(recording: Recording) -> None:
    await run(recording.wrap(session(close(code=1008))))
    event = recording.event()
    assert (event["status"], event["websocket"]["accepted"], event["outcome"]) == (403, False, "completed")


async def test_a_denial_response_is_recorded_with_its_status(recording: Recording) -> None:
    denial = (
        {
            "type": "websocket.http.response.start",
            "status": 401,
            "headers": [(b"content-type", b"text/plain")],
        },
        {"type": "websocket.http.response.body", "body": b"who are ", "more_body": True},
        {"type": "websocket.http.response.body", "body": b"you?"},
    )
    messages = await run(recording.wrap(session(*denial)))
    assert all(got is given for got, given in zip(messages, denial, strict=True))
    event = recording.event()
    assert (event["status"], event["websocket"]["accepted"]) == (401, False)
    assert event["response"]["headers"] == [["content-type", "text/plain"]]
    assert event["response"]["body"]["size"] == 12


async def test_a_client_that_leaves_before_the_answer_is_recorded(recording: Recording) -> None:
    await run(recording.wrap(session()), disconnect(1006))
    event = recording.event()
    assert event["websocket"] == {"accepted": False, "close_code": 1006, "subprotocol": None}
    assert (event["status"], event["outcome"]) == (None, "client_disconnected")


async def test_an_exception_of_the_app_is_recorded_and_raised_untouched(recording: Recording) -> None:
    error = ValueError("of the app")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        raise error

    with pytest.raises(ValueError, match="of the app") as raised:
        await run(recording.wrap(app))
    assert raised.value is error
    assert error.__context__ is None
    event = recording.event()
    assert (event["outcome"], event["status"]) == ("app_error", 101)
    assert event["error"] == {"type": "ValueError", "message": "of the app"}


async def test_a_cancelled_session_is_a_reset(recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        scope_of_test.cancel()
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope_of_test:
        await run(recording.wrap(app))
    assert scope_of_test.cancelled_caught
    assert recording.event()["outcome"] == "reset"


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        {"type": 7},
        {"type": "websocket.unheard_of"},
        {"type": "websocket.send"},
        sent("x") | {"text": 7},
    ],
    ids=repr,
)
async def test_a_message_that_makes_no_sense_is_passed_on_and_the_session_recorded(
    recording: Recording, message: Any
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for each in (ACCEPT, message, sent("hello"), close()):
            await send(each)

    messages = await run(recording.wrap(app))
    assert messages[1] is message
    event = recording.event()
    assert (event["response"]["body"]["size"], event["websocket"]["close_code"]) == (5, 1000)


@pytest.mark.parametrize("scheme", [None, "", "http", "wss"])
async def test_a_session_is_one_whatever_the_scheme_says(recording: Recording, scheme: Any) -> None:
    await run(recording.wrap(session(ACCEPT)), disconnect(), scheme=scheme)
    event = recording.event()
    assert event["scheme"] == ("wss" if scheme == "wss" else "ws")
    assert event["websocket"]["accepted"]


@pytest.mark.parametrize("code", [None, "1000", -1, 10**9])
async def test_a_close_code_that_is_none_is_unknown(recording: Recording, code: Any) -> None:
    await run(recording.wrap(session(ACCEPT)), disconnect(code))
    event = recording.event()
    assert (event["outcome"], event["websocket"]["close_code"]) == ("completed", None)
