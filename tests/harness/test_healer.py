"""Whoever begins or ends a run heals first, and refuses to go on over what is left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, cast

import pytest

from harness import healer
from harness.audit import Trace
from harness.cluster.fault_copies import FaultCopies
from harness.cluster.pods import Cluster
from harness.cluster.safety import Ground
from harness.errors import MachineError
from harness.fault_lines import FaultLine
from harness.healer import Healer, heal_at_the_end, heal_before_clearing, heal_before_reuse, tell_what_lasts, tidied
from harness.healing import Outcome
from harness.remedies import Remedy
from harness.waiting import waiting_on
from tests.chaos import remedial
from tests.chaos.remedial import EFFECTS, Undone, UndoneOnTheNode
from tests.cluster.fakes import NAMESPACE, FakeApi, FakeCore
from tests.harness.clocks import FakeClock

OWN = Ground(namespace=NAMESPACE, created=True)
LENT = Ground(namespace=NAMESPACE, created=False)


class Notes:
    """A progress that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, what: str, *, expected_s: float) -> AbstractContextManager[None]:
        assert expected_s > 0
        self.said.append(what)
        return nullcontext()

    def note(self, text: str) -> None:
        self.said.append(text)


class Place:
    """A namespace with copies of fault journals, and what the audit says of it."""

    def __init__(self) -> None:
        self.api = FakeApi(core=FakeCore({NAMESPACE: None}))
        self.copies = FaultCopies(self.api.connection, NAMESPACE)
        self.audit = Outcome(done=("looked",))
        self.rested = 0

    def healer(self, *_: object) -> Healer:
        def rest(_: Cluster) -> Outcome:
            self.rested += 1
            return Outcome(done=("at rest",))

        return Healer(
            open_cluster=lambda: cast(Cluster, None),
            copies=self.copies,
            rest=rest,
            audit=lambda _: self.audit,
            glance=lambda _: self.audit,
        )

    def put(self, number: int, *remedies: Remedy) -> FaultLine:
        """Leave an open fault, and what is wrong by it."""
        line = FaultLine(
            run="a-run",
            number=number,
            place="here",
            fault="wrong",
            targets=(),
            remedies=tuple(remedy.as_json() for remedy in remedies),
            at=f"{number}",
        )
        EFFECTS.wrong.extend(cast(Any, remedy).what for remedy in remedies)
        self.copies.put(line)
        return line


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return a namespace in which nothing is wrong."""
    monkeypatch.setitem(sys.modules, remedial.MODULE, remedial)
    for state in (EFFECTS.wrong, EFFECTS.undone, EFFECTS.stubborn, EFFECTS.hidden):
        state.clear()
    made = Place()
    monkeypatch.setattr(healer, "healer_of", made.healer)
    with waiting_on(FakeClock()):
        yield made


def test_what_is_reused_is_healed_first_and_its_journal_goes(place: Place) -> None:
    place.put(1, Undone("a"))
    heal_before_reuse(place.api.connection, NAMESPACE, progress=Notes())
    assert (EFFECTS.wrong, place.copies.lines(), place.rested) == ([], (), 1)


def test_what_is_reused_and_cannot_be_healed_is_refused(place: Place) -> None:
    place.put(1, Undone("a"))
    EFFECTS.stubborn.add("a")
    with pytest.raises(MachineError, match=r"faults have left .* a is wrong"):
        heal_before_reuse(place.api.connection, NAMESPACE, progress=Notes())
    assert [line.is_open for line in place.copies.lines()] == [True]


def test_what_is_reused_is_audited_even_without_a_journal(place: Place) -> None:
    heal_before_reuse(place.api.connection, NAMESPACE, progress=Notes())
    place.audit = Outcome(left=("node-1 is cordoned",))
    with pytest.raises(MachineError, match="node-1 is cordoned"):
        heal_before_reuse(place.api.connection, NAMESPACE, progress=Notes())


def test_what_cannot_be_looked_for_is_said_and_is_no_reason_to_refuse(place: Place) -> None:
    place.audit, notes = Outcome(unknown=("nodes: Forbidden",)), Notes()
    heal_before_reuse(place.api.connection, NAMESPACE, progress=notes)
    assert "cannot tell: nodes: Forbidden" in notes.said


def test_before_a_namespace_is_deleted_what_would_outlive_it_is_undone(place: Place) -> None:
    place.put(1, Undone("a"), UndoneOnTheNode("b"))
    heal_before_clearing(place.api.connection, OWN, progress=Notes())
    assert EFFECTS.wrong == ["a"]


def test_a_lent_namespace_is_healed_wholly_before_it_is_cleared(place: Place) -> None:
    place.put(1, Undone("a"), UndoneOnTheNode("b"))
    heal_before_clearing(place.api.connection, LENT, progress=Notes())
    assert (EFFECTS.wrong, place.copies.lines()) == ([], ())


@pytest.mark.parametrize("ground", [OWN, LENT], ids=["own", "lent"])
def test_a_journal_is_never_cleared_away_over_what_is_left(place: Place, ground: Ground) -> None:
    place.put(1, UndoneOnTheNode("b"))
    EFFECTS.stubborn.add("b")
    with pytest.raises(MachineError, match="run `harness heal"):
        heal_before_clearing(place.api.connection, ground, progress=Notes())


@pytest.mark.parametrize("ground", [OWN, LENT], ids=["own", "lent"])
def test_a_journal_that_nobody_can_read_is_never_cleared_away(place: Place, ground: Ground) -> None:
    line = place.put(1)
    place.copies.put(replace(line, remedies=({"remedy": "chaos.unheard:Of", "arguments": {}},)))
    with pytest.raises(MachineError, match="which this version does not have"):
        heal_before_clearing(place.api.connection, ground, progress=Notes())


def test_without_a_journal_a_namespace_is_cleared_without_a_word(place: Place) -> None:
    notes = Notes()
    heal_before_clearing(place.api.connection, OWN, progress=notes)
    heal_at_the_end(place.api.connection, OWN, (), stays=True, progress=notes)
    assert notes.said == []


@pytest.mark.parametrize(
    ("ground", "stays", "wrong", "rested"), [(OWN, True, [], 1), (LENT, False, [], 1), (OWN, False, ["a"], 0)]
)
def test_at_the_end_what_stays_is_healed_wholly(
    place: Place, ground: Ground, stays: bool, wrong: list[str], rested: int
) -> None:
    line = place.put(1, Undone("a"), UndoneOnTheNode("b"))
    heal_at_the_end(place.api.connection, ground, (line,), stays=stays, progress=Notes())
    assert (EFFECTS.wrong, place.rested) == (wrong, rested)


class Litter(Trace):
    """A trace that takes something away, or cannot."""

    name = "litter"

    def __init__(self, *, error: Exception | None = None) -> None:
        self._error = error

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        del cluster
        return ()

    def tidy(self, cluster: Cluster) -> tuple[str, ...]:
        del cluster
        if self._error:
            raise self._error
        return ("an old agent",)


def test_what_is_nobodys_is_taken_away_and_told_and_one_trouble_does_not_keep_the_rest() -> None:
    outcome = tidied(cast(Cluster, None), [Litter(error=OSError("no answer")), Litter()])
    assert outcome == Outcome(done=("took away: an old agent",))


class Lasting(Litter):
    """A trace that stays when the namespace goes."""

    outlives_namespace = True

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        del cluster
        return ("node-2 is cordoned",)


def test_before_a_deployment_only_what_lasts_is_told_and_it_is_no_reason_to_refuse() -> None:
    notes = Notes()
    tell_what_lasts(cast(Cluster, None), [Lasting(), Litter()], progress=notes)
    assert notes.said == ["left by somebody, and in the way: litter: node-2 is cordoned"]


def test_a_run_that_cannot_heal_says_so_at_its_end(place: Place) -> None:
    line = place.put(1, Undone("a"))
    EFFECTS.hidden.add("a")
    with pytest.raises(MachineError, match="nobody can see a"):
        heal_at_the_end(place.api.connection, OWN, (line,), stays=True, progress=Notes())
