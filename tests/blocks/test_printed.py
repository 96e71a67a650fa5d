"""What commands print is read back exactly, and what is not there is missed."""

from __future__ import annotations

import pytest

from suites.documented.printed import PrintedPartition, broker_ids, offsets, partitions

DESCRIBED = """\
Topic: my-topic\tTopicId: LvRotBvsTAim2rfkwiE0Dw\tPartitionCount: 2\tReplicationFactor: 2\tConfigs:
\tTopic: my-topic\tPartition: 0\tLeader: 1\tReplicas: 1,0\tIsr: 1,0\tElr: N/A\tLastKnownElr: N/A
\tTopic: my-topic\tPartition: 1\tLeader: 0\tReplicas: 0,2\tIsr: 0\tElr: N/A\tLastKnownElr: N/A
"""

OFFSETS = """
Consumer group 'my-group' has no active members.

GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID   HOST
my-group        other           0          1               1               0               -             -
my-group        lagging         1          25              25              0               -             -
my-group        lagging         0          11              40              29              -             -
"""

SHELL = """\
Connecting to localhost:2181

WatchedEvent state:SyncConnected type:None path:null
[2, 0, 1]
"""


def test_partitions() -> None:
    assert partitions(DESCRIBED.splitlines()) == [
        PrintedPartition(index=0, leader=1, replicas=frozenset({0, 1}), isr=frozenset({0, 1})),
        PrintedPartition(index=1, leader=0, replicas=frozenset({0, 2}), isr=frozenset({0})),
    ]
    assert partitions(["Error: Topic 'my-topic' does not exist as expected"]) == []


def test_offsets() -> None:
    assert offsets(OFFSETS.splitlines(), group="my-group", topic="lagging") == {0: [11, 40, 29], 1: [25, 25, 0]}
    assert offsets(OFFSETS.splitlines(), group="my-group", topic="absent") == {}
    with pytest.raises(AssertionError, match="no table"):
        offsets(["Error: Consumer group 'my-group' does not exist."], group="my-group", topic="lagging")


def test_broker_ids() -> None:
    assert broker_ids(SHELL.splitlines()) == [0, 1, 2]
    assert broker_ids(["[]"]) == []
    with pytest.raises(AssertionError, match="no list of ids"):
        broker_ids(["Node does not exist: /brokers/ids"])


def test_a_remark_on_standard_error_may_cut_a_line_of_the_table() -> None:
    lines = [
        "",
        "GROUP   ",
        "Consumer group 'g' has no active members.",
        "        TOPIC  PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID",
        "g  t  0  3  5  2  -",
    ]
    assert offsets(lines, group="g", topic="t") == {0: [3, 5, 2]}
