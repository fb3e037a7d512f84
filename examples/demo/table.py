"""Tables in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the rows under their head, in columns; columns of numbers are on the right."""
    columns = list(zip(head, *([str(cell) for cell in row] for row in rows), strict=True))
    lines = zip(*(_column(name, cells) for name, *cells in columns), strict=True)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _column(name: str, cells: Sequence[str]) -> list[str]:
    width = max(map(len, (name, *cells)))
    is_numbers = all(re.fullmatch(r"[+-]?[\d.]*", cell) for cell in cells)
    place = str.rjust if is_numbers else str.ljust
    return [place(name, width), "─" * width, *(place(cell, width) for cell in cells)]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of the ordered values lies below."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
