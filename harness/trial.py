"""A trial: traffic runs, a fault happens and is proven, the cluster heals, and everything seen is judged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from harness import guards
from harness.budget import Budget, LiveTimeouts, of_services
from harness.checkers import services, windows
from harness.checkers.services import Watch
from harness.clients.traffic import throughput
from harness.evidence import Event, Evidence
from harness.faults import Fault
from harness.histories.history import History
from harness.histories.pace import acknowledged_s
from harness.history_verdict import verdict_on
from harness.protocols import Admin, Cluster, Probes, Traffic
from harness.run import Run
from harness.services import Service
from harness.verdict import Inconclusive, Judgement
from harness.waiting import TimedOut, wait_until

WARM_UP_RECORDS = 100
"""Acknowledged by each partition before a fault: clients are connected, their code is warm, the pace is kept."""

AFTERMATH_RECORDS = 50
ANOTHER_BUDGET_S = 15.0
PROOF_BUDGET_S = 60.0
HEALING_BUDGET_S = 120.0
ENOUGH_OVERLAP = 100
SERVICE_BUDGET_S = 30.0
DERIVED: Mapping[Service, Budget] = MappingProxyType({})
"""No budget is given: each is derived."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a trial left behind to be judged."""

    history: History
    injected_s: float
    healed_s: float
    judgements: tuple[Judgement, ...]
    worst_window_s: float


def survive(
    fault: Fault,
    *,
    cluster: Cluster,
    traffic: Traffic,
    admin: Admin,
    run: Run,
    evidence: Evidence,
    budget: Budget,
    other_budgets: Mapping[Service, Budget] = DERIVED,
    proof_budget_s: float = PROOF_BUDGET_S,
) -> Trial:
    """Inject a fault under traffic, wait for its proof and for its healing, and judge safety and the windows.

    A fault without proof raises Inconclusive: clients that survived nothing have shown nothing. `budget` bounds the
    windows of those who produce; those of other services are derived from it unless they are given.
    """
    live = LiveTimeouts.of(admin.broker_config(admin.brokers()[0]))
    with traffic.watcher(admin) as watcher, traffic.probes(admin) as probes:
        with traffic:
            steady_traffic(traffic)
            steady_services(probes)
            injected_s, healed_s = strike(fault, admin=admin, run=run, evidence=evidence, proof_budget_s=proof_budget_s)
            aftermath(traffic)
            with suppress(TimedOut):  # what is still out is seen as a window to the end
                probes.await_service(timeout_s=SERVICE_BUDGET_S)
        until_s = traffic.stopped_s
    evidence.fact(**probes.facts)
    history = traffic.settle()
    found = traffic.windows(history, from_s=injected_s - 1.0, until_s=until_s)
    watches = probed(probes, from_s=injected_s - 1.0, until_s=until_s)
    evidence.events.extend(watcher.events())
    evidence.windows.extend((*found, *(window for watch in watches for window in services.windows(watch))))
    evidence.series.append(throughput(history))
    allowed = {**of_services(budget, live), **other_budgets}
    judgements = (
        verdict_on(history, cluster=cluster, admin=admin),
        guards.overlap(history, from_s=injected_s, until_s=healed_s, at_least=ENOUGH_OVERLAP),
        windows.check(
            found,
            acknowledged=sum(map(len, acknowledged_s(history).values())),
            budget_s=budget.seconds,
            generator_lateness_s=traffic.generator_lateness_s,
            budget_why=budget.why,
        ),
        *(services.check(watch, budget=allowed[watch.service]) for watch in watches),
    )
    worst_s = max((window.length_s for window in found), default=0.0)
    evidence.fact(worst_window_s=round(worst_s, 3), back_in_sync_s=round(healed_s - injected_s, 2))
    return Trial(
        history=history, injected_s=injected_s, healed_s=healed_s, judgements=judgements, worst_window_s=worst_s
    )


def strike(
    fault: Fault, *, admin: Admin, run: Run, evidence: Evidence, proof_budget_s: float = PROOF_BUDGET_S
) -> tuple[float, float]:
    """Inject a fault, wait for its proof and for its healing; return when it was injected and when all was healed."""
    try:
        injected_s = inject(fault, run, evidence)
        prove(fault, run, evidence, budget_s=proof_budget_s)
    finally:
        fault.heal()
    return injected_s, await_healing(fault, admin, run, evidence)


def steady_traffic(traffic: Traffic) -> None:
    """Wait until every partition takes records at the pace; from anything else nothing can be judged."""
    try:
        traffic.await_acknowledgements(WARM_UP_RECORDS, timeout_s=30)
    except TimedOut as late:
        raise Inconclusive(f"the traffic did not get going before the fault: {late}") from late


def steady_services(probes: Probes) -> None:
    """Wait until every service is served on every key; a service that is not there before the fault shows nothing."""
    try:
        probes.await_service(timeout_s=SERVICE_BUDGET_S)
    except TimedOut as late:
        raise Inconclusive(f"not every service was there before the fault: {late}") from late


def probed(probes: Probes, *, from_s: float, until_s: float) -> tuple[Watch, ...]:
    """Return what the probes of each service saw between two moments of the run."""
    seen = probes.seen()
    return tuple(
        services.watch(seen, service=service, keys=keys, from_s=from_s, until_s=until_s)
        for service, keys in probes.keys.items()
    )


def inject(fault: Fault, run: Run, evidence: Evidence) -> float:
    """Write a fault into the run's journals, then inject it; return when. Nobody injects a fault in another way."""
    evidence.fact(fault=fault.name, targets=list(fault.plan()))
    run.faults.write_ahead(fault)
    event = run.event("fault", f"{fault.name}: {', '.join(fault.plan())}")
    evidence.events.append(event)
    fault.inject()
    return event.time_s


def prove(fault: Fault, run: Run, evidence: Evidence, *, budget_s: float = PROOF_BUDGET_S) -> None:
    """Wait for the proof that a fault happened; without one nothing can be said."""
    try:
        wait_until(lambda: fault.proof_of_injection() is not None, what="proof", timeout_s=budget_s)
    except TimedOut as late:
        raise Inconclusive(f"nothing proves that the {fault.name} happened within {budget_s:g} s") from late
    evidence.fact(proof_of_injection=fault.proof_of_injection())
    evidence.events.append(run.event("proven", f"{fault.name} proven"))


def await_healing(fault: Fault, admin: Admin, run: Run, evidence: Evidence) -> float:
    """Wait until what a fault hurt is well and everything is in sync; return when that was."""

    def healed() -> bool:
        return fault.proof_of_healing() is not None and not admin.out_of_sync()

    try:
        wait_until(healed, what=f"in sync again after {fault.name}", timeout_s=HEALING_BUDGET_S, every_s=0.5)
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
