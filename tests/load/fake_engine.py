"""An engine that needs no cluster: it writes one frame, waits to be told to finish, and writes when that was.

It stands for both kinds: a producer ends by itself, a consumer when it is told. An orphan ends, too.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.measuring.trace import TraceWriter

LATENCY_US = 5_000


def main(path: Path) -> None:
    """Play the engine of an order."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())  # a mask would not do: libraries have threads of their own
    parent, order = os.getppid(), json.loads(path.read_text(encoding="utf-8"))
    with Path(order["trace"]).open("x", encoding="utf-8") as file:
        trace, produces = TraceWriter(file), "producers" in order
        trace.frame(frame(order["name"], 1, produces=produces))
        while not produces and os.getppid() == parent and not told.wait(0.1):
            pass
        trace.frame(frame(order["name"], 2, produces=produces))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself: whoever tells it just then must not kill it


def frame(name: str, count: int, *, produces: bool) -> Frame:
    """Return a second in which so many records were sent and acknowledged, or read."""
    took = Histogram()
    took.record_us(LATENCY_US, count=count)
    now_ns = time.monotonic_ns()
    if produces:
        return Frame(engine=name, started_ns=now_ns, sent=count, acknowledged=count, latency=took)
    return Frame(engine=name, started_ns=now_ns, consumed=count, end_to_end=took)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
