"""The topic of a test, kept by a process of its own: no client lives in Locust's, and the topic goes whatever ends."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from harness.clients.engine.topic import MADE
from harness.errors import MachineError

KEEP = "harness.clients.engine.topic"
END_TIMEOUT_S = 60


class TopicKeeper:
    """Makes the topic of an order, and deletes it at the end, also when Locust itself is killed."""

    def __init__(self, order: Path) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", KEEP, str(order)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            self._await_made()
        except BaseException:  # also when the test is stopped meanwhile
            self.end()
            raise

    def _await_made(self) -> None:
        assert self._child.stdout is not None
        said = self._child.stdout.readline().strip()
        if said != MADE:
            raise MachineError(
                said or "the process that makes the topic broke down", remedy="look at the brokers and at the options"
            )

    def end(self) -> None:
        """Delete the topic and wait until it is gone."""
        with suppress(subprocess.TimeoutExpired):
            self._child.communicate(timeout=END_TIMEOUT_S)
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
