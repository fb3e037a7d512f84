"""Who may know whom: the edges between this project's crates, and who names which library.

They are what keeps one core, a ring that knows no event, and an app that never loads exporter code.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.framework.processes import ROOT

#: Every crate, and the crates of this project that it may know.
EDGES: dict[str, set[str]] = {
    "offpath-wire": set(),
    "offpath-core": {"offpath-wire"},
    "offpath-ring": set(),
    "offpath-component": {"offpath-core"},
    "offpath-proxy-wasm": {"offpath-core"},
    "offpath-build": set(),
    "offpath-python": {"offpath-ring", "offpath-wire"},
    "offpath-enrich": {"offpath-core"},
    "offpath-exporter": {"offpath-core", "offpath-enrich", "offpath-ring"},
}

#: Libraries that one crate alone names, so that what they bring stays there.
HOMES = {
    "wit-bindgen": {"offpath-component"},
    "pyo3": {"offpath-python"},
    "wasmtime": {"offpath-python"},
    "wit-component": {"offpath-build"},
    "rusqlite": {"offpath-exporter"},
    "tokio": {"offpath-exporter"},
    # What looks into bodies: with it, the core would be too slow and too large for where it runs.
    "aho-corasick": {"offpath-exporter"},
    "brotli-decompressor": {"offpath-exporter"},
    "flate2": {"offpath-exporter"},
    "regex-automata": {"offpath-exporter"},
    "ruzstd": {"offpath-exporter"},
}

#: All that the core names, tests aside: it is downloaded, compiled and held in memory by every app and every Envoy.
OF_CORE = {"hmac", "offpath-wire", "prost", "regex-syntax", "serde_json", "sha2"}

#: The ring maps memory; pyo3, wasmtime and wit-bindgen write unsafe code where they are used; the filter calls Envoy.
MAY_BE_UNSAFE = {"offpath-ring", "offpath-python", "offpath-component", "offpath-proxy-wasm"}

#: What would have the core know a clock, a socket, a file or chance.
FORBIDDEN_IN_CORE = re.compile(r"std::(time::(Instant|SystemTime)|net|fs|env|process|thread)\b|rand::")


@cache
def packages() -> dict[str, dict[str, object]]:
    command = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return {package["name"]: package for package in json.loads(output)["packages"]}


def dependencies(crate: str) -> set[str]:
    """Return what the crate names, in tests too."""
    listed = packages()[crate]["dependencies"]
    assert isinstance(listed, list)
    return {dependency["name"] for dependency in listed}


def of_itself(crate: str) -> set[str]:
    """Return what the crate names, tests aside."""
    listed = packages()[crate]["dependencies"]
    assert isinstance(listed, list)
    return {dependency["name"] for dependency in listed if dependency["kind"] is None}


def roots(crate: str) -> list[Path]:
    """Return the files that a crate's libraries and programs begin in; tests and examples aside."""
    targets = packages()[crate]["targets"]
    assert isinstance(targets, list)
    shipped = {"lib", "rlib", "cdylib", "bin"}
    return [Path(target["src_path"]) for target in targets if shipped & set(target["kind"])]


def sources(crate: str) -> list[Path]:
    folder = Path(str(packages()[crate]["manifest_path"])).parent
    return sorted((folder / "src").rglob("*.rs"))


def test_every_crate_has_its_edges_listed_here() -> None:
    assert set(packages()) == set(EDGES)


@pytest.mark.parametrize("crate", EDGES)
def test_a_crate_knows_only_the_crates_that_it_may(crate: str) -> None:
    assert dependencies(crate) & set(EDGES) <= EDGES[crate]


def test_nothing_depends_on_the_exporter() -> None:
    assert not [crate for crate in EDGES if "offpath-exporter" in dependencies(crate)]


def test_the_python_host_reaches_the_core_through_no_other_crate() -> None:
    reached, due = set[str](), ["offpath-python"]
    while due:
        found = dependencies(due.pop()) & set(EDGES) - reached
        reached |= found
        due.extend(found)
    assert "offpath-core" not in reached


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    assert {crate for crate in EDGES if library in dependencies(crate)} <= HOMES[library]


@pytest.mark.parametrize("crate", EDGES)
def test_a_crate_forbids_unsafe_code_unless_it_cannot(crate: str) -> None:
    lax = [root for root in roots(crate) if "#![forbid(unsafe_code)]" not in root.read_text(encoding="utf-8")]
    assert crate in MAY_BE_UNSAFE or not lax


def test_the_core_names_few_libraries() -> None:
    assert of_itself("offpath-core") == OF_CORE


def test_the_core_touches_no_clock_socket_file_or_chance() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sources("offpath-core")
        for match in FORBIDDEN_IN_CORE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_the_ring_names_no_event() -> None:
    found = [path for path in sources("offpath-ring") if "offpath_core" in path.read_text(encoding="utf-8")]
    assert not found
