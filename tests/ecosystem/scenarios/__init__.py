"""The scenarios, each a function that takes an SDK and uses it as an app would."""

from __future__ import annotations

from typing import Final

from . import (
    contextual,
    decorated,
    generators,
    langchain_,
    langgraph_,
    manual,
    nested,
    openai_,
    scored,
)
from .scenario import Scenario

_MODULES: Final = (
    decorated,
    nested,
    generators,
    manual,
    contextual,
    scored,
    langchain_,
    langgraph_,
    openai_,
)

ALL: Final[tuple[Scenario, ...]] = tuple(scenario for module in _MODULES for scenario in module.SCENARIOS)
