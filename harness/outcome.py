"""The outcome of a schedule: what was done, and what the histories of all clients say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.budget import LiveTimeouts
from harness.checkers import exactly_once
from harness.clients.traffic import throughput
from harness.evidence import Evidence
from harness.families import Catalogue
from harness.field import Field
from harness.histories.history import History
from harness.histories.pace import acknowledged_s
from harness.history_verdict import verdict_on
from harness.ordeal import Ordeal, Teller
from harness.run import Run
from harness.schedule import Schedule, Step
from harness.spells import Missed, Spell, faults_judged, overlaps_judged, windows_judged
from harness.trial import AFTERMATH_RECORDS, steady_traffic
from harness.underway import Struck
from harness.verdict import Inconclusive, Judgement, Verdict, merge
from harness.waiting import TimedOut

RECOVERY = "recovery"
ENOUGH_SENDS = 20
"""Under way in each spell: a fault that nobody wrote during has shown nothing."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one schedule came to. `schedule` are the steps as they were begun, those left out not among them."""

    schedule: Schedule
    judgements: tuple[Judgement, ...]
    spells: tuple[Spell, ...]
    missed: tuple[Missed, ...]
    evidence: Evidence

    @property
    def verdict(self) -> Verdict:
        return merge(judgement.verdict for judgement in self.judgements)

    @property
    def reason(self) -> str:
        worst = self.verdict
        if worst is Verdict.PASS:
            return ""
        return "; ".join(f"{one.checker}: {one.reason}" for one in self.judgements if one.verdict is worst)

    @property
    def kinds(self) -> frozenset[str]:
        """What failed: the anomalies by name, and the checkers that name none."""
        failed = [one for one in self.judgements if one.verdict is Verdict.FAIL]
        return frozenset(kind for one in failed for kind in {f.anomaly for f in one.findings} or {one.checker})

    @property
    def struck(self) -> tuple[Struck, ...]:
        return tuple(one for spell in self.spells for one in spell.struck)


Plan = Callable[[Callable[[], Catalogue]], Iterable[Step]]
"""Gives the steps of an ordeal, for a function that tells which families have not turned out to be unsupported."""


def undergo(plan: Plan, field: Field, *, run: Run, teller: Teller, is_given: bool) -> Outcome:
    """Let traffic run while the steps are carried out, and judge everything that its clients saw.

    Of a schedule that was given every step is demanded; of one that is drawn, what this cluster does not support is
    left out.
    """
    ground, traffic = field.ground, field.traffic
    ordeal = Ordeal(ground, traffic, run=run, known=field.known, teller=teller)
    live = LiveTimeouts.of(ground.admin.broker_config(ground.admin.controller()))
    with traffic.watcher(ground.admin) as watcher:
        with traffic:
            trouble = _endured(ordeal, field, plan(ordeal.supported))
        until_s = traffic.stopped_s
    evidence, spells, missed = Evidence(), tuple(ordeal.spells), tuple(ordeal.missed)
    evidence.events.extend((*ordeal.events, *watcher.events()))
    judgements = (
        *trouble,
        faults_judged(spells, missed, is_given=is_given),
        *_judged(field, spells, live=live, until_s=until_s, evidence=evidence),
    )
    evidence.judgements.extend(judgements)
    return Outcome(schedule=ordeal.schedule, judgements=judgements, spells=spells, missed=missed, evidence=evidence)


def _endured(ordeal: Ordeal, field: Field, steps: Iterable[Step]) -> tuple[Judgement, ...]:
    """Carry the steps out; a cluster that does not recover has failed, what it did before is judged too."""
    try:
        steady_traffic(field.traffic)
        ordeal.carry_out(steps)
        field.traffic.await_acknowledgements(AFTERMATH_RECORDS, timeout_s=30)
    except AssertionError as failed:
        return (Judgement(checker=RECOVERY, verdict=Verdict.FAIL, reason=str(failed)),)
    except (Inconclusive, TimedOut) as unclear:
        return (Judgement(checker=RECOVERY, verdict=Verdict.INCONCLUSIVE, reason=str(unclear)),)
    return ()


def _judged(
    field: Field, spells: tuple[Spell, ...], *, live: LiveTimeouts, until_s: float, evidence: Evidence
) -> tuple[Judgement, ...]:
    """Judge the histories of all clients, and the windows of each spell."""
    ground, traffic = field.ground, field.traffic
    try:
        history = traffic.settle()
    except (Inconclusive, TimedOut) as unclear:
        return (Judgement(checker="history", verdict=Verdict.INCONCLUSIVE, reason=str(unclear)),)
    evidence.series.append(throughput(history))
    if spells:
        evidence.windows.extend(traffic.windows(history, from_s=spells[0].from_s, until_s=until_s))
    return (
        verdict_on(history, cluster=ground.cluster, admin=ground.admin),
        exactly_once.check(traffic.ops(), field.pipeline),
        *overlaps_judged(spells, history, at_least=ENOUGH_SENDS),
        *windows_judged(
            spells,
            lambda from_s, to_s: traffic.windows(history, from_s=from_s, until_s=to_s),
            live=live,
            acknowledged=_acknowledged(history),
            generator_lateness_s=traffic.generator_lateness_s,
            until_s=until_s,
        ),
    )


def _acknowledged(history: History) -> int:
    return sum(map(len, acknowledged_s(history).values()))
