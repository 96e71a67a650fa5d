"""A producer that is killed in the middle of a transaction: a process of its own, so that nothing of it stays.

    python -m harness.clients.doomed '{"settings": {...}, "sends": [["orders-0", "a"]]}'

It takes its transactional id over, writes the records of one transaction, says at which offsets they stand, and waits.
The end of standard input, which comes when its parent has died, ends it without a word.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from harness.clients.settings import Settings
from harness.clients.transaction import Ending, Intent, TransactionalClient
from harness.verdict import Inconclusive

ROOT = Path(__file__).parents[2]
END_TIMEOUT_S = 20


class DoomedProducer:
    """A context: the process is there until it is killed, at the latest when it is left."""

    def __init__(self, settings: Settings, intent: Intent) -> None:
        self.transactional_id = str(settings["transactional.id"])
        self._order = json.dumps({"settings": settings, "sends": intent.sends})

    def __enter__(self) -> DoomedProducer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.clients.doomed", self._order],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def await_open(self) -> Ending:
        """Wait until the transaction is open with its records in the log, and return what the process knows of it."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.endswith("\n"):
            said = self._process.stderr.read() if self._process.stderr else ""
            raise Inconclusive(f"the producer that was to be killed died by itself: {said.strip()[-300:]}")
        told = json.loads(line)
        if told["error"] is not None:
            raise Inconclusive(f"the producer that was to be killed could not write: {told['error']}")
        return Ending(offsets={int(number): offset for number, offset in told["offsets"].items()})

    def kill(self) -> None:
        """Kill it without a word (SIGKILL), and wait for its end."""
        self._process.kill()
        self._process.wait(timeout=END_TIMEOUT_S)


def main(arguments: Sequence[str]) -> None:
    """Open the transaction, say so, and wait for the end."""
    order = json.loads(arguments[0])
    client = TransactionalClient(order["settings"])
    client.take_over()
    ending = client.open(Intent(sends=tuple((key, value) for key, value in order["sends"])))
    error = None if ending.error is None else ending.error.name()
    print(json.dumps({"offsets": ending.offsets, "error": error}), flush=True)
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
