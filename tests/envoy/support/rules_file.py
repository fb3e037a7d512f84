"""The filter with its rules in a file of their own, as envoy/plain/reloading.yaml has it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from tests.framework.bootstrap import FILTER, Message
from tests.framework.processes import BIN

from . import copied

#: Where envoy/plain/reloading.yaml says that the file is.
DOCUMENTED: Final = "/etc/envoy/offpath/rules.yaml"

_VERSION: Final = re.compile(r"rules ([0-9a-f]{16})")


class RulesFile:
    """A file that Envoy watches; at first it holds this configuration."""

    def __init__(self, path: Path, config: Any) -> None:
        self.path = path
        self.replace(config)

    @property
    def filter(self) -> Message:
        """The filter that follows the file."""
        (found,) = copied.http_filters(copied.bootstrap("plain/reloading.yaml"), "offpath")
        moved: Message = copied.with_paths(found, {DOCUMENTED: str(self.path)})
        return moved

    def replace(self, config: Any) -> int:
        """Move another file to its name. Returns when, in nanoseconds of the Unix epoch."""
        new = self.path.with_suffix(".new")
        new.write_text(text(config), encoding="utf-8")
        now = time.time_ns()
        new.rename(self.path)
        return now


def text(config: Any) -> str:
    """What is in such a file: envoy/plain/rules.yaml with this configuration."""
    (made,) = copied.documents("plain/rules.yaml")
    made = copied.with_paths(made, {copied.DOCUMENTED_FILTER: str(FILTER)})
    (plugin,) = copied.plugins(made)
    plugin["configuration"]["value"] = json.dumps(config)
    return json.dumps(made)


def version(config: Any, folder: Path) -> str:
    """The version of these rules, as `offpath check` has it."""
    file = folder / "checked.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    said = subprocess.run([BIN / "offpath", "check", file], check=True, capture_output=True, text=True).stdout
    found = _VERSION.search(said)
    assert found, said
    return found[1]
