"""Bodies of all kinds, with secrets in them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import quote, quote_plus

import brotli
import zstandard

from . import kinds
from .jsons import Bare, Members, Planter, text
from .kinds import Secret
from .rules import Rule

#: Lengths around which bodies are made, beside those that the rule's limits suggest.
_SIZES: Final = (0, 50, 500, 2000, 5000)

Headers = list[tuple[str, str]]


@dataclass
class Body:
    """A body, what it says that it is, and what is planted in it."""

    kind: str
    content: bytes
    headers: Headers = field(default_factory=list)
    planted: list[Secret] = field(default_factory=list)


def make(chance: Random, rule: Rule, direction: str) -> Body:
    """A body that goes in one direction: `request_body` or `response_body`."""
    kept = rule.sizes[direction]
    size = chance.choice(
        [*_SIZES[: 3 if rule.is_open else None], *([] if rule.is_open else [kept, kept + 2000])]
    )
    made = chance.choice(_KINDS)(chance, rule, size, kept)
    if chance.random() < 0.3:
        _encode(chance, made)
    return made


def chunks(chance: Random, content: bytes) -> list[bytes]:
    """The content in pieces, none empty."""
    if not content:
        return []
    cuts = sorted({chance.randrange(1, len(content) + 1) for _ in range(chance.choice([0, 0, 1, 3, 12]))})
    return [
        each
        for each in (content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True))
        if each
    ]


# --- kinds ----------------------------------------------------------------------------------------------------------


def _json(chance: Random, rule: Rule, size: int, kept: int) -> Body:
    containers = rule.masks_unknown or 2 * size + 2000 < kept
    planter = Planter(chance, rule, containers=containers)
    content = planter.document(size)
    type_ = chance.choice(
        ["application/json", "application/json; charset=utf-8", "application/vnd.a+json", "text/plain"]
    )
    kind = chance.random()
    if kind < 0.1:
        # A quote too many, a bracket too many, a comma too many.
        content = chance.choice(['{"a": "b"", ', "} ", '["x", , ', '{"a" 1, ']) + content
        type_ = "application/json"
    elif kind < 0.2:
        content = "\n".join([content, planter.document(size // 3), planter.document(50)])
        type_ = "application/x-ndjson"
    return Body("json", _bytes(content), [("content-type", type_)], planter.planted)


def _form(chance: Random, rule: Rule, size: int, _kept: int) -> Body:
    planted: list[Secret] = []
    pairs = [f"a={quote_plus(text(chance, 3))}" for _ in range(size // 30)]
    for _ in range(chance.randrange(1, 4)):
        pairs.insert(chance.randrange(len(pairs) + 1), _pair(chance, rule, planted))
    headers = [("content-type", "application/x-www-form-urlencoded")]
    return Body("form", "&".join(pairs).encode(), headers, planted)


def _text(chance: Random, rule: Rule, size: int, _kept: int) -> Body:
    planted: list[Secret] = []
    sentences = [text(chance, 5) for _ in range(size // 30)]
    for _ in range(chance.randrange(1, 4)):
        sentences.insert(chance.randrange(len(sentences) + 1), _sentence(chance, rule, planted))
    type_ = chance.choice(["text/plain", "text/html; charset=utf-8", "application/xml", "text/csv"])
    return Body("text", _bytes("A " + "\n".join(sentences)), [("content-type", type_)], planted)


def _utf_16(chance: Random, rule: Rule, size: int, kept: int) -> Body:
    made = chance.choice([_json, _text])(chance, rule, size // 2, kept)
    order, mark = chance.choice([("le", b"\xff\xfe"), ("be", b"\xfe\xff")])
    content = made.content.decode("utf-8", "replace").encode(f"utf-16-{order}")
    if chance.random() < 0.5:
        content, charset = mark + content, "utf-16"
    else:
        charset = f"utf-16{order}"
    type_ = "application/json" if made.kind == "json" else "text/plain"
    return Body("utf-16", content, [("content-type", f"{type_}; charset={charset}")], made.planted)


def _event_stream(chance: Random, rule: Rule, size: int, kept: int) -> Body:
    planted: list[Secret] = []
    events = [_event(chance, rule, planted, kept) for _ in range(chance.randrange(1, 3))]
    events += ["".join(_deltas(chance, text(chance, 6))) for _ in range(size // 300)]
    chance.shuffle(events)
    end = chance.choice(["data: [DONE]\n\n", ""])
    return Body("sse", _bytes("".join(events) + end), [("content-type", "text/event-stream")], planted)


def _multipart(chance: Random, rule: Rule, size: int, _kept: int) -> Body:
    planted: list[Secret] = []
    head = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n'
    part = f"{head}{_sentence(chance, rule, planted)}{text(chance, size // 8)}\r\n"
    if rule.is_open:
        # It is summed up in any case.
        planted.clear()
    return Body(
        "multipart",
        _bytes(f"{part}--b--\r\n"),
        [("content-type", "multipart/form-data; boundary=b")],
        planted,
    )


_KINDS: Final[list[Callable[[Random, Rule, int, int], Body]]] = [
    _json,
    _json,
    _json,
    _form,
    _text,
    _utf_16,
    _event_stream,
    _event_stream,
    _multipart,
]


# --- their parts ----------------------------------------------------------------------------------------------------


def _sentence(chance: Random, rule: Rule, planted: list[Secret]) -> str:
    """A text with something that a pattern finds, if the rule has any."""
    if not rule.patterns:
        return text(chance, 5)
    secret = chance.choice(rule.patterns)(chance)
    planted.append(secret)
    return f"{text(chance, 2)} {secret.text} {text(chance, 2)}"


def _pair(chance: Random, rule: Rule, planted: list[Secret]) -> str:
    """A parameter that is secret, or has something that a pattern finds."""
    if rule.patterns and chance.random() < 0.5:
        return f"a={_escaped(chance, _sentence(chance, rule, planted))}"
    name = chance.choice(rule.parameters + tuple(key for key in rule.keys if key.isascii()))
    secret = kinds.value(chance)
    planted.append(secret)
    return f"{_escaped(chance, name, 0.1)}={_escaped(chance, secret.text)}"


def _escaped(chance: Random, content: str, share: float = 0.05) -> str:
    """Percent-encoded, and more than there is need for."""
    return "".join(
        f"%{ord(c):02X}" if c.isascii() and chance.random() < share else quote(c, safe="") for c in content
    )


def _event(chance: Random, rule: Rule, planted: list[Secret], kept: int) -> str:
    """Events with one secret: in one of them, or in parts in many."""
    planter = Planter(chance, rule, containers=rule.masks_unknown)
    kind = chance.random()
    if rule.patterns and kind < 0.5:
        events = "".join(_deltas(chance, planter.sentence()))
    elif rule.patterns and kind < 0.6:
        events = f"event: note\ndata: {' '.join(planter.sentence().splitlines())}\n\n"
    else:
        lines = planter.document(chance.randrange(200)).splitlines()
        events = "".join(f"data: {line}\n" for line in lines) + "\n"
    planted += planter.planted
    return events


def _deltas(chance: Random, content: str) -> list[str]:
    """The content as a model's answer streams it."""
    events = []
    at = 0
    while at < len(content):
        length = chance.randrange(1, 13)
        delta = Members([("content", content[at : at + length])])
        choice = Members([("choices", [Members([("index", Bare("0")), ("delta", delta)])])])
        document = Planter(chance, Rule(0, {}), containers=False).written(choice)
        events.append(f"data: {' '.join(document.splitlines())}\n\n")
        at += length
    return events


# --- encodings ------------------------------------------------------------------------------------------------------

_ENCODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    # Without the time, so that client and app make the same.
    "gzip": lambda content: gzip.compress(content, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def _encode(chance: Random, body: Body) -> None:
    names = chance.choices(sorted(_ENCODINGS), k=chance.choice([1, 1, 1, 2]))
    for name in names:
        body.content = _ENCODINGS[name](body.content)
    body.headers.append(("content-encoding", ", ".join(names)))
    body.kind += f" in {', '.join(names)}"


def _bytes(content: str) -> bytes:
    """Its UTF-8; halves of characters are left out."""
    return content.encode("utf-8", "ignore")
