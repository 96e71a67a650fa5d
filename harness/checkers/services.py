"""services: for how long was each service out, on each of its keys, and is that within its budget? Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.budget import Budget
from harness.evidence import Window
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service
from harness.verdict import Finding, Judgement, Verdict

SHORTEST_S = 0.2
"""Shorter windows are not reported, and where no probe was due for longer, nobody looked."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The probes of one service between two moments, by key; a key that nobody probed has none."""

    service: Service
    from_s: float
    until_s: float
    by_key: Mapping[str, Sequence[Probe]]

    @property
    def count(self) -> int:
        return sum(map(len, self.by_key.values()))

    @property
    def unwatched(self) -> list[str]:
        """The keys for which no probe was due for longer than the shortest window, the edges included."""
        return [key for key, probes in self.by_key.items() if _longest_silence_s(self, probes) > SHORTEST_S]

    @property
    def unserved(self) -> list[str]:
        """The keys that were never served."""
        return [key for key, probes in self.by_key.items() if not any(probe.ok for probe in probes)]

    @property
    def lateness_s(self) -> float:
        """How late the latest probe was sent; that is never the cluster's fault."""
        return max((probe.lateness_ns for probes in self.by_key.values() for probe in probes), default=0) / NS_PER_S

    @property
    def windows(self) -> tuple[Window, ...]:
        """When the service was out, worst first: from the first error after a success to the next success.

        Without an error (a probe that was kept waiting is none) it begins at the success before. Errors count from when
        their probe was due, successes from when they were known, so a late probe never makes a window shorter.
        """
        return self.windows_longer_than(SHORTEST_S)

    def windows_longer_than(self, length_s: float) -> tuple[Window, ...]:
        """Return those windows, however short, that are longer than this."""
        found = [
            Window(key=key, operation=self.service.value, start_s=start_s, end_s=end_s)
            for key, probes in self.by_key.items()
            for start_s, end_s in _outages(self, probes)
            if end_s - start_s > length_s
        ]
        return tuple(sorted(found, key=lambda window: -window.length_s))

    @property
    def worst_s(self) -> float:
        """How long the longest window was."""
        return max((window.length_s for window in self.windows), default=0.0)


def watch(probes: Iterable[Probe], *, service: Service, keys: Collection[str], from_s: float, until_s: float) -> Watch:
    """Take the probes of one service's keys that were under way between two moments of the run."""
    by_key: dict[str, list[Probe]] = defaultdict(list)
    for probe in probes:
        if probe.service is service and from_s * NS_PER_S <= probe.ended_ns and probe.intended_ns <= until_s * NS_PER_S:
            by_key[probe.key].append(probe)
    return Watch(service=service, from_s=from_s, until_s=until_s, by_key={key: by_key[key] for key in sorted(keys)})


def _longest_silence_s(seen: Watch, probes: Sequence[Probe]) -> float:
    due_s = sorted(probe.intended_ns / NS_PER_S for probe in probes)
    return max(after_s - before_s for before_s, after_s in pairwise([seen.from_s, *due_s, seen.until_s]))


def _outages(seen: Watch, probes: Sequence[Probe]) -> Iterable[tuple[float, float]]:
    """Give the stretches between successes, each from its first error on if there is one; edges are successes."""
    served_s = sorted(
        s for probe in probes if probe.ok and seen.from_s <= (s := probe.ended_ns / NS_PER_S) <= seen.until_s
    )
    missed_s = sorted(probe.intended_ns / NS_PER_S for probe in probes if not probe.ok)
    position = 0
    for before_s, after_s in pairwise([seen.from_s, *served_s, seen.until_s]):
        while position < len(missed_s) and missed_s[position] < before_s:
            position += 1
        has_error = position < len(missed_s) and missed_s[position] < after_s
        yield (missed_s[position] if has_error else before_s), after_s


def check(seen: Watch, *, budget: Budget) -> Judgement:
    """Judge the worst window of a service against its budget.

    Nothing can be said when a key was not probed all the time, when it was never served, or when probes were so late
    that a window may be the generator's own.
    """
    verdict, reason = _verdict(seen, budget)
    failed = verdict is Verdict.FAIL
    return Judgement(
        checker=f"windows of {seen.service.value}",
        verdict=verdict,
        reason=reason,
        findings=(Finding(anomaly="window", what=reason, evidence=seen.windows[0].as_json()),) if failed else (),
        measured={
            "operation": seen.service.value,
            "probes": seen.count,
            "worst_window_s": round(seen.worst_s, 3),
            "budget_s": budget.seconds,
            "budget_why": budget.why,
            "generator_lateness_s": round(seen.lateness_s, 3),
        },
    )


def _verdict(seen: Watch, budget: Budget) -> tuple[Verdict, str]:
    if seen.unwatched or not seen.by_key:
        where = ", ".join(seen.unwatched) or "no key at all"
        return Verdict.INCONCLUSIVE, f"not probed all the time, so a window may not have been seen: {where}"
    if seen.unserved:
        return Verdict.INCONCLUSIVE, f"never served, so nothing was observed: {', '.join(seen.unserved)}"
    if seen.lateness_s > budget.seconds / 2 or seen.worst_s - seen.lateness_s <= budget.seconds < seen.worst_s:
        reason = f"probes were sent up to {seen.lateness_s:.2f} s late, so the windows are not the cluster's"
        return Verdict.INCONCLUSIVE, reason
    if seen.worst_s > budget.seconds:
        allowed = f"allowed are {budget.seconds:g} s ({budget.why})"
        return Verdict.FAIL, f"{seen.windows[0].key} was out for {seen.worst_s:.1f} s, {allowed}"
    return Verdict.PASS, f"worst window {seen.worst_s:.2f} s of {budget.seconds:g} s"
