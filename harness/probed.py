"""Probed: the services beside the traffic of a trial, there before the fault, watched during it, judged after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType, TracebackType

from harness.budget import Budget
from harness.checkers.services import Watch, check, watch
from harness.probelog import Probe
from harness.protocols import Probes
from harness.services import Service
from harness.verdict import Inconclusive, Judgement
from harness.waiting import TimedOut

SERVED_BUDGET_S = 30.0


class Unprobed:
    """No probes: nobody asked for them, or there is nobody to be asked."""

    keys: Mapping[Service, Sequence[str]] = MappingProxyType({})

    def __init__(self) -> None:
        self.facts: dict[str, object] = {}

    def __enter__(self) -> Unprobed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing."""

    def await_service(self, *, timeout_s: float) -> None:
        """Wait for nothing."""

    def seen(self) -> Sequence[Probe]:
        return ()


def before_the_fault(probes: Probes) -> None:
    """Wait until every service is served on every key; one that is not there before the fault shows nothing."""
    try:
        probes.await_service(timeout_s=SERVED_BUDGET_S)
    except TimedOut as late:
        raise Inconclusive(f"not every service was there before the fault: {late}") from late


def after_the_fault(probes: Probes) -> None:
    """Wait until every service is there again; what is still out then is seen as a window to the end."""
    with suppress(TimedOut):
        probes.await_service(timeout_s=SERVED_BUDGET_S)


def watched(probes: Probes, *, from_s: float, until_s: float) -> tuple[Watch, ...]:
    """Return what was seen of each service between two moments of the run."""
    seen = probes.seen()
    return tuple(
        watch(seen, service=service, keys=keys, from_s=from_s, until_s=until_s) for service, keys in probes.keys.items()
    )


def judged(watches: Sequence[Watch], budgets: Mapping[Service, Budget]) -> tuple[Judgement, ...]:
    """Judge the windows of those services that have a budget."""
    return tuple(check(seen, budget=budgets[seen.service]) for seen in watches if seen.service in budgets)
