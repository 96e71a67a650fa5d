"""An engine that needs no cluster: it writes one frame, waits to be told to finish, and writes when that was.

It stands for both kinds: a producer ends by itself, a consumer when it is told.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

from harness.measuring.frames import Frame
from harness.measuring.trace import TraceWriter


def main(path: Path) -> None:
    """Play the engine of an order."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    order = json.loads(path.read_text(encoding="utf-8"))
    with Path(order["trace"]).open("x", encoding="utf-8") as file:
        TraceWriter(file).frame(Frame(engine=order["name"], started_ns=time.monotonic_ns(), sent=1))
        if "rate_hz" not in order:
            signal.sigwait({signal.SIGTERM})
        TraceWriter(file).frame(Frame(engine=order["name"], started_ns=time.monotonic_ns(), sent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
