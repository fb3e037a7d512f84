"""What Langfuse gets of each scenario is what it gets of the official SDK, the known differences aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from .compare import differences
from .known import KNOWN, REARRANGED
from .play_all import Played, Variant, play_all
from .seen import seen

#: Told without importing the scenarios, which need the packages of the other environment.
NAMES: Final = [
    "decorated.functions",
    "decorated.asynchronous",
    "decorated.named",
    "decorated.raising",
    "decorated.methods",
    "decorated.values",
    "decorated.of_a_call",
    "nested.three_levels",
    "nested.asynchronous",
    "nested.in_threads",
    "nested.recursive",
    "generators.sync",
    "generators.asynchronous",
    "generators.transformed",
    "generators.raising",
    "generators.response",
    "manual.context_managers",
    "manual.raising_blocks",
    "manual.by_hand",
    "manual.types",
    "manual.events",
    "manual.explicit_ids",
    "manual.seeded_ids",
    "manual.where_we_are",
    "manual.linked_prompt",
    "contextual.update_current",
    "contextual.propagated",
    "contextual.propagated_from_outside",
    "contextual.environment",
    "contextual.invalid",
    "contextual.public",
    "scored.of_observations",
    "scored.of_what_is_current",
    "scored.from_outside",
    "scored.in_an_environment",
    "langchain.chain",
    "langchain.asynchronous",
    "langchain.tool_calls",
    "langchain.streamed",
    "langchain.streamed_later",
    "langchain.completion",
    "langchain.retriever",
    "langchain.parallel",
    "langchain.batch",
    "langchain.batch_of_chains",
    "langchain.chains_one_by_one",
    "langchain.failing",
    "langchain.below_a_function",
    "langchain.traced",
    "langgraph.agent",
    "langgraph.interrupted",
    "openai.chat",
    "openai.streamed",
    "openai.tool_calls",
    "openai.failing",
]
OURS: Final[tuple[Variant, ...]] = ("bridged", "offpath")

Play = Callable[[Variant], dict[str, Played]]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Plays all scenarios in a way, once."""
    done: dict[Variant, dict[str, Played]] = {}

    def once(variant: Variant) -> dict[str, Played]:
        if variant not in done:
            done[variant] = play_all(variant, Path(tmp_path_factory.mktemp(variant)))
        return done[variant]

    return once


def told(played: Played) -> dict[str, Any]:
    return seen(played.spans, played.scores, played.fixed, ordered=played.ordered)


def expected(official: dict[str, Played], variant: Variant, scenario: str) -> dict[str, Any]:
    """What the official SDK tells, with what is meant to be in another place."""
    for entry in REARRANGED:
        if entry.scenario == scenario and variant in entry.variants:
            # It is told in another way, or there would be no need.
            assert entry.change(told(official[entry.told_as])) != told(official[scenario])
            return entry.change(told(official[entry.told_as]))
    return told(official[scenario])


@pytest.mark.parametrize("variant", ["official", *OURS])
def test_every_scenario_is_played(play: Play, variant: Variant) -> None:
    assert {name: played.raised for name, played in play(variant).items()} == dict.fromkeys(NAMES)


@pytest.mark.parametrize("scenario", NAMES)
@pytest.mark.parametrize("variant", OURS)
def test_a_scenario_is_told_as_the_official_sdk_tells_it(play: Play, variant: Variant, scenario: str) -> None:
    official, ours = expected(play("official"), variant, scenario), told(play(variant)[scenario])
    found = list(differences(official, ours))
    known = [entry for entry in KNOWN if entry.holds_for(variant, scenario)]
    unknown = [difference for difference in found if not any(entry.explains(difference) for entry in known)]
    assert unknown == []
    # What is in the table, is there.
    idle = [entry for entry in known if not any(entry.explains(difference) for difference in found)]
    assert idle == []
