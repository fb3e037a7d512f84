"""Requests as a client that keeps nothing would make them."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


def get(url: str) -> bytes:
    """Return the body of a response with a status below 400."""
    with urllib.request.urlopen(url) as response:
        body: bytes = response.read()
        return body


def get_json(url: str) -> dict[str, Any]:
    """Return the object that a response holds."""
    value: dict[str, Any] = json.loads(get(url))
    return value
