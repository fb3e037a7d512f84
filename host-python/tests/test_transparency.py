"""A wrapped app behaves as an unwrapped one: same responses, same exceptions, same messages in the same order."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from apps import rich
from conftest import Recording
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

BACKENDS = ["asyncio", "trio"]


class Logged:
    """Notes every message that passes here, as it is in that moment."""

    def __init__(self, app: Any, log: list[Any], place: str) -> None:
        self._app, self._log, self._place = app, log, place

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def logged_receive() -> Any:
            message = await receive()
            self._note("received", message)
            return message

        async def logged_send(message: Any) -> None:
            self._note("sent", message)
            await send(message)
            self._note("sent whole", message)

        self._note("called", {"type": scope["type"], "keys": sorted(scope)})
        try:
            await self._app(scope, logged_receive, logged_send)
        except BaseException as error:
            self._note("raised", {"type": repr(error)})
            raise
        self._note("returned", {})

    def _note(self, what: str, message: Any) -> None:
        self._log.append((self._place, what, {key: repr(value) for key, value in dict(message).items()}))


def lanes(log: list[Any]) -> dict[Any, list[Any]]:
    """Each side's messages, by direction. Where tasks or threads run beside each other, more order there is not: the
    unwrapped app, too, may see or miss the disconnect at the end, and be cancelled or return after it.
    """
    ordered: dict[Any, list[Any]] = {}
    for place, what, message in log:
        if what in {"called", "received", "sent"} and "disconnect" not in message["type"]:
            ordered.setdefault((place, what), []).append(message)
    return ordered


def story(
    app: Any,
    wrap: Callable[[Any], Any],
    act: Callable[[Any], Any],
    *,
    concurrent: bool = False,
    **options: Any,
) -> Any:
    """Everything that can be seen of the app from outside while the client acts, and of the server from inside."""
    log: list[Any] = []
    outside = Logged(wrap(Logged(app, log, "app")), log, "server")
    ended: Any
    try:
        with TestClient(outside, **options) as client:
            ended = act(client)
    except BaseException as error:  # noqa: BLE001 - whatever it raises, it is to be the same
        ended = (type(error), error.args, _context(error), _frames_of_the_app(error))
    return ended, lanes(log) if concurrent else log


def _context(error: BaseException) -> Any:
    return repr(error.__context__), repr(error.__cause__), error.__suppress_context__


def _frames_of_the_app(error: BaseException) -> list[str]:
    # Where the test client waits for its thread depends on which of them comes first.
    others = ("offpath/middleware.py", "test_transparency.py", "concurrent/futures/_base.py")
    return [
        f"{frame.filename}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.endswith(others)
    ]


def _seen(response: Any) -> Any:
    headers = sorted((name, value) for name, value in response.headers.items())
    return response.status_code, headers, response.content, [_seen(before) for before in response.history]


def _get(path: str, **arguments: Any) -> Callable[[TestClient], Any]:
    return lambda client: _seen(client.get(path, **arguments))


def _post(path: str, **arguments: Any) -> Callable[[TestClient], Any]:
    return lambda client: _seen(client.post(path, **arguments))


def _chunks() -> Any:
    yield from (b"a" * 70_000, b"", b"b" * 70_000)


def _echo_of_chunks(client: TestClient) -> Any:
    return _seen(client.post("/echo", content=_chunks()))


def _ranges(client: TestClient) -> Any:
    return _seen(client.get("/file", headers={"range": "bytes=10-19"}))


def _several(client: TestClient) -> Any:
    return [_seen(client.request(method, "/sync")) for method in ("GET", "HEAD", "OPTIONS", "POST", "GET")]


def _chat(client: TestClient) -> Any:
    with client.websocket_connect("/chat", ["other", "chat"]) as session:
        session.send_text("hello")
        return session.accepted_subprotocol, session.receive_text(), session.receive_bytes()


def _chat_until(text: str) -> Callable[[TestClient], Any]:
    def act(client: TestClient) -> Any:
        with client.websocket_connect("/chat") as session:
            session.send_text(text)
            try:
                return session.receive()
            except WebSocketDisconnect as error:
                return error.code, error.reason

    return act


def _denied(client: TestClient) -> Any:
    try:
        with client.websocket_connect("/denied"):
            raise AssertionError("it was accepted")
    except WebSocketDenialResponse as error:
        return error.status_code, error.content


def _refused(client: TestClient) -> Any:
    try:
        with client.websocket_connect("/refused"):
            raise AssertionError("it was accepted")
    except WebSocketDisconnect as error:
        return error.code


ACTS: dict[str, Callable[[TestClient], Any]] = {
    "echo": _post("/echo", content=b"x" * 200_000),
    "echo-of-chunks": _echo_of_chunks,
    "echo-of-nothing": _post("/echo"),
    "sync": _get("/sync", params={"a": "b", "token": "s3cret"}),
    "several": _several,
    "stream": _get("/stream"),
    "sync-stream": _get("/sync-stream"),
    "background": _get("/background"),
    "failing-background": _get("/failing-background"),
    "boom": _get("/boom"),
    "boom-in-stream": _get("/boom-in-stream"),
    "http-exception": _get("/refuse"),
    "file": _get("/file"),
    "file-range": _ranges,
    "redirect": _get("/redirect"),
    "unread": _post("/unread", content=b"x" * 1000),
    "disconnected": _post("/gone", content=b"abc"),
    "not-found": _get("/nowhere"),
    "method-not-allowed": _get("/echo"),
    "mount": _get("/mount/inner/x"),
    "boom-in-mount": _get("/mount/boom"),
    "chat": _chat,
    "chat-closed-by-app": _chat_until("close"),
    "chat-boom": _chat_until("boom"),
    "chat-denied": _denied,
    "chat-refused": _refused,
}


#: Their responses or sessions are served by more than one task or thread.
CONCURRENT = {"sync-stream", "chat", "chat-closed-by-app", "chat-boom"}


def same(recording: Recording, name: str, app: dict[str, bool], **options: Any) -> None:
    # Trio shuffles tasks that could run at the same time, on purpose; asyncio does not.
    concurrent = name in CONCURRENT or options.get("backend") == "trio"
    wrapped = story(rich.make(**app), recording.wrap, ACTS[name], concurrent=concurrent, **options)
    unwrapped = story(rich.make(**app), lambda inner: inner, ACTS[name], concurrent=concurrent, **options)
    assert wrapped == unwrapped
    assert recording.events(), "it was recorded at all"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ACTS)
def test_the_client_and_the_server_see_the_same(recording: Recording, name: str, backend: str) -> None:
    same(recording, name, {}, backend=backend)


@pytest.mark.parametrize(
    "name", ["echo", "stream", "background", "boom", "boom-in-stream", "file", "redirect"]
)
@pytest.mark.parametrize("app", [{"base": True}, {"gzip": True}], ids=["base-http-middleware", "gzip"])
def test_it_is_the_same_around_other_middleware(
    recording: Recording, app: dict[str, bool], name: str
) -> None:
    same(recording, name, app)


@pytest.mark.parametrize("name", ["echo", "stream", "background", "boom", "boom-in-stream", "file"])
def test_it_is_the_same_inside_other_middleware(recording: Recording, name: str) -> None:
    def inside(wrap: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda app: BaseHTTPMiddleware(wrap(app), dispatch=rich.add_header)

    # It runs the app in a task of its own.
    wrapped = story(rich.make(), inside(recording.wrap), ACTS[name], concurrent=True)
    unwrapped = story(rich.make(), inside(lambda app: app), ACTS[name], concurrent=True)
    assert wrapped == unwrapped
    assert recording.events()


@pytest.mark.parametrize("name", ["boom", "boom-in-stream", "failing-background"])
def test_it_is_the_same_where_the_server_hides_exceptions(recording: Recording, name: str) -> None:
    same(recording, name, {}, raise_server_exceptions=False)


def test_added_as_the_frameworks_middleware_it_changes_no_response(recording: Recording) -> None:
    def seen(*, recorded: bool) -> Any:
        app = rich.make()
        if recorded:
            app.add_middleware(recording.wrap)  # type: ignore[arg-type] # a function that wraps serves as the class does
        with TestClient(app, raise_server_exceptions=False) as client:
            return [act(client) for name, act in ACTS.items() if "chat" not in name]

    assert seen(recorded=True) == seen(recorded=False)
    assert len(recording.events()) >= 20


def test_an_error_behind_a_500_is_recorded_with_it(recording: Recording) -> None:
    """Starlette answers 500 and then raises again, so that the server logs it."""
    with TestClient(recording.wrap(rich.make()), raise_server_exceptions=False) as client:
        assert client.get("/boom").status_code == 500
    event = recording.event()
    assert (event["outcome"], event["status"], event["error"]["type"]) == ("app_error", 500, "Boom")
