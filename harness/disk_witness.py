"""The disks as a witness: where the records of a finding are in the replicas' logs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.checkers.disk_log import Log
from harness.checkers.disk_truth import DiskTruth, Told, explain
from harness.clients.admin import Admin
from harness.cluster.disk import read_disk
from harness.cluster.pods import Cluster
from harness.errors import HarnessError
from harness.judging.anomaly import Example
from harness.judging.judge import Judged
from harness.judging.retained import log_start
from harness.verdict import Inconclusive

MOST_KEYS = 3
"""Of how many partitions the logs are read: Kafka's tool takes seconds for each replica."""

MOST_VALUES = 3


class DiskWitness:
    """Reads a partition's logs when a finding asks for them, once; call it after the traffic has ended."""

    def __init__(self, judged: Judged, *, cluster: Cluster, admin: Admin) -> None:
        self._judged, self._cluster, self._admin = judged, cluster, admin
        self._logs: dict[int, tuple[Log, ...] | str] = {}

    def __call__(self, example: Example) -> Mapping[str, object]:
        """Say where the finding's records are; what could not be read is said, too, and never means `not there`."""
        if example.key is None or not example.values:
            return {}
        logs = self._logs_of(example.key)
        if isinstance(logs, str):
            return {"disk_unknown": logs}
        truths = [self._truth(example.key, value, logs) for value in example.values[:MOST_VALUES]]
        return {"disk": [truth.as_json() for truth in truths]}

    def _logs_of(self, key: int) -> tuple[Log, ...] | str:
        if key not in self._logs:
            self._logs[key] = self._read(key) if len(self._logs) < MOST_KEYS else f"only {MOST_KEYS} keys are read"
        return self._logs[key]

    def _read(self, key: int) -> tuple[Log, ...] | str:
        topic, partition = self._judged.history.keys[key].rsplit("-", 1)
        try:
            return read_disk(self._cluster, self._admin, topic, int(partition))
        except (HarnessError, Inconclusive) as error:
            return str(error)

    def _truth(self, key: int, value: int | str, logs: tuple[Log, ...]) -> DiskTruth:
        return explain(self._judged.history.keys[key], told_of(self._judged, key, value), logs)


def told_of(judged: Judged, key: int, value: int | str) -> Told:
    """Return what all clients together were told of a record."""
    history, versions = judged.history, judged.versions
    number = value if history.values is None else history.values.index(str(value))
    sends = np.flatnonzero((history.sends.key == key) & (history.sends.value == number))
    reads = np.flatnonzero((history.reads.key == key) & (history.reads.value == number))
    offsets = [int(history.sends.offset[row]) for row in sends if history.sends.offset[row] >= 0]
    offsets += [int(history.reads.offset[row]) for row in reads]
    return Told(
        value=value,
        offset=next(iter(offsets), None),
        acknowledged=bool(history.operations.ok[history.sends.op[sends]].any()),
        read=bool(versions.read_is_ok[reads].any()),
        log_start=int(log_start(versions)[key]),
    )
