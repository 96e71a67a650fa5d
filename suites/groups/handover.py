"""The end of a group's coordinator: which broker it is, that it really ended, and how soon another one answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from chaos.process import ForcedDelete
from harness.budget import Budget
from harness.claims import expect_within
from harness.clients.admin import Admin, NoAnswer
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.run import Run
from harness.trial import inject
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until
from suites.groups.workshop import await_quietly

PROOF_S, HEALING_S = 60.0, 120.0


class CoordinatorEnds:
    """The pod of a group's coordinator is deleted by force; everything is written into the clause's evidence."""

    def __init__(self, cluster: Cluster, admin: Admin, group: str, *, run: Run, evidence: Evidence) -> None:
        before = admin.group_coordinator(group)
        if before is None:
            raise Inconclusive(f"group {group} has no coordinator, so none can be deleted")
        self._admin, self._group, self._run, self._evidence = admin, group, run, evidence
        self._before = before
        self._fault = ForcedDelete(cluster, cluster.broker_pod(before))

    def begin(self) -> None:
        """Delete the pod."""
        inject(self._fault, self._run, self._evidence)

    def await_another(self, bound: Budget) -> None:
        """Expect another broker to lead the group's offsets within the bound."""
        seen: list[int | None] = []

        def moved() -> bool:
            # Brokers learn of it one after the other: once one of them has told it, an older answer means nothing.
            seen.append(self._admin.group_coordinator(self._group))
            return seen[-1] not in (None, self._before)

        moved_s = expect_within(
            moved, what=f"another coordinator for group {self._group} ({bound.why})", budget_s=bound.seconds
        )
        after = seen[-1]
        self._evidence.fact(
            coordinator_before=self._before,
            coordinator_after=after,
            moved_after_s=round(moved_s, 2),
            bound_s=bound.seconds,
            bound_why=bound.why,
        )
        self._event("coordinator-moved", f"group {self._group}: broker {self._before} to {after}")

    def committed_within(self, topic: str, bound: Budget) -> Mapping[int, int]:
        """Return the group's committed offsets as its coordinator tells them, expecting an answer within the bound."""
        told: list[Mapping[int, int]] = []

        def answered() -> bool:
            told.extend(self._told(topic))
            return bool(told)

        took_s = expect_within(answered, what="an answer about committed offsets", budget_s=bound.seconds)
        self._evidence.fact(offsets_told_after_s=round(took_s, 2))
        return told[-1]

    def committed_in_the_end(self, topic: str, expected: Mapping[int, int], *, timeout_s: float) -> Mapping[int, int]:
        """Return the group's committed offsets once they are those, or what was told last; nothing is no answer."""
        told: list[Mapping[int, int]] = []

        def as_expected() -> bool:
            told.extend(self._told(topic))
            return bool(told) and told[-1] == expected

        await_quietly(as_expected, timeout_s=timeout_s)
        if not told:
            raise Inconclusive(f"the coordinator of group {self._group} did not tell its offsets in {timeout_s:g} s")
        return told[-1]

    def _told(self, topic: str) -> Iterator[Mapping[int, int]]:
        """Ask for the committed offsets; a coordinator that is moving, back to a broker that returned, says nothing."""
        with suppress(NoAnswer):
            yield self._admin.committed(self._group, topic)

    def prove_and_heal(self) -> None:
        """Require that the pod really is another one, and wait until the cluster has it back."""
        self._await(lambda: self._fault.proof_of_injection() is not None, "the proof of the fault", PROOF_S)
        self._evidence.fact(proof_of_injection=self._fault.proof_of_injection())
        self._await(
            lambda: self._fault.proof_of_healing() is not None and not self._admin.out_of_sync(),
            "the cluster being in sync again",
            HEALING_S,
        )
        self._run.faults.close(self._fault)
        self._event("healed", f"{', '.join(self._fault.plan())} is in sync again")

    def _event(self, kind: str, what: str) -> None:
        self._evidence.events.append(self._run.event(kind, what))

    @staticmethod
    def _await(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        try:
            wait_until(condition, what=what, timeout_s=timeout_s)
        except TimedOut as late:
            raise Inconclusive(str(late)) from late
