"""windows: for how long did a partition acknowledge nothing, and is that within the budget?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from harness.evidence import Window
from harness.histories.history import History
from harness.histories.pace import acknowledged_s
from harness.services import Service
from harness.verdict import Finding, Judgement, Verdict

NAME = "windows"
OPERATION = Service.PRODUCE.value


def gaps(times_s: Iterable[float], *, start_s: float, end_s: float) -> list[tuple[float, float]]:
    """Return the stretches between neighbouring successes, the edges of the observation included."""
    inside = [time_s for time_s in sorted(times_s) if start_s <= time_s <= end_s]
    marks = [start_s, *inside, end_s]
    return list(pairwise(marks))


def find(
    history: History, *, keys: Sequence[str], start_s: float, end_s: float, longer_than_s: float = 0.2
) -> tuple[Window, ...]:
    """Return every window without an acknowledgement that is longer than `longer_than_s`, worst first."""
    acknowledged = acknowledged_s(history)
    windows = [
        Window(key=key, operation=OPERATION, start_s=begin, end_s=end)
        for key in keys
        for begin, end in gaps(acknowledged.get(key, ()), start_s=start_s, end_s=end_s)
        if end - begin > longer_than_s
    ]
    return tuple(sorted(windows, key=lambda window: -window.length_s))


def check(
    windows: Sequence[Window],
    *,
    acknowledged: int,
    budget_s: float,
    generator_lateness_s: float,
    budget_why: str,
    name: str = NAME,
) -> Judgement:
    """Judge the worst window against its budget; a judgement of some windows only has another name.

    Without acknowledgements nothing was observed. When the generator itself was late by more than half the budget,
    a long window may be its own: then nothing can be said against the cluster, and nothing for it either.
    """
    limit = "budget" if name == NAME else "limit"  # reports draw a budget at all windows
    worst_s = max((window.length_s for window in windows), default=0.0)
    measured: dict[str, object] = {
        "operation": OPERATION,
        "worst_window_s": round(worst_s, 3),
        f"{limit}_s": budget_s,
        f"{limit}_why": budget_why,
        "generator_lateness_s": round(generator_lateness_s, 3),
    }
    if not acknowledged:
        return Judgement(
            checker=name, verdict=Verdict.INCONCLUSIVE, reason="no record was acknowledged at all", measured=measured
        )
    if generator_lateness_s > budget_s / 2:
        reason = f"the generator was {generator_lateness_s:.1f} s late, so its windows are not the cluster's"
        return Judgement(checker=name, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    if worst_s > budget_s:
        worst = max(windows, key=lambda window: window.length_s)
        reason = f"{worst.key} acknowledged nothing for {worst_s:.1f} s, the budget is {budget_s:g} s ({budget_why})"
        finding = Finding(anomaly=name, what=reason, evidence=worst.as_json())
        return Judgement(checker=name, verdict=Verdict.FAIL, reason=reason, findings=(finding,), measured=measured)
    reason = f"worst window {worst_s:.2f} s of {budget_s:g} s"
    return Judgement(checker=name, verdict=Verdict.PASS, reason=reason, measured=measured)
