"""Exchanges that sampling leaves out: counted, and nothing of them kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import offpath
import pytest
from conftest import Recording
from support.asgi import OK, answering, body, exchange, http_scope, request, start

pytestmark = pytest.mark.anyio

NEVER = {"sample": 0.0}
KEPT = b"what is kept is written"
NOT_KEPT = b"what is not kept is not"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def ring() -> bytes:
    status: Any = offpath.status()
    return Path(status["ring"]["path"]).read_bytes()


async def test_what_is_not_kept_is_counted_apart(recording: Recording, counted: Any) -> None:
    app = recording.wrap(OK, capture=NEVER)
    for _ in range(3):
        await exchange(app)
    assert counted() == {"unsampled": 3}
    assert recording.events() == []


async def test_of_what_is_not_kept_no_content_enters_the_ring(recording: Recording) -> None:
    def app(content: bytes, **capture: Any) -> Any:
        return recording.wrap(answering(start(), body(content * 100)), capture=capture)

    async def record(app: Any, content: bytes) -> None:
        headers = [(b"host", b"api.example"), (b"user-agent", content)]
        scope = http_scope(headers=headers, query_string=b"q=" + content)
        await exchange(app, scope, request(content * 100))

    await record(app(KEPT), KEPT)
    await record(app(NOT_KEPT, **NEVER), NOT_KEPT)
    written = ring()
    assert (KEPT in written, NOT_KEPT in written) == (True, False)


async def test_what_matters_is_kept_whatever_the_rate(recording: Recording, counted: Any) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/failing":
            raise RuntimeError
        await OK(scope, receive, send)

    app = recording.wrap(failing, capture={"sample": {"rate": 0, "keep": ["error"]}})
    await exchange(app)
    with pytest.raises(RuntimeError):
        await exchange(app, http_scope("/failing"))
    assert counted() == {"captured": 1, "unsampled": 1}
    assert recording.event()["path"] == "/failing"
