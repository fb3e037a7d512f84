"""The app of a case: it receives and sends what the case says, in step with the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.routing import Route, Router, WebSocketRoute

from .case import Case

Scope = MutableMapping[str, Any]
AsgiMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Steps:
    """Keeps client and app in step, so that the network has never two chunks that it could join into one."""

    def __init__(self) -> None:
        self._by_app: asyncio.Queue[int] = asyncio.Queue()
        self._by_client: asyncio.Queue[int] = asyncio.Queue()

    def app_received(self, size: int) -> None:
        """Let the client go on, which sent so many bytes."""
        self._by_app.put_nowait(size)

    def client_received(self, size: int) -> None:
        """Let the app go on, which sent so many bytes."""
        self._by_client.put_nowait(size)

    def app_ended(self) -> None:
        """A client that waits now waits in vain."""
        self.app_received(-1)

    async def until_app_received(self, size: int) -> None:
        """Wait for the app."""
        received = await self._by_app.get()
        assert received == size, f"the app has ended, or received {received} bytes of {size}"

    async def until_client_received(self, size: int) -> None:
        """Wait for the client."""
        received = await self._by_client.get()
        assert received == size, f"the client received {received} bytes of {size}"


def app_of(case: Case, steps: Steps) -> App:
    """Return the app, behind a router if the case has a route."""
    one = _WebSocketApp(case, steps) if case.is_websocket else _HttpApp(case, steps)
    if case.route is None:
        return one
    route = WebSocketRoute if case.is_websocket else Route
    return Router([route(case.route, one)])


class _HttpApp:
    def __init__(self, case: Case, steps: Steps) -> None:
        self._case, self._steps = case, steps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        case, steps = self._case, self._steps
        steps.app_received(0)
        if not case.answered_early and not await self._read(receive):
            return
        await asyncio.sleep(case.takes_ms / 1000)
        headers = case.response_headers
        await send({"type": "http.response.start", "status": case.status, "headers": headers})
        for chunk in case.unsent:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        for number, chunk in enumerate(case.response, 1):
            last = number == len(case.response) and not case.client_leaves
            await send({"type": "http.response.body", "body": chunk, "more_body": not last})
            if not last:
                await steps.until_client_received(len(chunk))
        if case.client_leaves:
            assert (await receive())["type"] == "http.disconnect"
        elif not case.response:
            await send({"type": "http.response.body"})

    async def _read(self, receive: Receive) -> bool:
        """Read the body; return whether the client stays for an answer."""
        more = True
        for chunk in self._case.request:
            seen = 0
            while seen < len(chunk):
                message = await receive()
                seen += len(message["body"])
                more = message["more_body"]
            self._steps.app_received(len(chunk))
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            assert not message["body"]
            more = message["more_body"]
        return True


class _WebSocketApp:
    def __init__(self, case: Case, steps: Steps) -> None:
        self._case, self._steps = case, steps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "websocket.connect"
        session = self._case.websocket
        if session is None:
            await self._refuse(send)
            return
        headers = self._case.response_headers
        await send(
            {"type": "websocket.accept", "subprotocol": session.subprotocol or None, "headers": headers}
        )
        for message in session.messages:
            if message.sender == "ping":
                continue  # The server answers it.
            if message.sender == "client":
                received = await receive()
                assert (received.get("bytes") or received["text"].encode()) == message.payload
                self._steps.app_received(len(message.payload))
            else:
                content = {"text": message.payload.decode()} if message.text else {"bytes": message.payload}
                await send({"type": "websocket.send", **content})
                await self._steps.until_client_received(len(message.payload))
        if session.closed_by == "server":
            await send({"type": "websocket.close", "code": session.close_code})
        else:
            assert (await receive())["type"] == "websocket.disconnect"

    async def _refuse(self, send: Send) -> None:
        case = self._case
        if not case.response:
            # Servers make a 403 of it.
            await send({"type": "websocket.close"})
            return
        headers = case.response_headers
        await send({"type": "websocket.http.response.start", "status": case.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b"".join(case.response)})
