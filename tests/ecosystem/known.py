"""What is known to differ from what the official SDK tells, and why: all of it, and no more than that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from .compare import NOTHING, Difference
from .seen import Seen

#: Fits what it is given.
Fits = Callable[[Any], bool]


@dataclass(frozen=True)
class Known:
    """A difference that is meant."""

    why: str
    #: In which scenarios, as patterns of their names.
    scenarios: tuple[str, ...]
    #: A regular expression that the whole path of the difference fits.
    at: str
    #: What the official SDK tells there, or whether it is one of such values.
    official: Any
    #: What is told there by way of offpath; likewise.
    ours: Any
    variants: tuple[str, ...] = ("offpath",)

    def holds_for(self, variant: str, scenario: str) -> bool:
        """Return whether it is to be found there."""
        return variant in self.variants and any(fnmatchcase(scenario, each) for each in self.scenarios)

    def explains(self, difference: Difference) -> bool:
        """Return whether a difference is this one."""
        return (
            re.fullmatch(self.at, difference.path) is not None
            and _fits(self.official, difference.official)
            and _fits(self.ours, difference.ours)
        )


def _fits(wanted: Any, value: Any) -> bool:
    return bool(wanted(value)) if callable(wanted) else bool(wanted == value)


def _any(_: Any) -> bool:
    return True


#: In any observation, however deep.
_ANYWHERE: Final = r"traces\.\d+\.roots\.\d+(\.children\.\d+)*"

KNOWN: Final[tuple[Known, ...]] = (
    # --- observations -----------------------------------------------------------------------------------------------
    Known(
        "The official SDK has the message of a block that raised from OpenTelemetry, which puts the class before it; of a "
        "function that raised it has none. Here it is the same for both, and the class is told as the error's type.",
        ("manual.raising_blocks",),
        r"traces\.0\.roots\.0\.status_message",
        "RuntimeError: it broke",
        "it broke",
    ),
    Known(
        "The exporter prices the tokens of a model that it knows. Of the official SDK's, Langfuse does.",
        ("manual.context_managers", "contextual.update_current"),
        rf"{_ANYWHERE}\.cost",
        NOTHING,
        lambda ours: ours.keys() == {"input", "output", "total"},
    ),
    Known(
        "Metadata of a trace is kept within the limits of [spans], not of 200 characters, which are those of what the "
        "official SDK hands on in OpenTelemetry's context.",
        ("contextual.invalid",),
        rf"{_ANYWHERE}\.metadata",
        NOTHING,
        {"long": "m" * 201},
    ),
    # --- scores -----------------------------------------------------------------------------------------------------
    Known(
        "The type of a score that names none is told. It is the one that Langfuse gives it.",
        ("scored.of_what_is_current", "scored.from_outside", "scored.in_an_environment"),
        r"(traces\.0\.)?(roots\.0\.)?scores\.\d+\.dataType",
        NOTHING,
        lambda ours: ours in ("NUMERIC", "CATEGORICAL"),
    ),
    # --- the client of OpenAI -----------------------------------------------------------------------------------------
    Known(
        "A generation that is read from a call over HTTP is called after what it does, as in OpenTelemetry's conventions.",
        ("openai.*",),
        rf"{_ANYWHERE}\.name",
        "OpenAI-generation",
        lambda ours: ours in ("chat instant", "chat error-400"),
    ),
    Known(
        "Only the parameters that were sent are told; the official SDK tells the API's defaults, too, as it knows them.",
        ("openai.chat", "openai.streamed"),
        rf"{_ANYWHERE}\.model_parameters\.(frequency_penalty|presence_penalty|temperature|top_p)",
        lambda official: official in (0, 1),
        NOTHING,
    ),
    Known(
        "The same, where none were sent.",
        ("openai.tool_calls", "openai.failing"),
        rf"{_ANYWHERE}\.model_parameters",
        {
            "temperature": 1,
            "max_tokens": "Infinity",
            "top_p": 1,
            "frequency_penalty": 0,
            "presence_penalty": 0,
        },
        NOTHING,
    ),
    Known(
        "What a model says is a list of messages, of which an API may give several, and is so of streams, too.",
        ("openai.chat", "openai.streamed", "openai.tool_calls"),
        rf"{_ANYWHERE}\.output",
        _any,
        lambda ours: isinstance(ours, list) and [message["role"] for message in ours] == ["assistant"],
    ),
    Known(
        "The input is the messages; the tools that are offered are in the body, which is kept within its limits.",
        ("openai.tool_calls",),
        rf"{_ANYWHERE}\.input",
        lambda official: official.keys() == {"messages", "tools"},
        lambda ours: [message["role"] for message in ours] == ["system", "user"],
    ),
    Known(
        "Why a stream ended is told of the generation, which Langfuse has no field for, and not as metadata.",
        ("openai.streamed",),
        rf"{_ANYWHERE}\.metadata",
        {"finish_reason": "stop"},
        NOTHING,
    ),
    Known(
        "A call that failed has no cost. The official SDK says that it is nothing.",
        ("openai.failing",),
        rf"{_ANYWHERE}\.cost",
        {"input": 0, "output": 0, "total": 0},
        NOTHING,
    ),
    Known(
        "The output of a call that failed is what the API answered, and the message is the API's.",
        ("openai.failing",),
        rf"{_ANYWHERE}\.(output|status_message)",
        _any,
        lambda ours: "the model error-400 always answers with this" in str(ours),
    ),
    Known(
        "A call that is no part of a request names its trace, as a request does.",
        ("openai.failing",),
        rf"{_ANYWHERE}\.trace_name",
        NOTHING,
        "chat error-400",
    ),
)


def _goes_on(told: Seen) -> Seen:
    """Put what is in a trace of its own below what it goes on with."""
    first, second = told["traces"]
    [root], [more] = first["roots"], second["roots"]
    children = [*root["children"], more]
    return {**told, "traces": [{**first, "roots": [{**root, "children": children}]}]}


@dataclass(frozen=True)
class Rearranged:
    """A scenario whose trees are meant to be others."""

    why: str
    scenario: str
    #: The scenario whose telling by the official SDK is what this one's should be.
    told_as: str
    change: Callable[[Seen], Seen] = lambda told: told
    variants: tuple[str, ...] = ("offpath",)


REARRANGED: Final[tuple[Rearranged, ...]] = (
    Rearranged(
        "LangChain begins the chains of a batch in one context, one after another. The official handler takes each for a "
        "part of the one before, and leaves one current for ever, so that whatever comes later is a part of it. Each is "
        "to be as if it were alone.",
        "langchain.batch_of_chains",
        "langchain.chains_one_by_one",
    ),
    Rearranged(
        "A graph that goes on after an interrupt is told below what it goes on with. The official handler means to, but "
        "not where LangGraph keeps the interrupt from the caller.",
        "langgraph.interrupted",
        "langgraph.interrupted",
        _goes_on,
    ),
)
