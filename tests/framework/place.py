"""A directory with all that one app and one exporter share: rings, data, configuration, logs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from .http import get
from .processes import BIN, ROOT, Process, eventually, running

#: The command of the exporter.
EXPORTER: Final = (str(BIN / "offpath"), "run")


class Place:
    """Rings are on a tmpfs, as they are for users; the rest is in the temporary directory."""

    def __init__(self, config: str = "") -> None:
        self.path = Path(tempfile.mkdtemp(prefix="offpath-"))
        self.rings = Path(tempfile.mkdtemp(prefix="offpath-", dir="/dev/shm")) / "rings"
        self.data = self.path / "data"
        self.config = self.path / "offpath.toml"
        exporter = f'[exporter]\nlisten = "127.0.0.1:0"\ndata_dir = "{self.data}"\n'
        self.config.write_text(f"{exporter}\n{config}", encoding="utf-8")

    def remove(self) -> None:
        """Remove every file."""
        shutil.rmtree(self.path)
        shutil.rmtree(self.rings.parent)

    @property
    def env(self) -> dict[str, str]:
        """The environment of an app or an exporter that works here."""
        own = {
            "OFFPATH_DIR": str(self.rings),
            "OFFPATH_CONFIG": str(self.config),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        return {**os.environ, **own}

    def log(self, name: str) -> Path:
        """Return the file for what a process prints."""
        return self.path / f"{name}.log"

    @contextmanager
    def app(self, command: Sequence[str], port: int, **env: str) -> Iterator[Process]:
        """Run an app until the block ends."""
        with running(command, self.log("app"), {**self.env, **env}, port=port) as process:
            yield process

    def start_exporter(self, command: Sequence[str] = EXPORTER) -> Process:
        """Start an exporter; it is ready when this returns."""
        address = self.data / "http.addr"
        # Of one that was killed.
        address.unlink(missing_ok=True)
        process = Process(command, self.log("exporter"), self.env)
        process.wait_for("the exporter serves", address.exists)
        return process

    @contextmanager
    def exporter(self, command: Sequence[str] = EXPORTER) -> Iterator[Process]:
        """Run an exporter until the block ends; it drains before it does."""
        process = self.start_exporter(command)
        try:
            yield process
        finally:
            process.stop()

    def metric(self, name: str) -> float:
        """Return what the running exporter says of a metric with its labels; 0 if it says nothing."""
        address = (self.data / "http.addr").read_text(encoding="ascii").strip()
        lines = get(f"http://{address}/metrics").decode().splitlines()
        return next(
            (float(line.removeprefix(f"{name} ")) for line in lines if line.startswith(f"{name} ")), 0.0
        )

    def rings_left(self) -> int:
        """How many rings there are."""
        return len(list(self.rings.glob("*.ring")))

    def drain(self) -> None:
        """Take with an exporter what ended apps have left, until no ring and nothing undelivered is there."""
        stored = -1
        # An exporter that ends delivers for a while only: what a slow machine leaves in the spool, the next one takes.
        while self.count() != stored:
            stored = self.count()
            with self.exporter():
                eventually("every ring is taken", lambda: self.rings_left() == 0)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the local store; there are no rows while there is no store."""
        store = self.data / "offpath.db"
        if not store.exists():
            return []
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60)) as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except sqlite3.OperationalError as error:
                # The exporter has made the file and not yet the tables.
                if "no such table" in str(error):
                    return []
                raise

    def count(self, where: str = "kind = 'exchange'") -> int:
        """How many events of the store fit; exchanges, unless told."""
        rows = self.query(f"SELECT count(*) FROM events WHERE {where}")
        return int(rows[0][0]) if rows else 0


@contextmanager
def place(config: str = "") -> Iterator[Place]:
    """Make a place, and remove it when the block ends."""
    made = Place(config)
    try:
        yield made
    finally:
        made.remove()
