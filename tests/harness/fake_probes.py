"""Probes for tests: one partition, on the clock of a run that has just begun; no process sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.probelog import Probe
from harness.services import Service
from harness.waiting import TimedOut


class FakeProbes:
    """Probes of one partition, served all the time; until they die or the service ends."""

    keys: Mapping[Service, Sequence[str]] = {Service.FETCH: ["orders-0"]}

    def __init__(self) -> None:
        self.facts: dict[str, object] = {"probes_cpu_share": 0.05}
        self.is_served = True
        self.dies_at_s = self.ends_at_s = 2.0

    def __enter__(self) -> FakeProbes:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing."""

    def await_service(self, *, timeout_s: float) -> None:
        if not self.is_served:
            raise TimedOut(what="every service being served", timeout_s=timeout_s, detail="")

    def seen(self) -> Sequence[Probe]:
        due_s = np.arange(-2.0, self.dies_at_s, 0.04)
        return [self._probe(round(s * 1e9), None if s < self.ends_at_s else "refused") for s in due_s]

    def _probe(self, due_ns: int, error: str | None) -> Probe:
        return Probe(
            service=Service.FETCH, key="orders-0", intended_ns=due_ns, begun_ns=due_ns, ended_ns=due_ns, error=error
        )
