"""What a scenario is, and what it is played with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sdk:
    """The names that scenarios use, of one SDK."""

    observe: Any
    get_client: Any
    propagate_attributes: Any
    #: ``CallbackHandler`` of LangChain.
    callback_handler: Any
    #: Takes a base URL; a client of the openai package whose calls are recorded, as long as the block lasts.
    openai: Callable[[str], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Scenario:
    """What an app does."""

    play: Callable[[Sdk], None]
    #: The ids that it gives itself.
    fixed: tuple[str, ...] = ()
    #: Whether what it does is in one order.
    ordered: bool = True

    @property
    def name(self) -> str:
        """What it is called: its module and its function."""
        return f"{self.play.__module__.rpartition('.')[2].rstrip('_')}.{self.play.__name__}"
