"""Rules as a service has them: many, of which each exchange of the measurements is for the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Rule = dict[str, Any]

#: What a rule looks at; none of these matches what is measured.
_KINDS: Final[list[Callable[[int], Rule]]] = [
    lambda number: {"path": f"/v1/other{number}/**", "method": "POST"},
    lambda number: {"path": f"/v1/*/other{number}"},
    lambda number: {"host": f"h{number}.example.com", "path": "/v1/**"},
    lambda number: {"header": {"x-tenant": f"t{number}*"}},
    lambda number: {"content_type": "text/*", "path": ["/v1/chat/**", f"/v{number}/**"]},
]


def configuration(count: int) -> dict[str, Any]:
    """A configuration with so many rules."""
    others = [{"match": _KINDS[number % len(_KINDS)](number)} for number in range(count - 1)]
    last = {"name": "measured", "match": {"path": "/**", "method": ["GET", "POST"]}}
    return {"service": {"name": "bench"}, "rule": [*others, last]}
