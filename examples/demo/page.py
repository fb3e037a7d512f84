"""The page over what the demo recorded: `offpath run`, with the demo's store and no app."""

from __future__ import annotations

import os
import signal
import tempfile
import webbrowser
from contextlib import suppress
from pathlib import Path

from tests.framework.processes import BIN, running


def store(place: Path) -> Path:
    """Return where the exporter keeps what is recorded in this folder."""
    return place / "data" / "offpath.db"


def command(place: Path) -> list[str]:
    """Write a configuration that serves the store of this folder, and return the command for it."""
    config = place / "page.toml"
    config.write_text(
        f'[exporter]\nlisten = "127.0.0.1:0"\ndata_dir = "{store(place).parent}"\n', encoding="utf-8"
    )
    return [str(BIN / "offpath"), "run", "--config", str(config)]


def serve(place: Path) -> None:
    """Serve the page and open it in a browser, if there is one, until Ctrl-C."""
    address = store(place).parent / "http.addr"
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(dir="/dev/shm") as rings:
        # What other apps of this user record meanwhile is no part of the demo.
        env = {**os.environ, "OFFPATH_DIR": rings}
        with running(command(place), place / "page.log", env, cwd=place) as exporter:
            exporter.wait_for("the page is served", address.exists)
            url = f"http://{address.read_text(encoding='ascii').strip()}/"
            print(f"\nThe page over it, until Ctrl-C:\n  {url}", flush=True)
            if has_browser():
                webbrowser.open(url)
            signal.pause()


def has_browser() -> bool:
    """Whether there is a screen to open a browser on, or somebody named one."""
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
