"""An ordeal: the steps of a schedule are carried out, each fault journalled, proven and healed as in a trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from random import Random
from typing import Protocol

from harness.clients.admin import NoAnswer
from harness.evidence import Event, Evidence
from harness.families import Catalogue, Ground
from harness.faults import Fault
from harness.protocols import Traffic
from harness.run import Run
from harness.schedule import Schedule, Step
from harness.spells import Missed, Spell
from harness.trial import PATIENT, aftermath, inject
from harness.underway import Struck, UnderWay
from harness.verdict import Inconclusive, Unsupported, UnsupportedHere
from harness.waiting import TimedOut, wait_until

BEGIN_BUDGET_S = 20.0
"""How long a step waits for somebody to have the role that it strikes, and not to be struck already."""

SLACK_S = 60.0
"""What looking at faults may take beyond the moment at which the last of them is released."""

LOOK_EVERY_S = 0.1


class Teller(Protocol):
    """Whoever tells people how it goes."""

    def begun(self, struck: Struck) -> None:
        """Tell that a fault was injected."""

    def over(self, struck: Struck) -> None:
        """Tell that a fault is healed, or was given up."""

    def missed(self, missed: Missed) -> None:
        """Tell that a step was left out."""


class Ordeal:
    """Carries out steps one after the other or overlapping; whatever happens, what it injected is healed.

    Everything happens in the caller's thread: what is under way is looked at while the next step is waited for, so a
    look that takes long (an agent answers in a second or two) makes the next step later, never earlier.
    """

    def __init__(self, ground: Ground, traffic: Traffic, *, run: Run, known: Catalogue, teller: Teller) -> None:
        self._ground, self._traffic, self._run, self._teller = ground, traffic, run, teller
        self._known = dict(known)
        self._under_way: list[UnderWay] = []
        self._over: list[Struck] = []
        self._counts: Counter[str] = Counter()
        self._zero_s = 0.0
        self._taken: list[Step] = []
        self._left_out: list[int] = []
        self.events: list[Event] = []
        self.missed: list[Missed] = []
        self.spells: list[Spell] = []

    def supported(self) -> Catalogue:
        """Return the families that have not turned out to be unsupported."""
        return self._known

    @property
    def schedule(self) -> Schedule:
        """The steps that were taken, those left out as unsupported not among them: it does the same again."""
        return Schedule(tuple(self._taken)).without(self._left_out)

    def carry_out(self, steps: Iterable[Step]) -> None:
        """Carry out all steps; raise AssertionError when the cluster does not recover, Inconclusive as trials do."""
        self._zero_s = self._now_s()
        with ExitStack() as stack:
            stack.callback(self._break_off)
            for step in steps:
                self._await_start(step)
                self._begin(step)
            self._settle()

    def _await_start(self, step: Step) -> None:
        if step.after_sync:
            self._settle()
            self._zero_s = self._now_s()
        begins_s = self._zero_s + step.start_s
        wait_until(
            lambda: self._has_come(begins_s),
            what=f"the start of {step}",
            timeout_s=max(0.0, begins_s - self._now_s()),
            every_s=LOOK_EVERY_S,
        )
        if step.after_sync:
            self._zero_s = self._now_s()

    def _has_come(self, moment_s: float) -> bool:
        self._tend()
        return self._now_s() >= moment_s

    def _begin(self, step: Step) -> None:
        """Find the victim and strike it; a step that cannot be carried out is noted and left out."""
        self._taken.append(step)
        if step.family not in self._known:
            self._left_out.append(len(self._taken) - 1)
            return
        try:
            self._strike(step, *self._made(step))
        except (Unsupported, UnsupportedHere) as lack:
            del self._known[step.family]
            self._left_out.append(len(self._taken) - 1)
            self._miss(Missed(step=step, why=str(lack), is_unsupported=True))
        except TimedOut as late:
            self._miss(Missed(step=step, why=late.detail, is_unsupported=False))

    def _miss(self, missed: Missed) -> None:
        self.missed.append(missed)
        self._note("missed", f"{missed.step} was left out: {missed.why}")
        self._teller.missed(missed)

    def _made(self, step: Step) -> tuple[Fault, tuple[str, ...]]:
        """Return the fault on whoever has the role now; chance comes from the seed, the step and how often it was."""
        random = Random(f"{self._run.settings.seed} {step.what} {self._counts[step.what]}")
        self._counts[step.what] += 1
        made: list[tuple[Fault, tuple[str, ...]]] = []
        why = ""

        def found() -> bool:
            nonlocal why
            self._tend()
            try:
                pods = self._ground.pods(step.victim, random=random) if step.victim else ()
                if any(one.strikes(pods) for one in self._under_way):
                    why = f"{', '.join(pods)} is struck already"
                    return False
                made.append((self._known[step.family].make(self._ground, pods), pods))
            except Unsupported:
                raise
            except (Inconclusive, NoAnswer) as error:
                why = str(error)
                return False
            return True

        what = f"somebody being there for {step}"
        wait_until(found, what=what, timeout_s=BEGIN_BUDGET_S, every_s=LOOK_EVERY_S, detail=lambda: why)
        return made[0]

    def _strike(self, step: Step, fault: Fault, pods: tuple[str, ...]) -> None:
        targets, part = fault.plan(), Evidence()
        try:
            injected_s = inject(fault, self._run, part)
        except BaseException as error:  # whatever it is: half of the fault may be there
            fault.heal()
            if isinstance(error, UnsupportedHere):
                self._run.faults.close(fault)
            raise
        self.events.extend(part.events)
        struck = Struck(
            step=step,
            family=self._known[step.family],
            fault=fault.name,
            victims=pods,
            targets=targets,
            injected_s=injected_s,
        )
        self._under_way.append(UnderWay(fault, struck, pods=pods))
        self._teller.begun(struck)

    def _tend(self) -> None:
        """Look at everything that is under way."""
        for one in tuple(self._under_way):
            one.look(now_s=self._now_s(), note=self._note)
            if one.is_over:
                self._end(one)

    def _end(self, one: UnderWay) -> None:
        if remains := self._run.faults.close(one.fault):
            self._note("healed", f"left for the end of the run, after {one.struck.step}: {remains}")
        self._under_way.remove(one)
        self._over.append(one.struck)
        self._teller.over(one.struck)

    def _settle(self) -> None:
        """Wait until every fault is over, everything is in sync again, and records are taken everywhere."""
        if not (self._under_way or self._over):
            return
        self._wait(self._is_released, what="faults being released", timeout_s=self._longest_s() + SLACK_S)
        self._wait(self._is_well, what="everything being in sync again", timeout_s=PATIENT.healing_s)
        self._close_spell(self._note("in-sync", "everything in sync again").time_s)
        aftermath(self._traffic)

    def _wait(self, condition: Callable[[], bool], *, what: str, timeout_s: float) -> None:
        try:
            wait_until(condition, what=what, timeout_s=timeout_s, every_s=LOOK_EVERY_S)
        except TimedOut as late:
            names = ", ".join(str(one.struck.step) for one in self._under_way) or str(self._over[-1].step)
            raise AssertionError(f"after {names}: {late}") from late

    def _longest_s(self) -> float:
        hopeless_s = max((one.struck.hopeless_s for one in self._under_way), default=0.0)
        return max(0.0, hopeless_s - self._now_s())

    def _is_released(self) -> bool:
        self._tend()
        return all(one.struck.released_s is not None for one in self._under_way)

    def _is_well(self) -> bool:
        self._tend()
        if self._under_way or not self._ground.cluster.all_ready():
            return False
        try:
            return not self._ground.admin.out_of_sync()
        except NoAnswer:
            return False

    def _close_spell(self, until_s: float) -> None:
        struck = (*self._over, *(one.struck for one in self._under_way))
        self._over = []
        if struck:
            self.spells.append(Spell(struck=struck, until_s=until_s))

    def _break_off(self) -> None:
        """Heal whatever is still under way, each even if another one cannot be healed."""
        with ExitStack() as stack:
            for one in self._under_way:
                stack.callback(one.fault.heal)
        self._close_spell(self._now_s())

    def _now_s(self) -> float:
        return self._run.clock.now_s()

    def _note(self, kind: str, what: str) -> Event:
        event = self._run.event(kind, what)
        self.events.append(event)
        return event
