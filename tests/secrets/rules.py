"""Rules by chance, and what each has masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from . import kinds
from .kinds import Secret

#: Rules of a configuration; the first masks nothing that is planted.
COUNT: Final = 80

#: Keys of JSON and parameters that are secret whatever the rules say, in some of the ways to write them.
KEYS: Final = (
    "password",
    "api_key",
    "apiKey",
    "API-Key",
    "clientSecret",
    "refresh_token",
    "authorization",
    "Credentials",
)
PARAMETERS: Final = ("token", "api_key", "signature", "code")
HEADERS: Final = ("authorization", "x-api-key", "cookie")

_OWN_KEYS: Final = ("ssn", "birth_day", "medicalRecord", "känguru")
_OWN_PARAMETERS: Final = ("ticket", "invite")
_OWN_HEADERS: Final = ("x-tenant", "x-session")

#: Allowed, and not secret.
OPEN_HEADERS: Final = ("x-note", "user-agent")

_LIMITS: Final = (0, 1, 7, 64, 300, 1000, 1024, 4096, 20480)


@dataclass(frozen=True)
class Rule:
    """A rule, and what it masks."""

    number: int
    config: dict[str, Any]
    keys: tuple[str, ...] = KEYS
    parameters: tuple[str, ...] = PARAMETERS
    headers: tuple[str, ...] = HEADERS
    patterns: tuple[Callable[[Random], Secret], ...] = ()
    #: Values whose path is not known are masked at the end of JSON that was cut.
    masks_unknown: bool = False
    limits_json: bool = False
    #: Nothing is masked of what is planted.
    is_open: bool = False
    sizes: dict[str, int] = field(default_factory=dict)


def configuration(rules: list[Rule], name: str) -> dict[str, Any]:
    """The configuration of a host."""
    allow = ["content-type", "content-encoding", *HEADERS, *_OWN_HEADERS, *OPEN_HEADERS]
    return {
        "service": {"name": name},
        "capture": {"headers": {"allow": allow}},
        "rule": [rule.config for rule in rules],
    }


def make(chance: Random) -> list[Rule]:
    """All rules, each for the paths below its number."""
    return [_open(), *(_rule(chance, number) for number in range(1, COUNT))]


def _open() -> Rule:
    room = {"head": 1 << 20, "tail": 0}
    config = {
        "match": {"path": "/0/**"},
        "request_body": room,
        "response_body": room,
        "websocket": room,
        "redact": {"patterns": [], "json_keys": ["another"]},
    }
    patterns = tuple(kinds.PATTERNS.values())
    open_ = {"keys": ("note", "page"), "parameters": ("page",), "headers": OPEN_HEADERS}
    return Rule(0, config, **open_, patterns=patterns, masks_unknown=True, is_open=True, sizes=_sizes(config))  # type: ignore[arg-type]


def _rule(chance: Random, number: int) -> Rule:
    patterns = chance.sample(sorted(kinds.PATTERNS), chance.randrange(len(kinds.PATTERNS) + 1))
    keys = _some(chance, _OWN_KEYS)
    redact: dict[str, Any] = {"patterns": patterns, "json_keys": keys, **_mask(chance)}
    if parameters := _some(chance, _OWN_PARAMETERS):
        redact["query"] = parameters
    if headers := _some(chance, _OWN_HEADERS):
        redact["headers"] = headers
    makers = [kinds.PATTERNS[name] for name in patterns]
    if chance.random() < 0.3:
        redact["expressions"] = {"employee": kinds.EXPRESSION}
        makers.append(kinds.employee)
    if chance.random() < 0.2:
        redact["json_tail"] = chance.choice(["mask", "keep"])
    config: dict[str, Any] = {
        "match": {"path": f"/{number}/**"},
        "request_body": _limits(chance),
        "response_body": _limits(chance),
        "websocket": _limits(chance),
        "redact": redact,
    }
    if limits_json := chance.random() < 0.4:
        config["json"] = _json_limits(chance)
    return Rule(
        number,
        config,
        keys=(*KEYS, *keys),
        parameters=(*PARAMETERS, *parameters),
        headers=(*HEADERS, *headers),
        patterns=tuple(makers),
        masks_unknown=redact.get("json_tail", "mask" if keys else "keep") == "mask",
        limits_json=limits_json,
        sizes=_sizes(config),
    )


def _some(chance: Random, names: tuple[str, ...]) -> list[str]:
    return chance.sample(names, chance.choice([0, 0, 1, len(names)]))


def _mask(chance: Random) -> dict[str, Any]:
    mask = chance.choice(["redact", "redact", "hash", "partial", "drop"])
    return {"mask": mask, "hash_key": "a key that is nobody's"} if mask == "hash" else {"mask": mask}


def _limits(chance: Random) -> dict[str, int]:
    return {"head": chance.choice(_LIMITS), "tail": chance.choice(_LIMITS)}


def _json_limits(chance: Random) -> dict[str, int]:
    limits = {
        "max_string": chance.choice([1, 20, 200]),
        "max_items": chance.choice([1, 5, 50]),
        "max_depth": chance.choice([1, 3, 10]),
    }
    return {name: limits[name] for name in chance.sample(sorted(limits), chance.randrange(1, 4))}


def _sizes(config: dict[str, Any]) -> dict[str, int]:
    """How long a body of each direction may be and is still kept whole."""
    sizes = {}
    for name in ("request_body", "response_body", "websocket"):
        limits = config[name]
        sizes[name] = limits["head"] + limits["tail"]
    return sizes
