"""What two events of one exchange must have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Event = dict[str, Any]

#: By the name of the case: its event, or None if nothing was recorded, or why the case was not run.
Events = dict[str, "Event | Exception | None"]

#: Why two events of one exchange differ in this.
MAY_DIFFER: Final[Mapping[str, str]] = {
    "id": "every event has one of its own",
    "span_id": "every event is a span of its own",
    "trace_id": "made by chance, unless the request brings one; then the case's event names it",
    "start_time": "a time",
    "duration_ns": "a time",
    "first_byte_ns": "a time; whether there is one is compared",
    "source": "says who looked",
    "proxy": "what only a proxy knows",
}

#: What of a generation may differ, for the same reason.
TIMES_OF_A_GENERATION: Final = ("first_token_ns", "tokens_per_second")


def comparable(event: Event) -> Event:
    """What must be equal. Of times, whether there is one."""
    same = {name: value for name, value in event.items() if name not in MAY_DIFFER}
    same["has_first_byte"] = event["first_byte_ns"] is not None
    if generation := event.get("llm"):
        times = {name: generation[name] is not None for name in TIMES_OF_A_GENERATION}
        same["llm"] = generation | times
    return same


def what_is_named(expected: Any, actual: Any) -> Any:
    """``actual`` reduced to what ``expected`` names, so that a comparison of the two shows what is not as expected."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: what_is_named(value, actual.get(name, "absent")) for name, value in expected.items()}
    return actual
