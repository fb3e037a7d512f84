"""Secrets: each kind as it occurs, with a part that no other has."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

#: So many letters and digits in a row are shown by chance nowhere; of digits alone, and of times and sizes, there are more.
SHORTEST: Final = 8
SHORTEST_NUMBER: Final = 12

LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Secret:
    """A secret, and what of it may never be seen."""

    text: str
    #: Letters and digits that it alone has.
    core: str

    def parts(self) -> Iterator[str]:
        """The shortest parts of it that tell that it was shown."""
        length = SHORTEST_NUMBER if self.core.isdigit() else SHORTEST
        return (self.core[at : at + length] for at in range(len(self.core) - length + 1))


def word(chance: Random, length: int, letters: str = LETTERS) -> str:
    """Letters and digits, of both."""
    return "".join(chance.choices(letters, k=length - 2)) + chance.choice("kqxz") + chance.choice("2468")


def digits(chance: Random, length: int) -> str:
    """So many digits, the first of which is none that is left out."""
    return chance.choice("123456789") + "".join(chance.choices(string.digits, k=length - 1))


# --- patterns -------------------------------------------------------------------------------------------------------


def _email(chance: Random) -> Secret:
    name, host = word(chance, 14, string.ascii_lowercase), word(chance, 10, string.ascii_lowercase)
    return Secret(f"{name}@{host}.example", name)


def _phone(chance: Random) -> Secret:
    number = digits(chance, 11)
    text = f"+49{chance.choice(['', ' ', '-'])}{number[:3]}{chance.choice(['', ' ', '-'])}{number[3:]}"
    return Secret(text, f"49{number}")


def _card(chance: Random) -> Secret:
    number = f"4{digits(chance, 14)}"
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(number), 1)]
    number += str(-sum(each // 10 + each % 10 for each in doubled) % 10)
    between = chance.choice(["", " ", "-"])
    return Secret(between.join(number[at : at + 4] for at in range(0, 16, 4)), number)


def _iban(chance: Random) -> Secret:
    account = digits(chance, 18)
    # D is 13 and E is 14 (ISO 13616).
    number = f"{98 - int(f'{account}131400') % 97:02}{account}"
    between = chance.choice(["", " "])
    return Secret(between.join(f"DE{number}"[at : at + 4] for at in range(0, 22, 4)), number)


def _ipv4(chance: Random) -> Secret:
    parts = [str(chance.randrange(100, 224)) for _ in range(4)]
    return Secret(".".join(parts), "".join(parts))


def _ipv6(chance: Random) -> Secret:
    parts = [digits(chance, 4) for _ in range(8)]
    return Secret(":".join(parts), "".join(parts))


def _bearer(chance: Random) -> Secret:
    token = word(chance, 30)
    if chance.random() < 0.3:
        # Three bytes are four letters: those of the password are by themselves.
        password = base64.b64encode(token.encode()).decode()
        return Secret(f"Basic {base64.b64encode(b'user1:').decode()}{password}", password.rstrip("="))
    return Secret(f"Bearer {token}", token)


def _provider_key(chance: Random) -> Secret:
    prefix, length = chance.choice(
        [("sk-proj-", 32), ("ghp_", 36), ("glpat-", 20), ("AIza", 35), ("hf_", 34)]
    )
    key = word(chance, length)
    return Secret(prefix + key, key)


def _jwt(chance: Random) -> Secret:
    def part(content: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    signature = word(chance, 43)
    return Secret(f"{part({'alg': 'HS256'})}.{part({'sub': word(chance, 12)})}.{signature}", signature)


PATTERNS: Final[dict[str, Callable[[Random], Secret]]] = {
    "email": _email,
    "phone": _phone,
    "card": _card,
    "iban": _iban,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "bearer": _bearer,
    "provider_key": _provider_key,
    "jwt": _jwt,
}

#: An expression of the rules' own, and what it finds.
EXPRESSION: Final = "EMP-[A-Za-z0-9]{16}"


def employee(chance: Random) -> Secret:
    """What the expression finds."""
    number = word(chance, 16)
    return Secret(f"EMP-{number}", number)


# --- values of keys -------------------------------------------------------------------------------------------------

#: What may stand around what is looked for.
_ODD: Final = ["", "", "ä", '"', "\\", "\n", " ", "/", "€\U0001f511", "}", "',", "\\u0041", "&", "%41", "="]


def value(chance: Random) -> Secret:
    """What no pattern knows."""
    core = word(chance, chance.randrange(12, 40))
    return Secret(f"{chance.choice(_ODD)}{core}{chance.choice(_ODD)}", core)


def token(chance: Random) -> Secret:
    """The same of letters and digits."""
    core = word(chance, chance.randrange(12, 40))
    return Secret(core, core)


def number(chance: Random) -> Secret:
    """A number."""
    core = digits(chance, 15)
    return Secret(core, core)
