"""Judging a history file again: what `harness judge` does and says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.histories.reading import Form, read
from harness.judging.anomaly import Anomaly
from harness.judging.config import Config
from harness.judging.judge import Judged, families, judge
from harness.judging.minimal import minimal
from harness.judging.told import as_json
from harness.verdict import Verdict

MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?"}


@dataclass(frozen=True, kw_only=True)
class Rejudged:
    """A judged file, and how long that took, reading included."""

    path: Path
    judged: Judged
    seconds: float

    def as_json(self) -> dict[str, object]:
        return as_json(self.judged, seconds=self.seconds)

    def lines(self) -> Iterator[str]:
        """Give what a person reads: the verdict, then each anomaly with its first finding and what shows it."""
        judged = self.judged
        size = f"{judged.records:,} records in {judged.operations:,} operations, judged in {self.seconds:.1f} s"
        yield f"{MARKS[judged.verdict]} {judged.verdict.value}  {self.path}: {size}"
        for anomaly in judged.failures:
            yield from _failure(judged, anomaly)
        for unknown in judged.unknowns:
            yield f"  ? {unknown}"
        legal = [f"{anomaly.name} {anomaly.count}" for anomaly in judged.anomalies if anomaly.legal and anomaly.count]
        if legal:
            yield f"  legal here: {', '.join(legal)}"


def _failure(judged: Judged, anomaly: Anomaly) -> Iterator[str]:
    first = anomaly.examples[0]
    yield f"  ✗ {anomaly.name} ({anomaly.count}): {first.what}"
    shown = minimal(judged.history, anomaly, first, families()[anomaly.family], judged.config)
    for op in shown:
        yield f"      {json.dumps(op.as_json(), separators=(',', ':'), ensure_ascii=False)}"


def rejudge(path: Path, *, form: Form | None, config: Config) -> Rejudged:
    """Read and judge a history file."""
    started_s = time.monotonic()
    judged = judge(read(path, form=form), config)
    return Rejudged(path=path, judged=judged, seconds=time.monotonic() - started_s)
