"""The healer: it brings one namespace back to what was declared, and looks whether it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from harness.audit import Trace, audit, traces
from harness.cluster.connection import Connection
from harness.cluster.fault_copies import FaultCopies
from harness.cluster.pods import Cluster
from harness.cluster.safety import Ground
from harness.errors import ExitCode, MachineError
from harness.fault_journal import Copies
from harness.fault_lines import HEALED, FaultLine
from harness.healing import Outcome, Undoing, one_line, said_by
from harness.progress import Progress
from harness.rest import come_to_rest

Ask = Callable[[Cluster], Outcome]
"""Says something about a cluster that is to be clean."""


@dataclass(frozen=True, kw_only=True)
class Healer:
    """Heals one namespace: its faults are undone, it comes to rest, it is audited, and its journal says so."""

    open_cluster: Callable[[], Cluster]
    """Opens the cluster anew: one that was opened while brokers were away knows of fewer brokers."""
    copies: Copies
    rest: Ask
    audit: Ask
    glance: Ask
    """The audit without what takes hands in the cluster."""

    def heal(self, lines: Sequence[FaultLine]) -> Outcome:
        """Heal; may be called at any time, again after it was interrupted anywhere, and then changes nothing more."""
        undoing = Undoing(lines=lines)
        outcome = undoing.undo(self.open_cluster())
        rest = self.rest(self.open_cluster())
        outcome = outcome.and_then(rest).and_then(self.audit(self.open_cluster()))
        # Where Kubernetes undoes a fault by itself, only the cluster at rest shows that it has.
        return outcome.and_then(self._note(undoing.healed if rest.exit_code is ExitCode.CERTIFIED else ()))

    def look(self, lines: Sequence[FaultLine]) -> Outcome:
        """Say what healing would find, and change nothing."""
        cluster = self.open_cluster()
        return Undoing(lines=lines).look(cluster).and_then(self.glance(cluster))

    def _note(self, lines: Sequence[FaultLine]) -> Outcome:
        done, unknown = [], []
        for line in lines:
            try:
                self.copies.put(replace(line, ended=f"{HEALED}, {_now()}"))
                done.append(f"healed {line.run}/{line.number} {line.fault} on {', '.join(line.targets)}")
            except Exception as error:  # the fault is undone all the same: it will be undone once more
                unknown.append(f"{line.run}/{line.number} cannot be noted as healed: {one_line(error)}")
        return Outcome(done=tuple(done), unknown=tuple(unknown))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def healer_of(connection: Connection, namespace: str) -> Healer:
    """Return the healer of a namespace, with everything that there is to look for."""
    looking = traces()
    return Healer(
        open_cluster=partial(Cluster, connection, namespace),
        copies=FaultCopies(connection, namespace),
        rest=come_to_rest,
        audit=lambda cluster: tidied(cluster, looking).and_then(said_by(audit(cluster, looking))),
        glance=lambda cluster: said_by(audit(cluster, looking, hands=False)),
    )


def tidied(cluster: Cluster, looking: Sequence[Trace]) -> Outcome:
    """Let each trace take away what is nobody's any more; what it cannot take away the audit finds."""
    done: list[str] = []
    for trace in looking:
        with suppress(Exception):  # whatever went wrong: it is still there, and the audit looks next
            done.extend(f"took away: {what}" for what in trace.tidy(cluster))
    return Outcome(done=tuple(done))


def heal_before_reuse(connection: Connection, namespace: str, *, progress: Progress) -> None:
    """Heal what earlier runs left where this one is to look; raise when it cannot be healed, or is of nobody's journal.

    Where nothing is open, no agent is made just to look. What nobody can look for is said, and is no reason to refuse:
    a permission to list nodes, for instance, is not everybody's.
    """
    copies, healer = FaultCopies(connection, namespace), healer_of(connection, namespace)
    lines = [line for line in copies.lines() if line.is_open]
    with progress.step("looking for what faults of earlier runs left", expected_s=60 if lines else 5):
        outcome = healer.heal(lines) if lines else healer.glance(healer.open_cluster())
    for unknown in outcome.unknown:
        progress.note(f"cannot tell: {unknown}")
    open_still = [str(line) for line in copies.lines() if line.is_open]
    _require_none((*outcome.left, *open_still), namespace)
    copies.forget_healed()


def heal_before_clearing(connection: Connection, ground: Ground, *, progress: Progress) -> None:
    """Undo what earlier runs left before the namespace is cleared, and with it the journal that tells of it.

    In a namespace that is going to be deleted, only what would outlive it needs to be undone.
    """
    copies = FaultCopies(connection, ground.namespace)
    undoing = Undoing(lines=copies.lines(), lasting_only=ground.created)
    if undoing.is_needed:
        with progress.step("undoing what faults of earlier runs left", expected_s=10):
            outcome = undoing.undo(Cluster(connection, ground.namespace))
        _require_none((*outcome.left, *outcome.unknown), ground.namespace)
    if not ground.created:
        for line in undoing.healed:
            copies.put(replace(line, ended=f"{HEALED}, {_now()}"))
        copies.forget_healed()


def tell_what_lasts(cluster: Cluster, looking: Sequence[Trace], *, progress: Progress) -> None:
    """Say what is left that a new namespace does not end, before anything is deployed there.

    It is no reason to refuse: others may have cordoned a node for reasons of their own.
    """
    lasting = [trace for trace in looking if trace.outlives_namespace]
    outcome = tidied(cluster, lasting).and_then(said_by(audit(cluster, lasting)))
    for left in outcome.left:
        progress.note(f"left by somebody, and in the way: {left}")


def heal_at_the_end(
    connection: Connection, ground: Ground, lines: Sequence[FaultLine], *, stays: bool, progress: Progress
) -> None:
    """Heal what a run that ends has open; a namespace that stays must come to rest, too."""
    if not lines:
        return
    with progress.step("undoing what faults left", expected_s=60 if stays else 5):
        if stays or not ground.created:
            outcome = healer_of(connection, ground.namespace).heal(lines)
        else:
            outcome = Undoing(lines=lines, lasting_only=True).undo(Cluster(connection, ground.namespace))
    _require_none((*outcome.left, *outcome.unknown), ground.namespace)


def _require_none(left: Sequence[str], namespace: str) -> None:
    if left:
        raise MachineError(
            f"faults have left {len(left)} things in namespace {namespace!r} ({'; '.join(left[:3])})",
            remedy=f"run `harness heal --namespace {namespace}`; what it cannot heal needs your hand, and then "
            "`kubectl delete configmap -l harness.greenfield/faults=true` takes the journal away",
        )
