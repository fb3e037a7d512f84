"""Blocks of Python that a document shows, and the tree of observations that stands below each.

A block of ``python`` is a program. A block of ``text`` right below it is what the local store has when it has ended: each
observation with its type below its parent, with ``user=`` and ``session=`` where it says whose it is; requests are shown by
method and path.
"""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import offpath

from tests.framework.place import Place
from tests.framework.processes import BIN, ROOT

#: Environments that `make` makes.
PEERS: Final = ROOT / ".cache" / "peers"
#: Where Langfuse's SDK and LangChain are, and beside them instrumentations of OpenTelemetry.
PYTHON: Final = PEERS / "ecosystem" / "bin" / "python"
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Program:
    """A program, and what it leaves, if that is shown."""

    line: int
    text: str
    tree: str | None


def programs(document: Path) -> Iterator[Program]:
    """Read the programs in their order."""
    text = document.read_text(encoding="utf-8")
    blocks = list(_BLOCK.finditer(text))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[2] != "python":
            continue
        is_below = following is not None and not text[block.end() : following.start()].strip()
        tree = textwrap.dedent(following[3]) if following and is_below and following[2] == "text" else None
        yield Program(text.count("\n", 0, block.start()) + 1, textwrap.dedent(block[3]), tree)


def run(program: Program, place: Place, langfuse: str) -> subprocess.CompletedProcess[str]:
    """Run a program under the command, as a user does; Langfuse is at this address."""
    (place.path / "main.py").write_text(program.text, encoding="utf-8")
    env = {
        **place.env,
        "PYTHONPATH": ":".join(map(str, _paths(place.path / "site"))),
        "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
        "LANGFUSE_SECRET_KEY": "sk-lf-1",
        "LANGFUSE_BASE_URL": langfuse,
    }
    command = [str(BIN / "offpath"), "run", "--", str(PYTHON), "main.py"]
    return subprocess.run(
        command, cwd=place.path, env=env, check=False, capture_output=True, text=True, timeout=120
    )


def tree(place: Place) -> str:
    """Return what the store has, in the form of the documents."""
    rows = place.query(
        "SELECT span_id, parent_span_id, kind, json, user_id, session_id FROM events "
        "WHERE kind NOT IN ('score', 'loss') ORDER BY start_time, seq"
    )
    ids = {span_id for span_id, *_ in rows}
    below = defaultdict[str | None, list[tuple[Any, ...]]](list)
    for row in rows:
        below[row[1] if row[1] in ids else None].append(row)

    def lines(parent: str | None, depth: int) -> Iterator[str]:
        for span_id, _, kind, text, user, session in below[parent]:
            whose = "".join(
                f" {key}={value}" for key, value in (("user", user), ("session", session)) if value
            )
            yield f"{'  ' * depth}{_called(kind, json.loads(text))}{whose}\n"
            yield from lines(span_id, depth + 1)

    return "".join(lines(None, 0))


def _called(kind: str, event: dict[str, Any]) -> str:
    if kind == "exchange":
        return f"{event['method']} {event['path']}"
    ending = "" if event["ending"] == "ended" else f" {event['ending']}"
    return f"{event['name']} ({kind}){ending}"


@cache
def _peers() -> list[str]:
    """Where the instrumentations are installed."""
    return [str(path) for path in (PEERS / "instrumentations" / "lib").glob("python*/site-packages")]


def _paths(folder: Path) -> list[str]:
    """Return where a program finds offpath, by itself, and the instrumentations."""
    folder.mkdir()
    (folder / "offpath").symlink_to(Path(offpath.__file__).parent)
    return [str(folder), *_peers()]
