"""What clients send through Envoy, by h2load: always so many requests, whatever Envoy takes for them."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .exchange import PATH, json_of
from .upstream import LARGE, STREAM

#: Of every request, with the four that h2load writes itself: host, user-agent, content-type and content-length.
HEADERS = 20


@dataclass(frozen=True)
class Traffic:
    """Requests with a body of 1 KB, over so many connections."""

    path: str
    requests: int
    connections: int
    #: A second, of all connections together, which begin one after another; `None`: as soon as the one before is answered.
    rate: int | None = None

    def run(self, url: str) -> list[float]:
        """Make the requests, and return what each took, in ms."""
        with tempfile.TemporaryDirectory() as made:
            directory = Path(made)
            body, log = directory / "body", directory / "log"
            body.write_bytes(json_of(1024))
            ran = subprocess.run(self._command(url, body, log), check=True, stdout=subprocess.PIPE, text=True)
            answered = [line.split("\t") for line in log.read_text(encoding="utf-8").splitlines()]
        failed = self.requests - sum(status == "200" for _, status, _ in answered)
        if failed:
            raise RuntimeError(
                f"{failed} of {self.requests} requests were not answered with 200:\n{ran.stdout}"
            )
        return [int(microseconds) / 1000 for _, _, microseconds in answered]

    def _command(self, url: str, body: Path, log: Path) -> list[str]:
        connections = ["-n", str(self.requests), "-c", str(self.connections)]
        headers = ["content-type: application/json"]
        headers += [f"x-header-{number}: the value of header {number}" for number in range(HEADERS - 4)]
        sent = [f"--header={header}" for header in headers] + ["--data", str(body)]
        what = [f"--log-file={log}", f"{url}{self.path}"]
        return ["h2load", "--h1", *connections, *self._pace(), *sent, *what]

    def _pace(self) -> list[str]:
        if self.rate is None:
            return []
        begin = ["-r", "1", "--rate-period", f"{max(1, 1000 // self.rate)}ms"]
        return [*begin, "--rps", str(self.rate / self.connections)]


#: A second's worth or so: whoever is compared takes turns often, so that whatever else the machine does meets all of them.
WHOLE = Traffic(PATH, requests=10_000, connections=40)
STREAMED = Traffic(STREAM, requests=250, connections=100, rate=250)
#: So few that none waits for another, or for the exporter, which shares its CPU with the client and the app.
MODERATE = Traffic(PATH, requests=10_000, connections=40, rate=1_000)


def large(size: int) -> Traffic:
    """Return 100 responses of so many bytes at a time."""
    return Traffic(f"{LARGE}{size}", requests=100, connections=100)
