"""The topic of a load: its files are gone from every broker before anybody says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from harness.cluster.pods import Executed
from harness.errors import MachineError
from harness.load_topic import await_files_gone
from harness.verdict import Inconclusive
from harness.waiting import waiting_on


@dataclass
class FakeClock:
    """A clock that pauses at once."""

    time_s: float = 0.0

    def now_s(self) -> float:
        return self.time_s

    def pause_s(self, duration_s: float) -> None:
        self.time_s += duration_s


@dataclass
class FakeBrokers:
    """Brokers whose log directories hold these names, one listing after the other; the last one stays."""

    listings: dict[str, list[str]]
    returncode: int = 0
    brokers: tuple[str, ...] = ("kafka-0", "kafka-1")
    asked: list[str] = field(default_factory=list)

    def run(self, pod: str, command: Sequence[str], **_: object) -> Executed:
        self.asked.append(pod)
        assert command == ["ls", "-1", "/data/a", "/data/b"]
        seen = self.listings[pod]
        text = seen.pop(0) if len(seen) > 1 else seen[0]
        return Executed(command=tuple(command), returncode=self.returncode, stdout=text, stderr="denied")

    def controller(self) -> int:
        return 0

    def broker_config(self, _broker: int) -> dict[str, str]:
        return {"log.dirs": "/data/a,/data/b"}


def wait_for(brokers: FakeBrokers) -> FakeClock:
    clock = FakeClock()
    with waiting_on(clock):
        await_files_gone("load-1", cluster=brokers, admin=brokers)  # type: ignore[arg-type]  # the fake is both
    return clock


def test_other_topics_do_not_count() -> None:
    assert wait_for(FakeBrokers({"kafka-0": ["load-12-0\nother-0"], "kafka-1": [""]})).time_s == 0


def test_what_is_marked_for_deletion_is_not_gone_yet() -> None:
    brokers = FakeBrokers({"kafka-0": [""], "kafka-1": ["load-1-0.0123-delete", "load-1-0.0123-delete", ""]})
    assert wait_for(brokers).time_s == 6


def test_files_that_stay_are_an_error() -> None:
    with pytest.raises(MachineError, match="the files of load-1 going did not happen"):
        wait_for(FakeBrokers({"kafka-0": [""], "kafka-1": ["load-1-0"]}))


def test_a_broker_that_cannot_be_looked_at_is_not_clean() -> None:
    with pytest.raises(Inconclusive, match="nobody can say what is left on kafka-0: denied"):
        wait_for(FakeBrokers({"kafka-0": [""], "kafka-1": [""]}, returncode=1))
