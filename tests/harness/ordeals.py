"""Ordeals without a cluster: faults that do what a test says, on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from harness.clients.company import Transactions
from harness.families import Catalogue, Family, Ground, Span
from harness.fault_journal import NoNamespace
from harness.faults import Fault
from harness.ordeal import Ordeal
from harness.protocols import Admin, Cluster, Traffic
from harness.rehearsing.clock import RehearsalClock
from harness.remedies import Remedy
from harness.run import Run
from harness.schedule import parse
from harness.spells import Missed
from harness.underway import Struck
from harness.verdict import Unsupported
from harness.waiting import TimedOut, waiting_on
from tests.harness.made_runs import made_run


@dataclass(kw_only=True, eq=False)
class Deeds:
    """What the faults of a test do; `log` is what was done, by whom and when."""

    clock: RehearsalClock
    proves: Mapping[str, bool] = field(default_factory=dict)
    heals: bool = True
    unsupported: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    error: BaseException | None = None
    error_of: str = ""
    log: list[tuple[str, str, float]] = field(default_factory=list)

    def note(self, what: str, fault: str) -> None:
        self.log.append((what, fault, round(self.clock.now_s(), 1)))

    def when(self, what: str) -> list[tuple[str, float]]:
        """Return who did this, and when."""
        return [(fault, at_s) for done, fault, at_s in self.log if done == what]


class ScriptedFault:
    """A fault that is proven a second after it is injected, and healed a second after it is released."""

    def __init__(self, name: str, pods: Sequence[str], deeds: Deeds) -> None:
        self.name, self._pods, self._deeds = name, tuple(pods), deeds
        self._injected_s = self._released_s = float("inf")

    def plan(self) -> tuple[str, ...]:
        return self._pods

    def remedies(self) -> tuple[Remedy, ...]:
        return ()

    def inject(self) -> None:
        if self.name in self._deeds.refused:
            raise Unsupported("the kernel has no netem")
        if self._deeds.error is not None and self.name == self._deeds.error_of:
            raise self._deeds.error
        self._deeds.note("injected", self.name)
        self._injected_s = self._deeds.clock.now_s()

    def proof_of_injection(self) -> dict[str, object] | None:
        is_proven = self._deeds.proves.get(self.name, True)
        return {"seen": True} if is_proven and self._deeds.clock.now_s() >= self._injected_s + 1 else None

    def heal(self) -> None:
        self._deeds.note("released", self.name)
        self._released_s = min(self._released_s, self._deeds.clock.now_s())

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"well": True} if self._deeds.heals and self._deeds.clock.now_s() >= self._released_s + 1 else None


class FakeCluster:
    """Three brokers, all of them ready."""

    brokers = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers: tuple[str, ...] = ()

    def all_ready(self) -> bool:
        return True


class FakeAdmin:
    """Everything is in sync."""

    def out_of_sync(self) -> tuple[object, ...]:
        return ()


class FakeTraffic:
    """Traffic that goes on, or not."""

    def __init__(self, *, goes_on: bool = True) -> None:
        self._goes_on = goes_on

    def await_acknowledgements(self, more: int, *, timeout_s: float) -> None:
        if not self._goes_on:
            raise TimedOut(what=f"{more} more", timeout_s=timeout_s, detail="")

    def another_is_served(self, *, timeout_s: float) -> bool:
        assert timeout_s > 0
        return False


@dataclass
class Told:
    """What people were told."""

    lines: list[str] = field(default_factory=list)

    def begun(self, struck: Struck) -> None:
        self.lines.append(f"begun {struck.step}")

    def over(self, struck: Struck) -> None:
        self.lines.append(f"over {struck.step}")

    def missed(self, missed: Missed) -> None:
        self.lines.append(f"missed {missed.step}")


def known(deeds: Deeds) -> Catalogue:
    """Return families that a test can strike with: `hold` lasts, `snap` ends by itself, each on a pod or on nobody."""

    def family(name: str, lasts: Span | None) -> Family:
        def make(_: Ground, pods: Sequence[str]) -> Fault:
            if name in deeds.unsupported:
                raise Unsupported("there is no kernel")
            return ScriptedFault(name, pods, deeds)

        return Family(name=name, group="test", what="strikes", make=make, victims=("broker",), lasts=lasts, proof_s=10)

    return {"hold": family("hold", Span(least_s=1, most_s=60)), "snap": family("snap", None)}


@dataclass(kw_only=True)
class Tried:
    """An ordeal that is over, and what came of it."""

    ordeal: Ordeal
    deeds: Deeds
    run: Run
    told: Told
    raised: BaseException | None


def tried(folder: Path, text: str, *, goes_on: bool = True, change: Callable[[Deeds], None] | None = None) -> Tried:
    """Carry a schedule out on nobody, from time zero on."""
    clock = RehearsalClock()
    run = Run(settings=made_run(folder).settings, clock=clock)
    run.faults.copy_to(NoNamespace())
    deeds, told = Deeds(clock=clock), Told()
    if change is not None:
        change(deeds)
    ground = Ground(
        cluster=cast(Cluster, FakeCluster()),
        admin=cast(Admin, FakeAdmin()),
        topic="orders",
        company=Transactions(name="company"),
    )
    traffic = cast(Traffic, FakeTraffic(goes_on=goes_on))
    ordeal = Ordeal(ground, traffic, run=run, known=known(deeds), teller=told)
    raised: BaseException | None = None
    with waiting_on(clock):
        try:
            ordeal.carry_out(parse(text).steps)
        except BaseException as error:  # whatever it is: a test looks at it
            raised = error
    return Tried(ordeal=ordeal, deeds=deeds, run=run, told=told, raised=raised)
