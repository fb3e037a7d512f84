"""No client of a model's API: a request as anyone may make it."""

from __future__ import annotations

from typing import Any

import httpx

from .heard import Ask, Heard, asking


def request(method: str, path: str, **asked: Any) -> Ask:
    """Ask for this path; ``asked`` is what ``httpx.request`` takes."""

    def ask(url: str, _heard: Heard) -> None:
        httpx.request(method, url + path, **asked)

    return asking(ask)
