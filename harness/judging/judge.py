"""The judge: every family of checkers searches a history, and what they find becomes one judgement."""

from __future__ import annotations

import pkgutil
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module

import numpy as np

from harness.checkers import anomalies
from harness.histories.extracting import events_of
from harness.histories.history import History
from harness.judging.anomaly import Anomaly, Example, Search
from harness.judging.config import Config, Isolation
from harness.judging.picture import picture_of
from harness.judging.versions import Versions
from harness.verdict import Finding, Judgement, Verdict

NAME = "history"
FINDINGS = 20
OPERATIONS = 10
"""How many findings, and how many operations of each, go into a clause's record."""


@cache
def families() -> Mapping[str, Search]:
    """Return every family of checkers by the name of its module: a new one is found by being there."""
    names = sorted(module.name for module in pkgutil.iter_modules(anomalies.__path__))
    return {name: import_module(f"{anomalies.__name__}.{name}").search for name in names}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A judged history: every anomaly that was searched for, whether found or not."""

    versions: Versions
    config: Config
    anomalies: tuple[Anomaly, ...]

    @property
    def history(self) -> History:
        return self.versions.history

    @property
    def operations(self) -> int:
        return len(self.history.operations)

    @property
    def records(self) -> int:
        """How many records were sent and read, together."""
        return len(self.history.sends) + len(self.history.reads)

    @property
    def failures(self) -> tuple[Anomaly, ...]:
        return tuple(anomaly for anomaly in self.anomalies if anomaly.count and not anomaly.legal)

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Why nothing can be concluded, if that is so; nothing written or nothing read is no evidence."""
        reasons = [f"{anomaly.name}: {anomaly.unknown}" for anomaly in self.anomalies if anomaly.unknown]
        if not self.history.operations.ok[self.history.sends.op].any():
            reasons.append("no write was acknowledged")
        if not self.versions.read_is_ok.any():
            reasons.append("nothing was read")
        return tuple(reasons)

    @property
    def verdict(self) -> Verdict:
        if self.failures:
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if self.unknowns else Verdict.PASS

    @property
    def reason(self) -> str:
        """The verdict's reason in one sentence."""
        if self.failures:
            first = self.failures[0].examples[0].what
            counts = ", ".join(f"{anomaly.name} {anomaly.count}" for anomaly in self.failures)
            return f"{counts}; the first: {first}"
        if self.unknowns:
            return "; ".join(self.unknowns)
        return f"{self.records} records of {self.operations} operations, and none of {len(self.anomalies)} anomalies"


def judge(history: History, config: Config | None = None) -> Judged:
    """Search a history for every anomaly; a checker that crashes makes its part unknown, and the others still run."""
    config = config or Config()
    versions = Versions(_isolated(history, config.isolation))
    versions.require_unique_values()
    found = [anomaly for name, search in families().items() for anomaly in _searched(name, search, versions, config)]
    return Judged(versions=versions, config=config, anomalies=tuple(found))


def _isolated(history: History, isolation: Isolation) -> History:
    """Return the history as if all polls had been made with this isolation."""
    if isolation is Isolation.AS_RECORDED:
        return history
    uncommitted = np.full(len(history.operations), isolation is Isolation.READ_UNCOMMITTED)
    return replace(history, operations=replace(history.operations, uncommitted=uncommitted))


def _searched(name: str, search: Search, versions: Versions, config: Config) -> Iterable[Anomaly]:
    try:
        return tuple(replace(anomaly, family=name) for anomaly in search(versions, config))
    except Exception:  # a bug of ours must neither hide what the others find nor look like one of the cluster
        return (Anomaly(name=name, family=name, unknown=f"the checker crashed: {traceback.format_exc()}"),)


Witness = Callable[[Example], Mapping[str, object]]
"""Says more about a finding than the history does, such as what the disks hold."""


def judgement(judged: Judged, *, witness: Witness = lambda _: {}) -> Judgement:
    """Put a judged history into the words of a clause; the witness is asked about each finding that is told."""
    told = [(anomaly, example) for anomaly in judged.failures for example in anomaly.examples][:FINDINGS]
    findings = tuple(
        Finding(anomaly=anomaly.name, what=example.what, evidence={**_evidence(judged, example), **witness(example)})
        for anomaly, example in told
    )
    measured: dict[str, object] = {"operations": judged.operations, "records": judged.records}
    measured |= {anomaly.name: anomaly.count for anomaly in judged.anomalies if anomaly.count}
    for anomaly in judged.anomalies:
        measured |= anomaly.measured
    return Judgement(checker=NAME, verdict=judged.verdict, reason=judged.reason, findings=findings, measured=measured)


def _evidence(judged: Judged, example: Example) -> dict[str, object]:
    """Return what the history itself says of a finding: where, what, and the lines of its operations."""
    history = judged.history
    events = events_of(history, example.ops[:OPERATIONS])
    drawn = picture_of(judged.versions, example)
    return {
        **({} if drawn is None else {"picture": drawn.as_json()}),
        "key": None if example.key is None else history.keys[example.key],
        "offsets": list(example.offsets),
        "values": list(example.values),
        "ops": [{"index": op.index, "time": op.time_ns, "process": op.process, "f": op.f} for op in events],
    }
