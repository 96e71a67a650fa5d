"""The probe for refusals: one that died has not shown that nothing was refused."""

from __future__ import annotations

import pytest

from harness.clients.refusals import RefusalProbe
from harness.runclock import RunClock
from harness.verdict import Inconclusive


def probe() -> RefusalProbe:
    """Return a probe whose cluster nobody reaches."""
    return RefusalProbe(bootstrap="127.0.0.1:1", topic="nowhere", partitions=0, clock=RunClock())


def test_a_probe_that_died_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_: RefusalProbe) -> None:
        raise BufferError("the queue is full")

    monkeypatch.setattr(RefusalProbe, "_run", die)
    with pytest.raises(Inconclusive, match="queue is full"), probe():
        pass


def test_a_probe_that_lived_to_the_end_says_nothing() -> None:
    with probe() as lived:
        pass
    assert lived.refused_s == []
