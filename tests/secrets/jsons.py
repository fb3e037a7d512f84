"""JSON by chance: as deep, as odd and as long as it comes, with secrets planted in it."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from . import kinds
from .kinds import Secret
from .rules import Rule

_WORDS: Final = (
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "Äpfel",
    "in",
    "\n",
    "{a}",
    "→",
    '"so"',
    "a\\b",
    "😀",
    "'",
    "1,2",
)

#: What is no string, and some of it no JSON either.
_BARE: Final = ("true", "null", "0", "-1.5e3", "12.25", '"\\ud83d"', "NaN", "1e999", "{}", "[]")


class Bare(str):
    """What is written as it is."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object, whose keys may come twice."""


def text(chance: Random, words: int) -> str:
    """Words without any meaning, each shorter than a secret."""
    return " ".join(chance.choices(_WORDS, k=words))


class Planter:
    """Makes one document, and says what it has planted."""

    def __init__(self, chance: Random, rule: Rule, *, containers: bool) -> None:
        self._chance, self._rule = chance, rule
        #: Whether secrets may stand in an object or array under a secret key: if that is cut, only some rules find them.
        self._containers = containers
        self.planted: list[Secret] = []

    def document(self, size: int) -> str:
        """A document of about so many bytes."""
        chance = self._chance
        outermost: list[Any] = Members() if chance.random() < 0.8 else []
        containers = [outermost]
        written = 0
        while written < size:
            into = chance.choice(containers[-8:])
            made, length = self._filler(size)
            if isinstance(made, list):
                containers.append(made)
            self._put(into, made)
            written += length + 8
        for _ in range(chance.randrange(1, 4)):
            self.plant(chance.choice(containers))
        return self.written(outermost)

    def plant(self, into: list[Any]) -> None:
        """Plant a secret in an object, or an array."""
        chance = self._chance
        if self._rule.patterns and chance.random() < 0.5:
            self._put(into, self.sentence())
            return
        member = (chance.choice(self._rule.keys), self.secret_value())
        is_object = isinstance(into, Members)
        into.insert(chance.randrange(len(into) + 1), member if is_object else Members([member]))

    def secret_value(self) -> Any:
        """What stands under a key that is secret."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.2:
            secret = kinds.number(chance)
            self.planted.append(secret)
            return Bare(secret.text)
        if self._containers and kind < 0.4:
            inner = [self.secret_value(), chance.choice(_WORDS), self.secret_value()]
            return inner if kind < 0.3 else Members([("a", inner[0]), ("b", Members([("c", inner[1:])]))])
        secret = kinds.value(chance)
        self.planted.append(secret)
        return secret.text

    def sentence(self) -> str:
        """A text with something in it that a pattern finds."""
        chance = self._chance
        secret = chance.choice(self._rule.patterns)(chance)
        self.planted.append(secret)
        return f"{text(chance, chance.randrange(3))} {secret.text} {text(chance, chance.randrange(3))}"

    # --- what is around it ------------------------------------------------------------------------------------------

    def _filler(self, size: int) -> tuple[Any, int]:
        chance = self._chance
        kind = chance.random()
        if kind < 0.3:
            return (Members() if chance.random() < 0.6 else []), 2
        if kind < 0.5:
            made = chance.choice(_BARE)
            return Bare(made), len(made)
        if kind < 0.55 and size > 200:
            inner = self.document(chance.randrange(size // 4))
            return inner, len(inner)
        words = text(chance, chance.randrange(1, 4 + min(size // 40, 200)))
        return words, len(words)

    def _put(self, into: list[Any], made: Any) -> None:
        """Put a value at any place of an object, or an array."""
        is_object = isinstance(into, Members)
        into.insert(self._chance.randrange(len(into) + 1), (f"k{len(into)}", made) if is_object else made)

    # --- how it is written ------------------------------------------------------------------------------------------

    def written(self, value: Any) -> str:
        """The text of a value, with blanks and escapes as they come."""
        chance = self._chance
        blank = chance.choice(["", "", " ", "\n  ", "\t"])
        escapes = chance.choice([0.0] * 6 + [0.05] * 3 + [1.0])
        return self._written(value, blank, escapes)

    def _written(self, value: Any, blank: str, escapes: float) -> str:
        if isinstance(value, Bare):
            return value
        if isinstance(value, str):
            return self._string(value, escapes)
        if isinstance(value, Members):
            brackets, items = "{}", [self._member(*member, blank, escapes) for member in value]
        else:
            brackets, items = "[]", [self._written(item, blank, escapes) for item in value]
        return brackets[0] + blank + f",{blank}".join(items) + blank + brackets[1]

    def _member(self, key: str, value: Any, blank: str, escapes: float) -> str:
        return f"{self._string(key, escapes)}:{blank}{self._written(value, blank, escapes)}"

    def _string(self, content: str, escapes: float) -> str:
        if not escapes:
            return json.dumps(content, ensure_ascii=self._chance.random() < 0.5)
        units = content.encode("utf-16-be")
        pairs = [units[at : at + 2] for at in range(0, len(units), 2)]
        return '"' + "".join(self._unit(pair, escapes) for pair in pairs) + '"'

    def _unit(self, pair: bytes, escapes: float) -> str:
        code = int.from_bytes(pair, "big")
        plain = 0x20 <= code < 0x7F and chr(code) not in '"\\'
        if plain and self._chance.random() >= escapes:
            return chr(code)
        return f"\\u{code:04x}" if self._chance.random() < 0.5 else f"\\u{code:04X}"
