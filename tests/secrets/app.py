"""The app of all cases: it knows from the path which case a request is, and answers as that says.

``uvicorn tests.secrets.app:app``, and without offpath ``tests.secrets.app:answer``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import offpath

from . import rules
from .cases import Case, all_rules, case, number_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_RULES = all_rules()


async def answer(scope: Message, receive: Receive, send: Send) -> None:
    """Answer as the case says."""
    made = case(number_of(scope["path"]), _RULES)
    if scope["type"] == "websocket":
        await _converse(made, receive, send)
        return
    while (await receive()).get("more_body", False):
        pass
    if made.error:
        raise RuntimeError(made.error)
    headers = [(name.encode(), value.encode()) for name, value in made.response.headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for chunk in made.response_chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body"})


async def _converse(made: Case, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    for _ in made.said:
        await receive()
    for message in made.answered:
        await send({"type": "websocket.send", "text": message})
    await send({"type": "websocket.close"})


#: All that a run may have in its ring before the exporter takes it.
_ROOM = {"size": "256MiB"}

app = offpath.OffpathMiddleware(answer, config={**rules.configuration(_RULES, "secrets"), "ring": _ROOM})
