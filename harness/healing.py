"""Healing: every open fault of a journal is undone, in reverse order, until nothing of it remains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from harness.audit import Audit
from harness.cluster.pods import Cluster
from harness.errors import ExitCode, UsageError
from harness.fault_lines import FaultLine, merged
from harness.remedies import Remedy, remedy_of
from harness.waiting import TimedOut, wait_until

UNDOING_BUDGET_S = 120.0
EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What healing did, what is left all the same, and what nobody can tell; the last is never clean."""

    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        if self.left:
            return ExitCode.NOT_CERTIFIED
        return ExitCode.HARNESS if self.unknown else ExitCode.CERTIFIED

    def and_then(self, later: Outcome) -> Outcome:
        """Return what both say together."""
        return Outcome(
            done=(*self.done, *later.done), left=(*self.left, *later.left), unknown=(*self.unknown, *later.unknown)
        )

    def lines(self) -> tuple[str, ...]:
        """Return the outcome for people."""
        last = {
            ExitCode.CERTIFIED: "Nothing of any fault is left.",
            ExitCode.NOT_CERTIFIED: f"Not clean: {len(self.left)} left, see above.",
            ExitCode.HARNESS: f"Nobody can tell: {len(self.unknown)} unknown, see above.",
        }
        left = (f"LEFT: {what}" for what in self.left)
        unknown = (f"cannot tell: {what}" for what in self.unknown)
        return (*self.done, *left, *unknown, last[self.exit_code])


def said_by(audit: Audit) -> Outcome:
    """Return what an audit says, as an outcome."""
    done = tuple(f"audit: none of: {name}" for name in audit.clean)
    unknown = audit.unknown if audit.clean or audit.unknown else ("audit: nobody has looked",)
    return Outcome(done=done, left=audit.left, unknown=unknown)


def chosen(lines: Sequence[FaultLine], *, run: str | None) -> tuple[FaultLine, ...]:
    """Return the lines of one run, or of all; a run that nobody knows is answered with those that there are."""
    known = merged(lines)
    if run is None:
        return known
    mine = tuple(line for line in known if line.run == run)
    if not mine:
        runs = sorted({line.run for line in known})
        raise UsageError(
            f"no fault of a run {run!r} is journalled in this namespace",
            remedy=f"choose one of: {', '.join(runs)}" if runs else "there is no journal here at all",
        )
    return mine


@dataclass
class _Task:
    """One remedy of one line, and what is known of it now."""

    line: FaultLine
    remedy: Remedy | None
    left: str = ""
    unknown: str = ""
    is_clean: bool = False

    def treat(self, cluster: Cluster) -> None:
        """Apply the remedy and look for what remains."""
        if self.remedy is None:
            return
        self.left = self.unknown = ""
        try:
            self.remedy.apply(cluster)
        except Exception as error:  # one that cannot be applied must not keep the others from being applied
            self.unknown = f"{self}: cannot be applied: {one_line(error)}"
        self.look(cluster)

    def look(self, cluster: Cluster) -> None:
        """Look for what remains; nothing is changed."""
        if self.remedy is None:
            return
        self.is_clean = False
        try:
            left = self.remedy.remains(cluster)
        except Exception as error:  # whoever could not look, for whatever reason, has not seen that nothing is there
            self.unknown = self.unknown or f"{self}: {one_line(error)}"
            return
        # What was looked for and is not there needs no remedy, even one that could not be applied.
        self.left, self.unknown, self.is_clean = (f"{self}: {left}" if left else "", "", not left)

    def __str__(self) -> str:
        return f"{self.line.run}/{self.line.number} {self.line.fault}"


def _tasks(lines: Sequence[FaultLine]) -> Iterator[_Task]:
    """Give the remedies of open lines: the last fault first, and each fault's in the order that it gave."""
    for line in reversed(merged(lines)):
        for body in line.remedies if line.is_open else ():
            try:
                yield _Task(line=line, remedy=remedy_of(body))
            except ValueError as error:
                yield _Task(line=line, remedy=None, unknown=f"{line.run}/{line.number} {line.fault}: {error}")


@dataclass(kw_only=True)
class Undoing:
    """The open lines of a journal, undone step by step; nothing here waits for brokers or looks beyond the journal."""

    lines: Sequence[FaultLine]
    lasting_only: bool = False
    """Leave out what goes with the namespace, because that is about to be deleted."""
    _todo: list[_Task] = field(default_factory=list)

    def __post_init__(self) -> None:
        wanted = list(_tasks(self.lines))
        if self.lasting_only:
            wanted = [task for task in wanted if task.remedy is None or task.remedy.outlives_namespace]
        self._todo = wanted

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to undo, or anything of which nobody knows how to."""
        return bool(self._todo)

    def undo(self, cluster: Cluster, *, budget_s: float = UNDOING_BUDGET_S) -> Outcome:
        """Apply every remedy, again while something of it remains, and say what came of it."""

        def nothing_remains() -> bool:
            for task in self._todo:
                if not task.is_clean:
                    task.treat(cluster)
            return all(task.is_clean or task.remedy is None for task in self._todo)

        with suppress(TimedOut):  # what remains is told below
            wait_until(nothing_remains, what="faults being undone", timeout_s=budget_s, every_s=EVERY_S)
        return self.look(cluster, verb="undone")

    def look(self, cluster: Cluster, *, verb: str = "nothing is left of") -> Outcome:
        """Look once more for what remains of each; a remedy of another one may have brought it back."""
        for task in self._todo:
            task.look(cluster)
        return Outcome(
            done=tuple(f"{verb} {task}: {task.remedy}" for task in self._todo if task.is_clean),
            left=tuple(task.left for task in self._todo if task.left),
            unknown=tuple(task.unknown for task in self._todo if task.unknown),
        )

    @property
    def healed(self) -> tuple[FaultLine, ...]:
        """Return the lines of whose effects nothing remains."""
        sick = {task.line.key for task in self._todo if not task.is_clean}
        return tuple(line for line in merged(self.lines) if line.is_open and line.key not in sick)


def one_line(error: Exception) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
