"""What the judge says, as JSON: every anomaly with its count, and for each finding the operations that show it."""

from __future__ import annotations

from collections.abc import Mapping

from harness.histories.extracting import events_of
from harness.judging.anomaly import Anomaly, Example
from harness.judging.judge import Judged, families
from harness.judging.minimal import minimal

SCHEMA = "greenfield-judgement/1"
SHRUNK = 3
"""For how many findings of a kind the smallest history is looked for."""


def as_json(judged: Judged, *, seconds: float) -> dict[str, object]:
    """Return the judgement, as docs/judge.md describes it; `seconds` is how long it took, reading included."""
    return {
        "schema": SCHEMA,
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "operations": judged.operations,
        "records": judged.records,
        "seconds": round(seconds, 3),
        "anomalies": {anomaly.name: _anomaly(judged, anomaly) for anomaly in judged.anomalies},
    }


def _anomaly(judged: Judged, anomaly: Anomaly) -> dict[str, object]:
    told: dict[str, object] = {
        "count": anomaly.count,
        "legal": anomaly.legal,
        "checked": anomaly.checked,
        "examples": [
            _example(judged, anomaly, example, shrinks=number < SHRUNK)
            for number, example in enumerate(anomaly.examples)
        ],
    }
    told |= {"unknown": anomaly.unknown} if anomaly.unknown else {}
    return told | dict(anomaly.measured)


def _example(judged: Judged, anomaly: Anomaly, example: Example, *, shrinks: bool) -> Mapping[str, object]:
    history = judged.history
    told: dict[str, object] = {
        "what": example.what,
        "key": None if example.key is None else history.keys[example.key],
        "offsets": list(example.offsets),
        "values": list(example.values),
        "ops": [_op(judged, op) for op in example.ops],
    }
    if shrinks:
        search = families()[anomaly.family]
        told["history"] = [op.as_json() for op in minimal(history, anomaly, example, search, judged.config)]
    return told


def _op(judged: Judged, row: int) -> Mapping[str, object]:
    history = judged.history
    last = events_of(history, (row,))[-1]
    return {
        "index": int(history.operations.index[row]),
        "time": int(history.operations.invoked_ns[row]),
        "process": last.process,
        "f": last.f,
        "type": last.type.value,
    }
