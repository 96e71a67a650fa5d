"""Histories told in a few words, for the smallest examples of anomalies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.histories.building import history_of
from harness.judging.config import Config
from harness.judging.judge import Judged, judge
from harness.ops import Op, OpType

Records = Mapping[str, Sequence[tuple[int, int | str]]]
MS = 1_000_000


class Told:
    """A history that is told event by event, one millisecond apart; the final read closes it."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.now_ms = 0

    def event(self, process: int | str, type: OpType, f: str, value: object, **extra: object) -> Told:
        """Add one event, a millisecond after the last."""
        self.now_ms += 1
        fields = {name.replace("_", "-"): what for name, what in extra.items()}
        self.ops.append(Op(len(self.ops), self.now_ms * MS, process, type, f, value, fields))
        return self

    def later(self, ms: int) -> Told:
        """Let time pass."""
        self.now_ms += ms
        return self

    def invoke_send(self, process: int, key: str, value: int | str) -> Told:
        return self.event(process, OpType.INVOKE, "send", [["send", key, value]])

    def end_send(self, process: int, key: str, value: int | str, offset: int | None, how: OpType = OpType.OK) -> Told:
        payload = value if offset is None and how is not OpType.OK else [offset, value]
        return self.event(process, how, "send", [["send", key, payload]])

    def sent(self, process: int, key: str, *records: tuple[int | None, int | str]) -> Told:
        """Let a process send values and be told their offsets, one after the other."""
        for offset, value in records:
            self.invoke_send(process, key, value).end_send(process, key, value, offset)
        return self

    def refused(self, process: int, key: str, value: int | str) -> Told:
        return self.invoke_send(process, key, value).end_send(process, key, value, None, OpType.FAIL)

    def unanswered(self, process: int, key: str, value: int | str) -> Told:
        return self.invoke_send(process, key, value).end_send(process, key, value, None, OpType.INFO)

    def polled(self, process: int | str, records: Records, how: OpType = OpType.OK, **extra: object) -> Told:
        self.event(process, OpType.INVOKE, "poll", [["poll"]])
        given = {key: [list(record) for record in row] for key, row in records.items()}
        return self.event(process, how, "poll", [["poll", given]] if given else [["poll"]], **extra)

    def assigned(self, process: int, *keys: str) -> Told:
        return self.event(process, OpType.OK, "assign", list(keys))

    def subscribed(self, process: int, *topics: str) -> Told:
        return self.event(process, OpType.OK, "subscribe", list(topics))

    def transaction(
        self,
        process: int,
        writes: Records,
        reads: Records | None = None,
        how: OpType = OpType.OK,
        **extra: object,
    ) -> Told:
        """Let a process write (and read) in one transaction; without an ok, the offsets are not told."""
        return self.begun(process, writes).ended(process, writes, reads, how, **extra)

    def begun(self, process: int, writes: Records) -> Told:
        asked = [["send", key, value] for key, row in writes.items() for _, value in row]
        return self.event(process, OpType.INVOKE, "txn", [*asked, ["poll"]])

    def ended(
        self,
        process: int,
        writes: Records,
        reads: Records | None = None,
        how: OpType = OpType.OK,
        **extra: object,
    ) -> Told:
        told: list[list[object]] = [
            ["send", key, [offset, value] if how is OpType.OK else value]
            for key, row in writes.items()
            for offset, value in row
        ]
        given = {key: [list(record) for record in row] for key, row in (reads or {}).items()}
        return self.event(process, how, "txn", [*told, ["poll", given] if given else ["poll"]], **extra)

    def committed(self, process: int, group: str, key: str, offset: int) -> Told:
        return self.event(process, OpType.OK, "commit", {key: offset}, group=group)

    def observed(self, process: int, key: str, **figures: int) -> Told:
        told = {name.replace("_", "-"): figure for name, figure in figures.items()}
        return self.event(process, OpType.OK, "observe", [["watermarks", key, told]])

    def observed_commit(self, process: int, group: str, key: str, offset: int) -> Told:
        return self.event(process, OpType.OK, "observe", [["committed", group, {key: offset}]])

    def finally_read(self, records: Records) -> Told:
        """Read every key from start to end, as the independent observer does after all faults."""
        covers = {key: [0, max((offset for offset, _ in row), default=-1) + 1] for key, row in records.items()}
        return self.polled("final", records, final=True, covers=covers)

    def judged(self, config: Config | None = None) -> Judged:
        """Judge what was told."""
        return judge(history_of(self.ops), config)

    def found(self, config: Config | None = None) -> dict[str, int]:
        """Return how often each anomaly was found that is a failure."""
        return {anomaly.name: anomaly.count for anomaly in self.judged(config).failures}

    def reported(self, config: Config | None = None) -> dict[str, int]:
        """Return how often each anomaly was found that is legal."""
        return {
            anomaly.name: anomaly.count for anomaly in self.judged(config).anomalies if anomaly.count and anomaly.legal
        }
