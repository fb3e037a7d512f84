"""What offpath adds to an exchange stays within a budget, whatever the machine is doing meanwhile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .instructions import SIZES, added, why_not

#: Measured, and a tenth more. Whoever lowers a number lowers its budget; whoever must raise one says why.
BUDGET: dict[str, int] = json.loads(
    Path(__file__).with_name("instruction_budget.json").read_text(encoding="utf-8")
)

REASON = why_not()


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
@pytest.mark.parametrize("name", SIZES)
def test_an_exchange_stays_within_its_budget_of_instructions(name: str) -> None:
    instructions = added(SIZES[name])
    print(f"{name}: {instructions:,} instructions added, the budget is {BUDGET[name]:,}")
    assert instructions <= BUDGET[name]
