"""The disks as a witness: what is read for a finding, and that unread is never missing."""

from __future__ import annotations

import json

import pytest

from harness import disk_witness
from harness.checkers.disk_log import Log, Unreadable
from harness.disk_witness import MOST_KEYS, DiskWitness, told_of
from harness.errors import UsageError
from harness.judging.anomaly import Example
from harness.judging.judge import judgement
from tests.checkers.anomalies.told import Told

LOST = Told().sent(1, "a-0", (0, 1), (1, 2)).finally_read({"a-0": [(1, 2)]})


def witness(
    monkeypatch: pytest.MonkeyPatch, logs: tuple[Log, ...] | Exception, told: Told = LOST
) -> tuple[DiskWitness, list[str]]:
    """Return a witness to whom the disks say this, and the list of the partitions that it asks for."""
    asked: list[str] = []

    def read(_: object, __: object, topic: str, partition: int) -> tuple[Log, ...]:
        asked.append(f"{topic}-{partition}")
        if isinstance(logs, Exception):
            raise logs
        return logs

    monkeypatch.setattr(disk_witness, "read_disk", read)
    return DiskWitness(told.judged(), cluster=None, admin=None), asked  # type: ignore[arg-type]


def test_each_finding_says_what_the_disks_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    asks, asked = witness(monkeypatch, (Unreadable(name="kafka-0", in_sync=True, reason="its pod is gone"),))
    findings = judgement(LOST.judged(), witness=asks).findings
    assert findings
    for finding in findings:
        truth = json.dumps(finding.evidence["disk"])
        assert '"whereabouts": "undecided"' in truth
        assert '"acknowledged": true' in truth
    assert asked == ["a-0"], "a partition is read once, however many findings it has"


def test_what_could_not_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    asks, _ = witness(monkeypatch, UsageError("there is no partition a-0", remedy="choose another"))
    findings = judgement(LOST.judged(), witness=asks).findings
    assert all("there is no partition a-0" in str(finding.evidence["disk_unknown"]) for finding in findings)


def test_only_some_partitions_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    for number in range(MOST_KEYS + 1):
        told.sent(1, f"a-{number}", (0, number), (1, number + 100))
    told.finally_read({f"a-{number}": [(1, number + 100)] for number in range(MOST_KEYS + 1)})
    asks, asked = witness(monkeypatch, (), told)
    findings = judgement(told.judged(), witness=asks).findings
    assert asked == [f"a-{number}" for number in range(MOST_KEYS)]
    assert sum("disk_unknown" in finding.evidence for finding in findings) == 2


def test_a_finding_without_a_key_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asks, asked = witness(monkeypatch, ())
    assert asks(Example(what="a circle", ops=(0, 1))) == {}
    assert asked == []


def test_what_clients_were_told_is_put_together() -> None:
    judged = Told().sent(1, "a-0", (None, "x")).unanswered(2, "a-0", "y").finally_read({"a-0": [(7, "x")]}).judged()
    x, y = (told_of(judged, 0, value) for value in ("x", "y"))
    assert (x.offset, x.acknowledged, x.read) == (7, True, True)
    assert (y.offset, y.acknowledged, y.read) == (None, False, False)
