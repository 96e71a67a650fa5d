"""replicas: a byte, a file or a replica that differs is found; nothing to compare is inconclusive."""

from __future__ import annotations

import pytest

from harness.checkers import replicas
from harness.verdict import Verdict

SAME = {"0.log": "aa", "9.log": "bb"}


def test_equal_files_on_every_replica_are_a_pass() -> None:
    judged = replicas.check({"t-0": {"kafka-0": SAME, "kafka-1": dict(reversed(SAME.items())), "kafka-2": SAME}})
    assert judged.verdict is Verdict.PASS
    assert judged.measured == {"partitions": 1, "segment_files": 2}


@pytest.mark.parametrize("other", [{**SAME, "9.log": "xx"}, {"0.log": "aa"}, {**SAME, "12.log": "cc"}, {}], ids=str)
def test_a_replica_that_differs_is_found(other: dict[str, str]) -> None:
    judged = replicas.check({"t-0": {"kafka-0": SAME, "kafka-1": SAME}, "t-1": {"kafka-0": SAME, "kafka-1": other}})
    assert judged.verdict is Verdict.FAIL
    assert [finding.evidence["key"] for finding in judged.findings] == ["t-1"]


@pytest.mark.parametrize(
    "digests",
    [{}, {"t-0": {}}, {"t-0": {"kafka-0": SAME}}, {"t-0": {"kafka-0": {}, "kafka-1": {}}}],
    ids=["no partition", "no replica", "one replica", "no file"],
)
def test_nothing_to_compare_is_inconclusive(digests: replicas.Digests) -> None:
    assert replicas.check(digests).verdict is Verdict.INCONCLUSIVE


def test_one_partition_without_files_spoils_the_whole() -> None:
    digests: replicas.Digests = {"t-0": {"kafka-0": SAME, "kafka-1": SAME}, "t-1": {"kafka-0": {}, "kafka-1": {}}}
    judged = replicas.check(digests)
    assert (judged.verdict, judged.reason) == (Verdict.INCONCLUSIVE, "no replica of t-1 has a segment file")
