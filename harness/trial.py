"""A trial: traffic runs, a fault happens and is proven, the cluster heals, and everything seen is judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType

from harness import guards
from harness.budget import Budget
from harness.checkers import windows
from harness.checkers.services import Watch
from harness.clients.traffic import throughput
from harness.evidence import Event, Evidence, Window
from harness.faults import Fault
from harness.histories.history import History
from harness.histories.pace import acknowledged_s
from harness.history_verdict import verdict_on
from harness.probed import Unprobed, after_the_fault, before_the_fault, judged, watched
from harness.protocols import Admin, Cluster, Traffic
from harness.run import Run
from harness.services import Service
from harness.sights import Sight, watch
from harness.verdict import Inconclusive, Judgement, Unsupported, UnsupportedHere
from harness.waiting import TimedOut, wait_until

WARM_UP_RECORDS = 100
"""Acknowledged by each partition before a fault: clients are connected, their code is warm, the pace is kept."""

AFTERMATH_RECORDS = 50
ANOTHER_BUDGET_S = 15.0
ENOUGH_OVERLAP = 100
Meanwhile = Callable[[], None]
"""What is done, or awaited, while a fault that is proven lasts."""

UNDONE = "undone"
"""The kind of the event by which a fault is gone; what it hurt is `healed` later."""
NO_SERVICES: Mapping[Service, Budget] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Patience:
    """For how long it is waited for the proof that a fault happened, and then for what it hurt to be well."""

    proof_s: float = 60.0
    healing_s: float = 120.0


PATIENT = Patience()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a trial left behind to be judged; a fault is undone some time before all that it hurt is healed."""

    history: History
    injected_s: float
    undone_s: float
    healed_s: float
    judgements: tuple[Judgement, ...]
    windows: tuple[Window, ...]
    watches: tuple[Watch, ...] = ()
    """What was seen of the services that were probed; `windows` are those of the traffic's producers."""
    generator_lateness_s: float

    @property
    def worst_window_s(self) -> float:
        return max((window.length_s for window in self.windows), default=0.0)

    def tell(self, evidence: Evidence, *, events: Iterable[Event], probed: Mapping[str, object]) -> None:
        """Add what was seen to the evidence."""
        evidence.events.extend(events)
        evidence.fact(**probed)
        evidence.windows.extend((*self.windows, *(window for seen in self.watches for window in seen.windows)))
        evidence.series.append(throughput(self.history))
        back_in_sync_s = round(self.healed_s - self.injected_s, 2)
        evidence.fact(worst_window_s=round(self.worst_window_s, 3), back_in_sync_s=back_in_sync_s)

    def within(
        self,
        budget: Budget,
        *,
        name: str,
        keys: Collection[str] | None = None,
        since_s: float = 0.0,
        until_s: float = inf,
    ) -> Judgement:
        """Judge the windows of some partitions (all, by default), as far as they lie between two moments.

        Not even one acknowledgement of a partition is nothing to be judged: then its window is as long as the trial.
        """
        cut = [
            replace(one, start_s=max(one.start_s, since_s), end_s=min(one.end_s, until_s))
            for one in self.windows
            if one.start_s < until_s and one.end_s > since_s
        ]
        return windows.check(
            [window for window in cut if keys is None or window.key in keys],
            acknowledged=sum(map(len, acknowledged_s(self.history).values())),
            budget_s=budget.seconds,
            generator_lateness_s=self.generator_lateness_s,
            budget_why=budget.why,
            name=name,
        )


def survive(
    fault: Fault,
    *,
    cluster: Cluster,
    traffic: Traffic,
    admin: Admin,
    run: Run,
    evidence: Evidence,
    budget: Budget | None,
    patience: Patience = PATIENT,
    sights: Sequence[Sight] = (),
    meanwhile: Meanwhile = lambda: None,
    lasts_s: float = 0.0,
    services: Mapping[Service, Budget] = NO_SERVICES,
) -> Trial:
    """Inject a fault under traffic, wait for its proof and for its healing, and judge safety and the windows.

    A fault without proof raises Inconclusive: clients that survived nothing have shown nothing. While it lasts, which
    is at least `lasts_s` from its proof on, `meanwhile` is called and the sights are looked for. Without a budget no
    window is judged here: the one who asks for that judges the trial's windows. Services that have budgets are probed,
    and judged.
    """
    seen: list[Judgement] = []

    def lasting(since_s: float) -> None:
        meanwhile()
        seen.extend(_looked(sights, since_s=since_s, lasts_s=lasts_s, run=run))

    with traffic.watcher(admin) as watcher, traffic.probes(admin) if services else Unprobed() as probes, traffic:
        steady_traffic(traffic)
        before_the_fault(probes)
        injected_s, healed_s = strike(
            fault, admin=admin, run=run, evidence=evidence, patience=patience, meanwhile=lasting
        )
        undone_s = next(event.time_s for event in reversed(evidence.events) if event.kind == UNDONE)
        aftermath(traffic)
        after_the_fault(probes)
    from_s, until_s = injected_s - 1.0, traffic.stopped_s
    history = traffic.settle()
    watches = watched(probes, from_s=from_s, until_s=until_s)
    trial = Trial(
        history=history,
        injected_s=injected_s,
        undone_s=undone_s,
        healed_s=healed_s,
        judgements=(
            verdict_on(history, cluster=cluster, admin=admin),
            guards.overlap(history, from_s=injected_s, until_s=healed_s, at_least=ENOUGH_OVERLAP),
            *seen,
            *judged(watches, services),
        ),
        watches=watches,
        windows=traffic.windows(history, from_s=from_s, until_s=until_s),
        generator_lateness_s=traffic.generator_lateness_s,
    )
    trial.tell(evidence, events=watcher.events(), probed=probes.facts)
    if budget is None:
        return trial
    return replace(trial, judgements=(*trial.judgements, trial.within(budget, name=windows.NAME)))


