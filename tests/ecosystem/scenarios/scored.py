"""Scores, of each type and of each thing that can have one."""

from __future__ import annotations

from typing import Final

from .scenario import Scenario, Sdk

TRACE: Final = "1af7651916cd43dd8448eb211c80319e"
OBSERVATION: Final = "10f067aa0ba902b9"
SCORE: Final = "feedback-1"


def of_observations(sdk: Sdk) -> None:
    """An observation scores itself, and its trace."""
    client = sdk.get_client()
    with client.start_as_current_observation(as_type="generation", name="answer") as generation:
        generation.score(name="accuracy", value=0.92, data_type="NUMERIC", comment="close")
        generation.score(name="tone", value="friendly", data_type="CATEGORICAL")
        generation.score_trace(name="solved", value=1, data_type="BOOLEAN")


def of_what_is_current(sdk: Sdk) -> None:
    """The same from within, without the observation at hand."""
    client = sdk.get_client()

    @sdk.observe()
    def answer() -> str:
        client.score_current_span(name="length", value=12.0)
        client.score_current_trace(name="verdict", value="good", comment="all fine", metadata={"by": "rule"})
        return "an answer"

    answer()


def from_outside(sdk: Sdk) -> None:
    """A user's feedback, which comes later: of a trace, of an observation in it, of a session."""
    client = sdk.get_client()
    client.create_score(name="feedback", value=1, trace_id=TRACE, data_type="BOOLEAN", score_id=SCORE)
    client.create_score(
        name="stars", value=4.0, trace_id=TRACE, observation_id=OBSERVATION, config_id="config-1"
    )
    client.create_score(name="mood", value="calm", session_id="session-9")
    client.create_score(name="remark", value="Well said.", trace_id=TRACE, data_type="TEXT")


def in_an_environment(sdk: Sdk) -> None:
    """Scores are of the environment that their observation is of."""
    client = sdk.get_client()
    with (
        sdk.propagate_attributes(environment="staging"),
        client.start_as_current_observation(as_type="span", name="tried out") as span,
    ):
        span.score(name="quality", value=0.5)


SCENARIOS: Final = (
    Scenario(of_observations),
    Scenario(of_what_is_current),
    Scenario(from_outside, fixed=(TRACE, OBSERVATION, SCORE, "session-9")),
    Scenario(in_an_environment),
)
