"""Spells: faults that may have overlapped, and what clients may and may not feel of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness import guards
from harness.budget import Budget, LiveTimeouts
from harness.checkers import windows
from harness.evidence import Window
from harness.histories.history import History
from harness.schedule import Step
from harness.underway import Struck
from harness.verdict import Finding, Judgement, Verdict, merge

BEFORE_S = 1.0
"""How long before the first fault of a spell a window may begin that is judged by it."""

FAULTS = "faults"


@dataclass(frozen=True, kw_only=True)
class Missed:
    """A step that was not carried out, and why; `is_unsupported` says that this cluster can never do it."""

    step: Step
    why: str
    is_unsupported: bool


@dataclass(frozen=True, kw_only=True)
class Spell:
    """Faults that may have overlapped; it ends when everything is in sync again, or when the ordeal is broken off."""

    struck: tuple[Struck, ...]
    until_s: float

    @property
    def from_s(self) -> float:
        return min(one.injected_s for one in self.struck)

    @property
    def name(self) -> str:
        return ",".join(str(one.step) for one in self.struck)

    def allowed(self, live: LiveTimeouts) -> Budget:
        """Bound the window: as long as the faults are there, and then as long as a broker's end may be felt.

        One that ends by itself is not there: what is noticed is its end. Where faults overlap, too few brokers may be
        left to write to, until the last of them is well again.
        """
        after = max((one.family.budget(live) for one in self.struck), key=lambda budget: budget.seconds)
        lasting_s = self._lasting_s()
        if not lasting_s:
            return after
        return Budget(seconds=round(lasting_s + after.seconds, 1), why=f"{lasting_s:.1f} s of faults, then {after.why}")

    def _lasting_s(self) -> float:
        (first, *others) = self.struck
        if others or first.family.stops_all:
            return max(self._or_until(one.healed_s) for one in self.struck) - self.from_s
        return self._or_until(first.released_s) - self.from_s if first.family.lasts else 0.0

    def _or_until(self, time_s: float | None) -> float:
        return self.until_s if time_s is None else time_s


def faults_judged(spells: Sequence[Spell], missed: Sequence[Missed], *, is_given: bool) -> Judgement:
    """Judge that faults happened, each proven. What a cluster does not support is missed only if it was given."""
    struck = [one for spell in spells for one in spell.struck]
    unproven = [f"nothing proves {one.step} ({', '.join(one.targets)})" for one in struck if one.proven_s is None]
    lacking = [f"{one.step}: {one.why}" for one in missed if is_given or not one.is_unsupported]
    measured = {"faults": len(struck), "proven": len(struck) - len(unproven), "left_out": len(missed)}
    problems = [*unproven, *lacking] or ([] if struck else ["no fault was injected, so nothing was survived"])
    verdict = Verdict.INCONCLUSIVE if problems else Verdict.PASS
    reason = "; ".join(problems) or f"faults proven: {len(struck)} of {len(struck)}"
    return Judgement(checker=FAULTS, verdict=verdict, reason=reason, measured=measured)


def overlaps_judged(spells: Sequence[Spell], history: History, *, at_least: int) -> tuple[Judgement, ...]:
    """Judge that enough sends overlapped each spell: the one with the fewest speaks for all."""
    found = [guards.overlap(history, from_s=one.from_s, until_s=one.until_s, at_least=at_least) for one in spells]
    fewest = sorted(found, key=lambda judged: int(str(judged.measured["overlapping_sends"])))
    return tuple(replace(one, reason=f"{one.reason} (the fewest of {len(found)} spells)") for one in fewest[:1])


def windows_judged(
    spells: Sequence[Spell],
    find: Callable[[float, float], tuple[Window, ...]],
    *,
    live: LiveTimeouts,
    acknowledged: int,
    generator_lateness_s: float,
    until_s: float,
) -> tuple[Judgement, ...]:
    """Judge the windows from each spell to the next by what it allows: the tightest speaks for those that hold.

    `find` gives the windows between two moments, worst first.
    """
    judged: list[Judgement] = []
    later = (*(spell.from_s - BEFORE_S for spell in spells[1:]), until_s)
    for spell, end_s in zip(spells, later, strict=False):
        allowed = spell.allowed(live)
        found = windows.check(
            find(spell.from_s - BEFORE_S, end_s),
            acknowledged=acknowledged,
            budget_s=allowed.seconds,
            generator_lateness_s=generator_lateness_s,
            budget_why=allowed.why,
        )
        judged.append(replace(found, reason=f"{found.reason} (after {spell.name})"))
    return (_together(judged),) if judged else ()


def _together(judged: Sequence[Judgement]) -> Judgement:
    """Return one judgement for all: the worst verdict, all findings, and the measures of the tightest."""
    verdict = merge(one.verdict for one in judged)
    tightest = max((one for one in judged if one.verdict is verdict), key=_share)
    findings: tuple[Finding, ...] = tuple(finding for one in judged for finding in one.findings)
    return replace(tightest, findings=findings, measured={**tightest.measured, "spells": len(judged)})


def _share(judged: Judgement) -> float:
    measured = {name: value for name, value in judged.measured.items() if isinstance(value, int | float)}
    return measured["worst_window_s"] / measured["budget_s"]
