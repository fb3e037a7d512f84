"""The files of deploy/, read."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from tests.framework.processes import BIN, ROOT

DEPLOY: Final = ROOT / "deploy"


def documents(name: str) -> list[dict[str, Any]]:
    """Return the documents of a YAML file."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def assert_taken(config: str, folder: Path, secrets: str) -> None:
    """Have ``offpath check`` read a configuration whose secrets are files in the folder of that name."""
    for name in ("public_key", "secret_key"):
        (folder / name).write_text("key\n", encoding="utf-8")
        config = config.replace(f"${{file:{secrets}{name}}}", f"${{file:{folder / name}}}")
    assert f"${{file:{secrets}" not in config
    file = folder / "offpath.toml"
    file.write_text(config, encoding="utf-8")
    env = {"LANGFUSE_BASE_URL": "https://langfuse.example", "HOME": "/root"}
    done = subprocess.run(
        [BIN / "offpath", "check", file], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
