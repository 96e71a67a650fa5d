"""services: for how long was each service out, on each of its keys, and is that within its budget? Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from harness.budget import Budget
from harness.evidence import Window
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service
from harness.verdict import Finding, Judgement, Verdict

SHORTEST_S = 0.2
"""Shorter windows are not reported; probes that are sent as late as this could have made one by themselves."""


def windows(
    probes: Iterable[Probe], *, from_s: float, until_s: float, longer_than_s: float = SHORTEST_S
) -> tuple[Window, ...]:
    """Return when services were out, worst first: from the first error after a success to the next success.

    Without an error (a probe that was kept waiting is none) it begins at the success before. Errors count from when
    their probe was due, successes from when they were known, so a late probe never makes a window shorter.
    """
    by_key: dict[tuple[Service, str], list[Probe]] = defaultdict(list)
    for probe in probes:
        by_key[probe.service, probe.key].append(probe)
    found = [
        Window(key=key, operation=service.value, start_s=start_s, end_s=end_s)
        for (service, key), of_key in by_key.items()
        for start_s, end_s in _outages(of_key, from_s=from_s, until_s=until_s)
        if end_s - start_s > longer_than_s
    ]
    return tuple(sorted(found, key=lambda window: -window.length_s))


def _outages(probes: Sequence[Probe], *, from_s: float, until_s: float) -> Iterable[tuple[float, float]]:
    """Give the stretches between successes, each from its first error on if there is one; edges are successes."""
    served_s = sorted(s for probe in probes if probe.ok and from_s <= (s := probe.ended_ns / NS_PER_S) <= until_s)
    missed_s = sorted(probe.intended_ns / NS_PER_S for probe in probes if not probe.ok)
    position = 0
    for before_s, after_s in pairwise([from_s, *served_s, until_s]):
        while position < len(missed_s) and missed_s[position] < before_s:
            position += 1
        has_error = position < len(missed_s) and missed_s[position] < after_s
        yield (missed_s[position] if has_error else before_s), after_s


def check(
    probes: Collection[Probe], *, service: Service, keys: Collection[str], from_s: float, until_s: float, budget: Budget
) -> Judgement:
    """Judge the worst window of one service between two moments against its budget.

    Nothing can be said when a key was never served, or when probes were not sent on their schedule: then a window may
    be the generator's own.
    """
    inside = [
        probe
        for probe in probes
        if probe.service is service and from_s <= probe.ended_ns / NS_PER_S and probe.intended_ns / NS_PER_S <= until_s
    ]
    found = windows(inside, from_s=from_s, until_s=until_s)
    lateness_s = max((probe.lateness_ns for probe in inside), default=0) / NS_PER_S
    worst_s = max((window.length_s for window in found), default=0.0)
    measured: dict[str, object] = {
        "operation": service.value,
        "probes": len(inside),
        "worst_window_s": round(worst_s, 3),
        "budget_s": budget.seconds,
        "budget_why": budget.why,
        "generator_lateness_s": round(lateness_s, 3),
    }
    verdict, reason = _verdict(inside, keys, found, lateness_s=lateness_s, budget=budget)
    failed = verdict is Verdict.FAIL
    findings = (Finding(anomaly="window", what=reason, evidence=found[0].as_json()),) if failed else ()
    return Judgement(
        checker=f"windows of {service.value}", verdict=verdict, reason=reason, findings=findings, measured=measured
    )


def _verdict(
    probes: Collection[Probe], keys: Collection[str], found: Sequence[Window], *, lateness_s: float, budget: Budget
) -> tuple[Verdict, str]:
    unserved = sorted(set(keys) - {probe.key for probe in probes if probe.ok})
    if unserved or not keys:
        return Verdict.INCONCLUSIVE, f"never served, so nothing was observed: {', '.join(unserved) or 'no key at all'}"
    if lateness_s >= SHORTEST_S:
        return Verdict.INCONCLUSIVE, f"probes were sent {lateness_s:.2f} s late, so the windows are not the cluster's"
    worst_s = found[0].length_s if found else 0.0
    if worst_s > budget.seconds:
        return (
            Verdict.FAIL,
            f"{found[0].key} was out for {worst_s:.1f} s, allowed are {budget.seconds:g} s ({budget.why})",
        )
    return Verdict.PASS, f"worst window {worst_s:.2f} s of {budget.seconds:g} s"