def _looked(sights: Sequence[Sight], *, since_s: float, lasts_s: float, run: Run) -> Sequence[Judgement]:
    """Look for sights, then wait until the time of the fault is over."""
    until_s = run.clock.now_s() + lasts_s
    seen = [watch(sight, since_s=since_s, clock=run.clock) for sight in sights]
    wait_until(lambda: run.clock.now_s() >= until_s, what="the fault's time being over", timeout_s=lasts_s + 1)
    return seen


def strike(
    fault: Fault,
    *,
    admin: Admin,
    run: Run,
    evidence: Evidence,
    patience: Patience = PATIENT,
    meanwhile: Callable[[float], None] = lambda _: None,
) -> tuple[float, float]:
    """Inject a fault, wait for its proof and for its healing; return when it was injected and when all was healed.

    `meanwhile` is called while it lasts, with a moment at which it was there; whatever it raises, the fault is healed.
    """
    try:
        injected_s = inject(fault, run, evidence)
        since_s = run.clock.now_s()
        prove(fault, run, evidence, budget_s=patience.proof_s)
        meanwhile(since_s)
    finally:
        fault.heal()
    evidence.events.append(run.event(UNDONE, f"{fault.name} undone"))
    return injected_s, await_healing(fault, admin, run, evidence, budget_s=patience.healing_s)


def steady_traffic(traffic: Traffic) -> None:
    """Wait until every partition takes records at the pace; from anything else nothing can be judged."""
    try:
        traffic.await_acknowledgements(WARM_UP_RECORDS, timeout_s=30)
    except TimedOut as late:
        raise Inconclusive(f"the traffic did not get going before the fault: {late}") from late


def inject(fault: Fault, run: Run, evidence: Evidence) -> float:
    """Write a fault into the run's journals, then inject it; return when. Nobody injects a fault in another way.

    One that this cluster cannot do raises UnsupportedHere.
    """
    evidence.fact(fault=fault.name, targets=list(fault.plan()))
    run.faults.write_ahead(fault)
    event = run.event("fault", f"{fault.name}: {', '.join(fault.plan())}")
    evidence.events.append(event)
    try:
        fault.inject()
    except Unsupported as lacking:
        raise UnsupportedHere(f"{fault.name}: {lacking}") from lacking
    return event.time_s


def prove(fault: Fault, run: Run, evidence: Evidence, *, budget_s: float = PATIENT.proof_s) -> None:
    """Wait for the proof that a fault happened; without one nothing can be said."""
    try:
        wait_until(lambda: fault.proof_of_injection() is not None, what="proof", timeout_s=budget_s)
    except TimedOut as late:
        raise Inconclusive(f"nothing proves that the {fault.name} happened within {budget_s:g} s") from late
    evidence.fact(proof_of_injection=fault.proof_of_injection())
    evidence.events.append(run.event("proven", f"{fault.name} proven"))


def await_healing(
    fault: Fault, admin: Admin, run: Run, evidence: Evidence, *, budget_s: float = PATIENT.healing_s
) -> float:
    """Wait until what a fault hurt is well and everything is in sync; return when that was."""

    def healed() -> bool:
        return fault.proof_of_healing() is not None and not admin.out_of_sync()

    try:
        wait_until(healed, what=f"in sync again after {fault.name}", timeout_s=budget_s, every_s=0.5)
    except TimedOut as late:
        raise AssertionError(str(late)) from late
    evidence.fact(proof_of_healing=fault.proof_of_healing())
    event: Event = run.event("healed", f"in sync again after {fault.name}")
    evidence.events.append(event)
    remains = run.faults.close(fault)
    if remains:
        run.event("healed", f"left for the end of the run, after {fault.name}: {remains}")
    return event.time_s


def aftermath(traffic: Traffic) -> None:
    """Wait until every partition takes records again; a cluster in which one does not has failed.

    Unless a new client is served at once: then those that ran during the fault are stuck, and nothing can be said of
    the cluster.
    """
    try:
        traffic.await_acknowledgements(AFTERMATH_RECORDS, timeout_s=30)
    except TimedOut as late:
        if traffic.another_is_served(timeout_s=ANOTHER_BUDGET_S):
            raise Inconclusive(f"a new client is served, those of before are stuck: {late}") from late
        raise AssertionError(f"partitions do not take records again after the fault: {late}") from late
