"""G0 and G1c, with and without real time: transactions that no order explains."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import NONE, Ending, History, Kind
from harness.judging import cycles
from harness.judging.anomaly import Anomaly, Example
from harness.judging.config import Config
from harness.judging.cycles import Cycle, CycleClass, CycleReport, EdgeKind, Edges
from harness.judging.versions import Versions

WRITES = (CycleClass.G0, CycleClass.G0_REALTIME)
Rows = NDArray[np.intp]
NO_EDGES = cycles.realtime_edges(
    invoked_ns=np.zeros(0, dtype=np.int64), ended_ns=np.zeros(0, dtype=np.int64), is_ok=np.zeros(0, dtype=np.bool_)
)


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Look for cycles among the transactions that must have committed.

    Unless writes are ordered, a G0 is legal and only reads and real time count in a G1c: Kafka lets transactions
    interleave their writes.
    """
    transactions = _transactions(versions)
    edges = _edges(versions, transactions) if len(transactions) else NO_EDGES

    def report_of(edges: Edges) -> CycleReport:
        return cycles.search(edges, nodes=len(transactions), max_steps=config.cycle_search_steps)

    whole = report_of(edges)
    reading = whole if config.ordered_writes else report_of(edges.only(EdgeKind.WR, EdgeKind.RT))
    for one in CycleClass:
        report = whole if one in WRITES else reading
        legal = one in WRITES and not config.ordered_writes
        yield _anomaly(versions.history, transactions, report, one, legal=legal)


def _transactions(versions: Versions) -> Rows:
    """Return the operations that are transactions and must have committed."""
    operations, sends = versions.history.operations, versions.history.sends
    proven = np.zeros(len(operations), dtype=np.bool_)
    proven[sends.op[versions.must_have_committed]] = True
    certain = operations.ok | (proven & (operations.ending == Ending.INFO))
    return np.flatnonzero((operations.kind == Kind.TXN) & certain)


def _edges(versions: Versions, transactions: Rows) -> Edges:
    """Return who came before whom: by the order of the log, by reads, and by time."""
    history = versions.history
    operations, sends, reads = history.operations, history.sends, history.reads
    number = np.full(len(operations) + 1, NONE, dtype=np.int64)
    number[transactions] = np.arange(len(transactions))
    depending = cycles.dependencies(
        txn_of_write=number[sends.op],
        slot=versions.slot_of_send,
        txn_of_read=number[reads.op],
        slot_of_read=versions.slot_of_read,
        key_of_slot=versions.key_of_slot,
        offset_of_slot=versions.offset_of_slot,
    )
    passing = cycles.realtime_edges(
        invoked_ns=operations.invoked_ns[transactions],
        ended_ns=operations.ended_ns[transactions],
        is_ok=operations.ok[transactions],
    )
    return depending.and_also(passing)


def _anomaly(history: History, transactions: Rows, report: CycleReport, one: CycleClass, *, legal: bool) -> Anomaly:
    found = report.found.get(one)
    if found is None:
        return Anomaly(name=one.value, legal=legal, unknown="" if legal else report.unfinished or "not searched")
    examples = tuple(_example(history, transactions, cycle) for cycle in found.cycles)
    checked = len(transactions)
    return Anomaly(name=one.value, count=found.components, legal=legal, examples=examples, checked=checked)


_SAYS = {EdgeKind.WW: "wrote before", EdgeKind.WR: "was read by", EdgeKind.RT: "had ended before"}


def _example(history: History, transactions: Rows, cycle: Cycle) -> Example:
    index = history.operations.index
    steps = []
    for step in cycle.steps:
        where = "" if step.key is None else f" ({history.keys[step.key]} offset {step.offset})"
        ends = (int(index[transactions[node]]) for node in (step.source, step.target))
        steps.append(f"{next(ends)} {_SAYS[step.kind]} {next(ends)}{where}")
    ops = tuple(dict.fromkeys(int(transactions[step.source]) for step in cycle.steps))
    return Example(what=f"transactions (by index) in a circle: {', '.join(steps)}", ops=ops)
