"""Tables as Markdown has them."""

from __future__ import annotations

from collections.abc import Sequence


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f"\n### {text}\n\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the rows under their head; all columns but the first are on the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows)) + "\n"


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of the ordered values lies below."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
