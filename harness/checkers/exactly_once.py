"""exactly-once: every record that a group has put behind it was transformed once, and nothing else was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.ops import Op
from harness.verdict import Finding, Judgement, Verdict

NAME = "exactly-once"
MARK = ">"
"""Stands between the value of a record and the attempt that transformed it."""

Record = tuple[int, int, str]
"""Partition, offset and value."""

Made = Mapping[tuple[int, str], int]
"""How often a partition of the target holds what became of a value."""


def transformed(value: str, *, attempt: str) -> str:
    """Return what a transformer makes of a value; another attempt at the same record makes another value."""
    return f"{value}{MARK}{attempt}"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Where a transformation begins and ends: its partitions correspond, its progress is that of `group`."""

    source: str
    target: str
    group: str


def check(ops: Sequence[Op], pipeline: Pipeline) -> Judgement:
    """Judge the final reads of both topics by the last committed offsets that an observer saw.

    What the group has not reached yet may not have been transformed; if there is any of it, nothing is concluded.
    """
    inputs, outputs = (tuple(_finally_read(ops, topic)) for topic in (pipeline.source, pipeline.target))
    progress = _progress(ops, pipeline)
    if not inputs or not progress:
        missing = "no input was finally read" if not inputs else f"nobody saw where {pipeline.group} stands"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=missing)
    made = Counter((partition, value.rpartition(MARK)[0]) for partition, _, value in outputs)
    done = [record for record in inputs if record[1] < progress.get(record[0], 0)]
    left = [record for record in inputs if record[1] >= progress.get(record[0], 0)]
    findings = (*_wrong(done, made, pipeline), *_ahead(left, made, pipeline), *_from_nothing(inputs, made, pipeline))
    measured = {"inputs": len(inputs), "outputs": len(outputs), "left": len(left)}
    if findings:
        verdict, reason = Verdict.FAIL, f"{len(findings)} findings, the first: {findings[0].what}"
    elif left:
        verdict, reason = Verdict.INCONCLUSIVE, f"{len(left)} of {len(inputs)} records were not reached"
    else:
        verdict, reason = Verdict.PASS, f"each of {len(inputs)} records was transformed once"
    return Judgement(checker=NAME, verdict=verdict, reason=reason, findings=findings[:20], measured=measured)


def _finally_read(ops: Iterable[Op], topic: str) -> Iterator[Record]:
    """Give what the final reader of committed records was given of a topic."""
    for op in ops:
        if op.f == "poll" and op.extra.get("final") is True and "isolation" not in op.extra:
            for micro in op.value:  # type: ignore[attr-defined]
                for key, places in micro[1].items() if len(micro) > 1 else ():
                    name, partition = _place(key)
                    if name == topic:
                        yield from ((partition, offset, value) for offset, value in places)


def _progress(ops: Iterable[Op], pipeline: Pipeline) -> Mapping[int, int]:
    """Return the group's committed offset of each partition of the source, as it was seen last."""
    progress: dict[int, int] = {}
    for op in ops:
        for micro in op.value if op.f == "observe" else ():  # type: ignore[attr-defined]
            if micro[:2] == ["committed", pipeline.group]:
                places = ((_place(key), offset) for key, offset in micro[2].items())
                progress |= {partition: offset for (topic, partition), offset in places if topic == pipeline.source}
    return progress


def _place(key: str) -> tuple[str, int]:
    topic, _, partition = key.rpartition("-")
    return topic, int(partition)


def _wrong(done: Iterable[Record], made: Made, pipeline: Pipeline) -> Iterator[Finding]:
    for partition, offset, value in done:
        times = made.get((partition, value), 0)
        if times != 1:
            anomaly = "transformed-twice" if times else "never-transformed"
            yield _finding(
                anomaly, f"{pipeline.source}-{partition}", f"{offset} ({value!r}) was transformed {times} times"
            )


def _ahead(left: Iterable[Record], made: Made, pipeline: Pipeline) -> Iterator[Finding]:
    for partition, offset, value in left:
        if (partition, value) in made:
            said = f"{offset} ({value!r}) was transformed, but {pipeline.group} has not committed it"
            yield _finding("torn-progress", f"{pipeline.source}-{partition}", said)


def _from_nothing(inputs: Iterable[Record], made: Made, pipeline: Pipeline) -> Iterator[Finding]:
    there = {(partition, value) for partition, _, value in inputs}
    for partition, value in sorted(made.keys() - there):
        said = f"made from {value!r}, which is not in the source"
        yield _finding("transformed-nothing", f"{pipeline.target}-{partition}", said)


def _finding(anomaly: str, key: str, what: str) -> Finding:
    return Finding(anomaly=anomaly, what=f"{key}: {what}", evidence={"key": key})
