"""The rehearsed watcher: it samples leaders and in-sync sets in virtual time."""

from __future__ import annotations

from types import TracebackType

from harness.clients.watcher import SAMPLE_EVERY_S, Sample, transitions
from harness.evidence import Event
from harness.protocols import Admin
from harness.rehearsal.clock import Clock, Task
from harness.rehearsing.admin import RehearsedAdmin
from harness.runclock import NS_PER_S
from harness.verdict import Inconclusive


class RehearsedWatcher:
    """What `harness.clients.watcher.Watcher` is for brokers."""

    def __init__(self, admin: Admin, *, simulated: Clock, topic: str) -> None:
        if not isinstance(admin, RehearsedAdmin):
            raise Inconclusive("a rehearsal can be watched by its own admin only")
        self._admin, self._simulated, self._topic = admin, simulated, topic
        self._samples: list[Sample] = []
        self._watches = True

    def __enter__(self) -> RehearsedWatcher:
        self._simulated.spawn(self._run())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watches = False

    def _run(self) -> Task:
        while self._watches:
            yield int(SAMPLE_EVERY_S * NS_PER_S)
            time_s = self._simulated.now_ns / NS_PER_S
            self._samples.append(Sample(time_s=time_s, partitions=self._admin.describe(self._topic)))

    @property
    def samples(self) -> tuple[Sample, ...]:
        return tuple(self._samples)

    def events(self) -> list[Event]:
        """Return the moments at which leaders moved and in-sync sets shrank or were full again."""
        return transitions(self._samples)
