"""The probe process: it gets its plan as an argument, probes until its input ends, and prints the CPU time it took.

Its input ends with its parent, so it never outlives it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.clients.probing.plan import Plan
from harness.clients.probing.session import probe
from harness.probelog import HEADER, Probe

NAMES_AT_ONCE = 32
"""Look-ups of names that may wait at the same time: each line has one, and none must wait for another's."""


async def work(plan: Plan) -> None:
    """Probe until the input ends; each probe is in the log as soon as it is over."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(NAMES_AT_ONCE))

    def end_with_input() -> None:
        if not os.read(sys.stdin.fileno(), 1):
            over.set()
            loop.remove_reader(sys.stdin.fileno())

    loop.add_reader(sys.stdin.fileno(), end_with_input)
    with Path(plan.log).open("w", encoding="utf-8", buffering=1) as log:
        log.write(HEADER)

        def note(one: Probe) -> None:
            log.write(one.as_line())

        await probe(plan, note=note, over=over)


def main(plan: str) -> None:
    """An interrupt is for the run, which ends this process in good order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(work(Plan.of_json(plan)))
    print(time.process_time())


if __name__ == "__main__":
    main(*sys.argv[1:])
