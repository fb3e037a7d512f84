"""The environment of frameworks and other clients of models, which `make` makes apart from that of the tests."""

from __future__ import annotations

import os
from typing import Final

from .processes import ROOT

BIN: Final = ROOT / ".cache" / "peers" / "frameworks" / "bin"


def path() -> str:
    """Return the PATH on which its commands come first."""
    if not (BIN / "offpath").exists():
        raise FileNotFoundError(f"{BIN / 'offpath'} is not there: make {BIN.parent.relative_to(ROOT)}/.wheel")
    return f"{BIN}:{os.environ['PATH']}"
