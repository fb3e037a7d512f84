"""The wheel for platforms that offpath does not record on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.framework.processes import ROOT

IMPORTS = "import logging; logging.basicConfig(); import offpath; "
PASSES = """
import asyncio
sent = []
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
async def send(message):
    sent.append(message)
asyncio.run(offpath.OffpathMiddleware(app)({"type": "http"}, None, send))
assert sent == [{"type": "http.response.start", "status": 204, "headers": []}], sent
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel, installed by pip, and nothing else."""
    folder = tmp_path_factory.mktemp("pure")
    wheels = list((ROOT / "dist").glob("offpath-*-py3-none-any.whl"))
    assert len(wheels) == 1, "make wheel leaves one"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(python)]
    subprocess.run([*pip, "install", "--no-index", str(wheels[0])], check=True)
    return python


def run(python: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)


def test_the_package_says_once_that_it_records_nothing(python: Path) -> None:
    said = run(python, IMPORTS + "offpath.OffpathMiddleware(None); offpath.OffpathMiddleware(None)").stderr
    assert said.count("records only on Linux") == 1


def test_every_request_passes(python: Path) -> None:
    run(python, IMPORTS + PASSES)


def test_it_brings_no_command(python: Path) -> None:
    assert not (python.parent / "offpath").exists()


def test_it_knows_its_version(python: Path) -> None:
    assert run(python, IMPORTS + "print(offpath.__version__)").stdout.strip().count(".") == 2
