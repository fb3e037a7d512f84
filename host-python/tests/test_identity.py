"""Who made a request, as the app's own middleware and handlers leave it in the scope."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from conftest import Recording
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket
from support.asgi import OK, exchange, websocket_scope

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Names(AuthenticationBackend):
    """Believes whoever says a name."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser] | None:
        name = conn.headers.get("x-name")
        return name and (AuthCredentials(["known"]), SimpleUser(name))


async def home(request: Request) -> Response:
    request.session["uid"] = 42
    request.state.tenant = "acme"
    return PlainTextResponse("hello")


async def streamed(request: Request) -> Response:
    async def chunks() -> Any:
        yield b"first"
        request.state.tenant = "late"
        yield b"last"

    return StreamingResponse(chunks())


async def chat(websocket: WebSocket) -> None:
    websocket.state.tenant = "acme"
    await websocket.accept()
    await websocket.close()


async def failing(request: Request) -> Response:
    request.state.tenant = "acme"
    raise RuntimeError("in the handler")


APP = Starlette(
    routes=[
        Route("/", home),
        Route("/streamed", streamed),
        Route("/failing", failing),
        Mount("/of/{tenant}", routes=[Route("/items/{item:int}", home)]),
        WebSocketRoute("/chat", chat),
    ],
    middleware=[
        Middleware(SessionMiddleware, secret_key="not a secret"),
        Middleware(AuthenticationMiddleware, backend=Names()),
    ],
)


def identity(user: str | list[str], **others: Any) -> dict[str, Any]:
    return {"capture": {"identity": {"user": user} | others}}


async def get(app: Any, path: str = "/", **headers: str) -> Response:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.example") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize(
    ("field", "path", "value"),
    [
        ("user.username", "/", "ada"),
        ("user.display_name", "/", "ada"),
        ("session.uid", "/", "42"),
        ("state.tenant", "/", "acme"),
        ("state.tenant", "/streamed", "late"),
        ("state.tenant", "/failing", "acme"),
        ("path_params.tenant", "/of/acme/items/7", "acme"),
        ("path_params.item", "/of/acme/items/7", "7"),
        ("user.is_authenticated", "/", "True"),
        ("method", "/", "GET"),
    ],
)
async def test_what_the_app_knows_is_in_the_event(
    recording: Recording, field: str, path: str, value: str
) -> None:
    await get(recording.wrap(APP, **identity(f"scope:{field}")), path, **{"x-name": "ada"})
    assert recording.event()["user_id"] == value


async def test_user_session_and_tags_come_together_and_the_first_source_that_has_a_value_is_taken(
    recording: Recording,
) -> None:
    config = identity(
        ["scope:user.nobody", "scope:user.username", "text:anonymous"],
        session="scope:session.uid",
        tags=["scope:state.tenant", "scope:path_params.tenant"],
    )
    await get(recording.wrap(APP, **config), "/of/beta/items/7", **{"x-name": "ada"})
    event = recording.event()
    assert (event["user_id"], event["session_id"], event["tags"]) == ("ada", "42", ["acme", "beta"])


async def test_what_no_one_has_left_is_nobody(recording: Recording) -> None:
    await get(recording.wrap(APP, **identity("scope:user.id", session="scope:nowhere.at.all")))
    event = recording.event()
    assert (event["user_id"], event["session_id"], event["tags"]) == (None, None, [])


async def test_an_error_and_an_identity_are_told_apart(recording: Recording) -> None:
    await get(recording.wrap(APP, **identity("scope:state.tenant")), "/failing")
    event = recording.event()
    assert (event["error"]["type"], event["user_id"]) == ("RuntimeError", "acme")


async def test_a_websocket_session_has_an_identity_too(recording: Recording) -> None:
    await exchange(
        recording.wrap(APP, **identity("scope:state.tenant")),
        websocket_scope("/chat"),
        [{"type": "websocket.connect"}],
    )
    assert recording.event()["user_id"] == "acme"


class Colour(IntEnum):
    """A number with a text of its own, which is not asked for."""

    RED = 7

    def __str__(self) -> str:
        raise AssertionError("no code of the app is run for a number")


class Shout(str):
    """A text with a text of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError("no code of the app is run for a text")


class Lazy(Mapping[str, str]):
    """A mapping that is no dict."""

    def __getitem__(self, key: str) -> str:
        return {"id": "lazily"}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(["id"])

    def __len__(self) -> int:
        return 1


ID = uuid.UUID(int=7)

VALUES: list[tuple[Any, str | None]] = [
    ({"id": "ada"}, "ada"),
    (SimpleNamespace(id="ada"), "ada"),
    (Lazy(), "lazily"),
    ({"id": "Zoë 雪"}, "Zoë 雪"),
    ({"id": Shout("ada")}, "ada"),
    ({"id": 7}, "7"),
    ({"id": -(2**100)}, str(-(2**100))),
    ({"id": Colour.RED}, "7"),
    ({"id": False}, "False"),
    ({"id": ID}, str(ID)),
    ({"id": "u" * 200}, "u" * 200),
    ({"id": "u" * 201}, None),
    ({"id": "u" * 10_000_000}, None),
    ({"id": 10**5000}, None),
    ({"id": ""}, None),
    ({"id": "\ud800"}, "\ufffd" * 3),
    ({"id": None}, None),
    ({"id": 1.5}, None),
    ({"id": b"ada"}, None),
    ({"id": ["ada"]}, None),
    ({"id": SimpleNamespace()}, None),
    ({}, None),
    (None, None),
    ("ada", None),
    (7, None),
]


@pytest.mark.parametrize(("user", "told"), VALUES, ids=range(len(VALUES)))
async def test_texts_numbers_and_uuids_are_told_and_nothing_else(
    recording: Recording, user: Any, told: str | None
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = user
        await OK(scope, receive, send)

    await exchange(recording.wrap(app, **identity("scope:user.id")))
    assert recording.event()["user_id"] == told


def raising(error: BaseException) -> type:
    class Raising:
        def __getattr__(self, name: str) -> Any:
            raise error

    return Raising


def raising_key(error: BaseException) -> type:
    class Raising(Lazy):
        def __getitem__(self, key: str) -> str:
            raise error

    return Raising


@pytest.mark.parametrize("make", [raising, raising_key])
@pytest.mark.parametrize("error", [ValueError("no"), KeyError("no"), SystemExit(3), RecursionError()])
async def test_what_looking_up_raises_is_as_if_there_were_nothing(
    recording: Recording, counted: Any, make: Callable[[BaseException], type], error: BaseException
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = make(error)()
        await OK(scope, receive, send)

    await exchange(recording.wrap(app, **identity("scope:user.id")))
    assert counted() == {"captured": 1}
    assert recording.event()["user_id"] is None


async def test_where_nothing_is_asked_for_nothing_is_looked_up(recording: Recording) -> None:
    looked: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            looked.append(name)
            raise AttributeError(name)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = Watched()
        await OK(scope, receive, send)

    await exchange(recording.wrap(app))
    assert (looked, recording.event()["user_id"]) == ([], None)
