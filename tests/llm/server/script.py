"""What a model does when it is asked: the same for every API, so that each family only says how it is written down.

A script is data. Ids and times are fixed, so that an answer is the same each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: When every answer was made, in seconds since 1970.
CREATED: Final = 1_767_323_045

#: Changes how an answer is written on the wire, and not what it says.
Change = Callable[[list[bytes]], list[bytes]]


@dataclass(frozen=True)
class Call:
    """The model wants a tool to be called; the arguments are JSON, or what it took for it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Says:
    """One choice of an answer."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: Sequence[Call] = ()
    #: Why it ended, in the API's own words.
    finish: str | None = None
    #: Of several calls in a stream: whether their arguments come by turns.
    interleaved: bool = False
    #: What the API adds to a choice.
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """One answer."""

    choices: Sequence[Says] = ()
    #: The API's own object of counts.
    usage: Mapping[str, Any] | None = None
    #: What the answer says its model and its id are.
    model: str = ""
    id: str = ""
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    #: The whole answer, where it is none of a model's turns: an error, a list of vectors, bytes.
    body: Any = None
    #: What the API adds to an answer, and to each event of a stream.
    extra: Mapping[str, Any] = field(default_factory=dict)
    #: Of a stream: how many events come before it ends without its end; None: all come.
    breaks_after: int | None = None
    #: What comes then: an event of the API's that says what went wrong.
    breaks_with: Any = None
    #: Whether the connection is cut then, rather than the response ended.
    cut: bool = False
    #: Whether the server goes on holding the connection when it has said all.
    stays_open: bool = False
    changes: Sequence[Change] = ()
    #: How many characters a piece of streamed text has; 0: a word.
    piece: int = 0
    #: Of the family's own.
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What a client sent, its body read."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Reply:
    """What is sent in return."""

    status: int
    headers: list[tuple[str, str]]
    chunks: list[bytes]
    cut: bool = False
    stays_open: bool = False
