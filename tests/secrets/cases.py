"""Cases: each an exchange that follows from the seed and its number alone, so that client and app need not speak of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Final
from urllib.parse import quote

from . import bodies, kinds, rules
from .bodies import Body, Headers
from .jsons import Planter, text
from .kinds import Secret
from .rules import Rule

#: Whoever wants other cases names another.
SEED: Final = os.environ.get("OFFPATH_TEST_SEED", "1")

#: One of so many cases is under the rule that masks nothing.
OPEN: Final = 10

#: How many of a hundred are websocket sessions, and end with an exception.
WEBSOCKETS: Final = 8
ERRORS: Final = 5


def all_rules() -> list[Rule]:
    """The rules of this seed."""
    return rules.make(Random(f"{SEED} rules"))


@dataclass
class Case:
    """One exchange."""

    number: int
    rule: Rule
    target: str = ""
    headers: Headers = field(default_factory=list)
    request: Body = field(default_factory=lambda: Body("none", b""))
    response: Body = field(default_factory=lambda: Body("none", b""))
    #: What is planted beside bodies, and where.
    planted: list[tuple[str, Secret]] = field(default_factory=list)
    error: str = ""
    #: Messages of a websocket, of the client and of the app.
    said: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    request_chunks: list[bytes] = field(default_factory=list)
    response_chunks: list[bytes] = field(default_factory=list)

    @cached_property
    def path(self) -> str:
        """Its path, which no other has."""
        return self.target.partition("?")[0]

    @property
    def is_websocket(self) -> bool:
        """Whether it is a websocket session."""
        return bool(self.said)

    def secrets(self) -> list[tuple[str, Secret]]:
        """All that is planted, and where."""
        found = list(self.planted)
        for direction, body in (("request", self.request), ("response", self.response)):
            found += [(f"{direction}, {body.kind}", secret) for secret in body.planted]
        return found


def case(number: int, of: list[Rule]) -> Case:
    """The case of this number."""
    chance = Random(f"{SEED} {number}")
    rule = of[0] if number % OPEN == 0 else of[chance.randrange(1, len(of))]
    made = Case(number, rule)
    made.target = _target(chance, made)
    made.headers = _headers(chance, made)
    kind = chance.randrange(100)
    if kind < WEBSOCKETS:
        _make_websocket(chance, made)
        return made
    if chance.random() < 0.7:
        made.request = bodies.make(chance, rule, "request_body")
    made.request_chunks = bodies.chunks(chance, made.request.content)
    if kind < WEBSOCKETS + ERRORS:
        made.error = _error(chance, made)
        return made
    made.response = bodies.make(chance, rule, "response_body")
    made.response_chunks = bodies.chunks(chance, made.response.content)
    return made


def number_of(path: str) -> int:
    """The number of the case that a request to this path is of."""
    return int(path.split("/")[2])


def _target(chance: Random, made: Case) -> str:
    rule, path = made.rule, f"/{made.rule.number}/{made.number}"
    if rule.patterns and chance.random() < 0.2:
        path += f"/{quote(_found(chance, made, 'path').text, safe='')}/end"
    pairs = [f"q={chance.randrange(100)}"]
    for _ in range(chance.choice([0, 0, 1, 2])):
        if rule.patterns and chance.random() < 0.4:
            pairs.append(f"q={quote(_found(chance, made, 'query').text, safe='')}")
        else:
            secret = kinds.value(chance)
            made.planted.append(("query", secret))
            pairs.append(f"{chance.choice(rule.parameters)}={quote(secret.text, safe='')}")
    chance.shuffle(pairs)
    return f"{path}?{'&'.join(pairs)}"


def _headers(chance: Random, made: Case) -> Headers:
    headers = []
    rule = made.rule
    for name in chance.sample(rule.headers, chance.randrange(min(3, len(rule.headers) + 1))):
        secret = kinds.token(chance)
        made.planted.append(("header", secret))
        headers.append((name, f"a={secret.text}; b"))
    if rule.patterns and not rule.is_open and chance.random() < 0.3:
        headers.append(("x-note", f"so {_found(chance, made, 'header').text} it is"))
    return headers


def _make_websocket(chance: Random, made: Case) -> None:
    small = made.rule.sizes["websocket"]
    for messages in (made.said, made.answered):
        planter = Planter(chance, made.rule, containers=made.rule.masks_unknown)
        for _ in range(chance.randrange(1, 5)):
            if made.rule.patterns and chance.random() < 0.3:
                messages.append(planter.sentence())
            else:
                messages.append(planter.document(chance.choice([0, 50, min(small, 3000)])))
        made.planted += [("websocket", secret) for secret in planter.planted]
        messages[:] = [message.encode("utf-8", "ignore").decode() for message in messages]


def _error(chance: Random, made: Case) -> str:
    if not made.rule.patterns:
        return text(chance, 3)
    return f"{text(chance, 2)} {_found(chance, made, 'error').text} {text(chance, 2)}"


def _found(chance: Random, made: Case, where: str) -> Secret:
    """Something that a pattern of its rule finds."""
    secret = chance.choice(made.rule.patterns)(chance)
    made.planted.append((where, secret))
    return secret
