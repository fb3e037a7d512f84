"""An outage of a backend under a steady load: whether all that was recorded arrives in the end, and once.

python -m tests.chaos.outage [--seconds 600] [--rate 500]
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import dataclass
from typing import Final

from tests.framework.place import place
from tests.framework.processes import eventually, free_port, running

from .backend import OUT, Backend

SENT: Final = 'offpath_sink_sent_total{sink="backend"}'

#: How long the backend is well before and after, as parts of the outage.
_WELL: Final = 0.1

#: How long the exporter has for the backlog, once the backend is back.
_PATIENCE: Final = 300.0


@dataclass(frozen=True)
class Told:
    """What came of it."""

    sent: int
    arrived: int
    twice: int
    dropped: int
    exporter_mb: int

    @property
    def is_well(self) -> bool:
        """Whether everything arrived, once."""
        return self.sent > 0 and (self.arrived, self.twice, self.dropped) == (self.sent, 0, 0)


def suffer(seconds: float, rate: int) -> Told:
    """Serve requests at a rate while the backend is out for so long, in each of its ways; tell what came of it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1/traces"
    sink = f'[sinks.backend]\ntype = "otlp"\nendpoint = "{url}"\nencoding = "json"\ncompression = "none"\n'
    with place(sink) as made, made.exporter() as exporter, Backend(port).serving() as backend:
        lasts = seconds * (1 + 2 * _WELL)
        command = [sys.executable, "-m", "tests.chaos.steady", str(rate), str(lasts)]
        with running(command, made.log("app"), made.env) as app:
            time.sleep(seconds * _WELL)
            for mode in OUT:
                backend.become(mode)
                time.sleep(seconds / len(OUT))
            backend.become("ok")
            app.wait(seconds * _WELL)
        status = json.loads(made.log("app").read_text().splitlines()[-1])
        sent = int(status["captured"])
        eventually("the backlog is delivered", lambda: sum(backend.taken.values()) >= sent, _PATIENCE)
        # What would come twice comes soon: the sink has nothing else to do.
        eventually("the sink says that it has sent all", lambda: made.metric(SENT) >= sent)
        taken = backend.taken
        dropped = sum(status["dropped"].values())
        return Told(sent, len(taken), sum(taken.values()) - len(taken), dropped, exporter.peak_resident_mb)


def main() -> int:
    """Suffer one, and tell."""
    parser = argparse.ArgumentParser(description="An outage of a backend under a steady load.")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the backend is out")
    parser.add_argument("--rate", type=int, default=500, help="requests a second")
    arguments = parser.parse_args()
    # Whoever ends this ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    told = suffer(arguments.seconds, arguments.rate)
    print(told)
    return 0 if told.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
