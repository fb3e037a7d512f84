"""docs/spans.md and docs/migrate-from-langfuse.md, by the letter."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import offpath
import pytest

from tests.framework.place import Place
from tests.framework.processes import ROOT, free_port, running

from .test_rules_md import known_keys
from .told import PEERS, Program, programs, run, tree

DOCUMENTS = [ROOT / "docs" / "migrate-from-langfuse.md", ROOT / "docs" / "spans.md"]
PROGRAMS = [
    pytest.param(program, id=f"{document.name}:{program.line}")
    for document in DOCUMENTS
    for program in programs(document)
]


@pytest.fixture(scope="module")
def langfuse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Something that takes what Langfuse's SDK sends."""
    port, log = free_port(), tmp_path_factory.mktemp("langfuse") / "log"
    command = [sys.executable, "-m", "tests.perf.black_hole", str(port)]
    with running(command, log, {"PYTHONPATH": str(ROOT)}, port=port):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_runs_and_leaves_what_is_shown(program: Program, place: Place, langfuse: str) -> None:
    done = run(program, place, langfuse)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if program.tree is not None:
        assert tree(place) == program.tree


def test_each_of_the_seven_patterns_has_a_before_and_an_after() -> None:
    text = Path(DOCUMENTS[0]).read_text(encoding="utf-8")
    for number in range(1, 8):
        section = text.partition(f"\n## {number}. ")[2].partition("\n## ")[0]
        before, _, after = section.partition("\nAfter:\n")
        assert "```python\n" in before
        assert "```python\n" in after
        assert "```text\n" in after


# --- every name -----------------------------------------------------------------------------------------------------

#: What is said of each name of the official SDK.
SAID = {
    name: row[2].strip()
    for row in re.finditer(
        r"^\| (`.+?`) \| (same|differs|not here) \|", DOCUMENTS[1].read_text("utf-8"), re.MULTILINE
    )
    for name in re.findall(r"`([^`]+)`", row[1])
}
#: Of the newest there is none for CPython 3.10.
VERSIONS = ["langfuse-3", "langfuse-4", *(["langfuse-5"] if sys.version_info >= (3, 11) else [])]


@cache
def official(version: str) -> set[str]:
    """All public names of the official SDK."""
    command = [str(PEERS / version / "bin" / "python"), str(ROOT / "tests" / "e2e" / "langfuse_names.py")]
    return set(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


@pytest.mark.parametrize("version", VERSIONS)
def test_of_every_public_name_of_the_official_sdk_it_is_said_whether_it_is_here(version: str) -> None:
    assert official(version) - set(SAID) == set()


@pytest.mark.skipif(len(VERSIONS) < 3, reason="there is no langfuse 5 for this Python")
def test_nothing_is_said_of_names_that_there_are_not() -> None:
    assert set(SAID) - set().union(*map(official, VERSIONS)) == set()


@pytest.mark.parametrize("owner", ["client", "observation"])
def test_methods_are_here_or_not_as_it_is_said(owner: str) -> None:
    cls = {"client": offpath.Langfuse, "observation": offpath.Observation}[owner]
    said = {name.removeprefix(f"{owner}."): how for name, how in SAID.items() if name.startswith(f"{owner}.")}
    here = {name for name in said if hasattr(cls, name)}
    assert here == {name for name, how in said.items() if how != "not here"}


@pytest.mark.parametrize("function", [offpath.observe, offpath.propagate_attributes])
def test_arguments_are_those_that_are_said(function: Callable[..., object]) -> None:
    name = function.__name__
    said = {argument[len(name) + 1 : -2] for argument in SAID if argument.startswith(f"{name}(")}
    assert set(inspect.signature(function).parameters) == said


# --- settings -------------------------------------------------------------------------------------------------------


def test_every_setting_of_spans_is_told_of_and_no_other(tmp_path: Path) -> None:
    probe = {"no_such_key": 1}
    outer = known_keys({"spans": probe}, tmp_path)["spans"]
    inner = known_keys({"spans": {"json": probe}}, tmp_path)["spans.json"]
    settings = {*(f"spans.{key}" for key in outer if key != "json"), *(f"spans.json.{key}" for key in inner)}
    told = re.findall(r"^\| `(spans\.[a-z_.]+)` \|", DOCUMENTS[1].read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(settings)
