"""The client of all cases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Final

from websockets.sync.client import connect

from .cases import Case

#: Exchanges at a time.
_CLIENTS: Final = 8


def play(cases: Sequence[Case], port: int) -> None:
    """Have the exchanges with what listens there."""
    with ThreadPoolExecutor(_CLIENTS) as clients:
        list(clients.map(lambda first: _play(cases[first::_CLIENTS], port), range(_CLIENTS)))


def _play(cases: Sequence[Case], port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        for case in cases:
            if case.is_websocket:
                _converse(case, port)
            else:
                _exchange(case, connection)


def _exchange(case: Case, connection: HTTPConnection) -> None:
    chunks = case.request_chunks
    headers = dict([*case.headers, *case.request.headers])
    if chunks:
        headers["transfer-encoding"] = "chunked"
    connection.request("POST", case.target, iter(chunks) if chunks else None, headers, encode_chunked=True)
    response = connection.getresponse()
    body = response.read()
    if not case.error:
        assert body == case.response.content, f"case {case.number} was answered otherwise"


def _converse(case: Case, port: int) -> None:
    url = f"ws://127.0.0.1:{port}{case.target}"
    with connect(
        url, additional_headers=case.headers, compression=None, proxy=None, max_size=None
    ) as websocket:
        for message in case.said:
            websocket.send(message)
        assert list(websocket) == case.answered
