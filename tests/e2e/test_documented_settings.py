"""Settings that the documents show are taken as they stand."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.framework.processes import BIN, ROOT

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "docs" / "sinks.md",
    ROOT / "docs" / "spans.md",
    ROOT / "docs" / "migrate-from-langfuse.md",
    ROOT / "docs" / "commands.md",
    ROOT / "docs" / "operations.md",
    ROOT / "deploy" / "README.md",
]

_BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_FILE = re.compile(r"\$\{file:[^}]+\}")

#: What a sink of type ``langfuse`` takes from the environment where its settings name no keys.
_KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")


def blocks() -> list[object]:
    """Return each block of settings, named after where it stands."""
    found: list[object] = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in _BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            found.append(pytest.param(block[1], id=f"{document.relative_to(ROOT)}:{line}"))
    return found


@pytest.mark.parametrize("settings", blocks())
def test_the_command_finds_nothing_wrong_with_what_is_documented(settings: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret\n", encoding="utf-8")
    config = tmp_path / "offpath.toml"
    config.write_text(_FILE.sub(f"${{file:{secret}}}", settings), encoding="utf-8")
    variables = dict.fromkeys([*_VARIABLE.findall(settings), *_KEYS], "a-secret")
    command = [str(BIN / "offpath"), "check", str(config)]
    ran = subprocess.run(
        command, check=False, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
