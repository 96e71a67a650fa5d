"""The matrix of planted bugs and anomalies: every bug is found by the right one and by no wrong one, in every seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.errors import UsageError
from harness.histories.building import history_of
from harness.histories.jsonl import write_lines
from harness.judging.config import Config, Retention
from harness.judging.judge import Judged, judge
from harness.rehearsal.bugs import Bug
from harness.rehearsal.rehearsing import JudgedBy, Rehearsal, rehearse
from harness.verdict import Verdict

WHOLE = len(Bug) + 1
"""How many rows a whole matrix has: one for each bug, and one for runs without any."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of one planted bug, or of none, over its seeds.

    `struck`: in how many seeds the bug did happen. `right`: in how many the anomaly was found that must be.
    `wrong`: anomalies that were found and cannot come from it, with the seeds. `anomalies`: in how many seeds each.
    """

    bug: Bug | None
    seeds: int
    struck: int
    right: int
    wrong: tuple[tuple[int, str], ...] = ()
    anomalies: Counter[str] = field(default_factory=Counter)

    @property
    def is_complete(self) -> bool:
        """Whether every seed showed the bug, and nothing else; no seed at all shows nothing."""
        return 0 < self.seeds == self.struck == self.right and not self.wrong


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A row for each bug, and one for runs without any."""

    rows: tuple[Row, ...]

    @property
    def verdict(self) -> Verdict:
        """FAIL when a row is not complete; a matrix without all bugs that there are, or clean runs, is no pass."""
        if not all(row.is_complete for row in self.rows):
            return Verdict.FAIL
        return Verdict.PASS if {row.bug for row in self.rows} == {None, *Bug} else Verdict.INCONCLUSIVE


def bugs_named(names: Sequence[str]) -> tuple[Bug, ...]:
    """Return the bugs of these names, or all of them."""
    unknown = sorted(set(names) - set(Bug.__members__))
    if unknown:
        raise UsageError(f"there is no bug {', '.join(unknown)}", remedy=f"choose from: {', '.join(Bug.__members__)}")
    return tuple(Bug[name] for name in names) or tuple(Bug)


def line(row: Row) -> str:
    """Say in a line what became of a row."""
    mark = "✓" if row.is_complete else "✗"
    if row.bug is None:
        said = f"{mark} {'(no bug)':30} {row.right}/{row.seeds} pass"
    else:
        said = f"{mark} {row.bug.name:30} {row.right}/{row.seeds} {' '.join(sorted(row.bug.signature.must))}"
    beside = {name: count for name, count in row.anomalies.items() if not row.bug or name not in row.bug.signature.must}
    if beside:
        said += f"  with {', '.join(f'{name} {count}' for name, count in sorted(beside.items()))}"
    if row.struck < row.seeds:
        said += f"  STRUCK ONLY {row.struck} TIMES"
    if row.wrong:
        said += f"  WRONG: {', '.join(f'{name} (seed {seed})' for seed, name in row.wrong[:5])}"
    return said


def rows(bugs: Sequence[Bug], *, seeds: int, clean_seeds: int, executor: Executor) -> Iterator[Row]:
    """Rehearse each bug with as many seeds, and clean runs, and give a row as soon as it is done."""
    yield clean_row(clean_seeds, executor)
    for bug in bugs:
        outcomes = list(executor.map(partial(outcome, bug), range(seeds), chunksize=10))
        anomalies = Counter(name for names, _ in outcomes for name in names)
        signature = bug.signature
        yield Row(
            bug=bug,
            seeds=seeds,
            struck=sum(struck for _, struck in outcomes),
            right=sum(signature.must <= names for names, _ in outcomes),
            wrong=tuple(
                (seed, name)
                for seed, (names, _) in enumerate(outcomes)
                for name in sorted(names - signature.must - signature.may)
            ),
            anomalies=anomalies,
        )


def clean_row(seeds: int, executor: Executor) -> Row:
    """Rehearse without a bug: each run must pass, and every run counts as struck."""
    outcomes = list(executor.map(clean_outcome, range(seeds), chunksize=10))
    return Row(
        bug=None,
        seeds=seeds,
        struck=seeds,
        right=sum(passed for _, passed in outcomes),
        wrong=tuple((seed, name) for seed, (names, _) in enumerate(outcomes) for name in sorted(names)),
        anomalies=Counter(name for names, _ in outcomes for name in names),
    )


def outcome(bug: Bug, seed: int) -> tuple[frozenset[str], bool]:
    """Rehearse a bug once: the anomalies that were found, and whether it struck."""
    run = rehearse(seed=seed, bugs=frozenset({bug}))
    return _found(judged(run), bug.signature.must), run.fired[bug] > 0


def clean_outcome(seed: int) -> tuple[frozenset[str], bool]:
    """Rehearse without a bug once: the failures that were found, and whether the run passed."""
    verdict = judged(rehearse(seed=seed))
    return _found(verdict, frozenset()), verdict.verdict is Verdict.PASS


def judged(run: Rehearsal) -> Judged:
    """Judge a rehearsal by the numbers that it comes with."""
    return judge(history_of(run.ops), config_of(run.judged_by))


def config_of(by: JudgedBy) -> Config:
    """Return the judge's configuration for a rehearsal."""
    return Config(retention=Retention(ms=by.retention_ms, late_ms=by.late_ms))


def _found(judged: Judged, wanted: frozenset[str]) -> frozenset[str]:
    """Return the failures, and of what is legal only that which is looked for."""
    failures = {anomaly.name for anomaly in judged.failures}
    legal = {anomaly.name for anomaly in judged.anomalies if anomaly.count and anomaly.legal}
    return frozenset(failures | (legal & wanted))


def record(run: Rehearsal, path: Path) -> Path:
    """Write a rehearsal's history, and beside it the rules to judge it by; return the path of these."""
    write_lines(run.ops, path)
    rules = path.with_suffix(".rules.yaml")
    by = run.judged_by
    rules.write_text(f"retention: {{ms: {by.retention_ms}, late_ms: {by.late_ms}}}\n", encoding="utf-8")
    return rules
