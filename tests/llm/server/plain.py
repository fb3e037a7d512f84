"""APIs of JSON that have nothing to do with models, however much they look like it: the script says all that they answer."""

from __future__ import annotations

from .script import Reply, Request, Script
from .wire import whole


def answer(_request: Request, script: Script) -> Reply:
    """Answer with the script's body."""
    return whole(script, script.body, script.options.get("media", "application/json"))
