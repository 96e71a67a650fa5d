"""Healing: in reverse order, as often as needed, and unknown is never clean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audit import Audit
from harness.cluster.pods import Cluster
from harness.errors import ExitCode, UsageError
from harness.fault_lines import FaultLine
from harness.healer import Healer
from harness.healing import Outcome, Undoing, chosen, said_by
from harness.remedies import Remedy, remedy_of
from harness.waiting import waiting_on
from tests.chaos import remedial
from tests.chaos.remedial import EFFECTS, Undone, UndoneOnTheNode
from tests.harness.clocks import FakeClock

CLUSTER = cast(Cluster, None)
CLEAN = Outcome(done=("looked",))


@pytest.fixture(autouse=True)
def effects(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with nothing wrong, and let remedies of these tests be imported as those of a family of faults."""
    monkeypatch.setitem(__import__("sys").modules, remedial.MODULE, remedial)
    for state in (EFFECTS.wrong, EFFECTS.undone, EFFECTS.stubborn, EFFECTS.hidden):
        state.clear()
    with waiting_on(FakeClock()):
        yield


def line(number: int, *remedies: Remedy, run: str = "a", ended: str | None = None) -> FaultLine:
    return FaultLine(
        run=run,
        number=number,
        place="here",
        fault="wrong",
        targets=("kafka-1",),
        remedies=tuple(remedy.as_json() for remedy in remedies),
        at=f"2026-01-01T00:00:{number:02}",
        ended=ended,
    )


def undo(*lines: FaultLine, lasting_only: bool = False) -> Outcome:
    return Undoing(lines=lines, lasting_only=lasting_only).undo(CLUSTER, budget_s=5)


def test_the_last_fault_is_undone_first_and_each_in_its_own_order() -> None:
    EFFECTS.wrong += ["a", "b", "c"]
    outcome = undo(line(2, Undone("b"), Undone("c")), line(1, Undone("a")))
    assert EFFECTS.undone == ["b", "c", "a"]
    assert (EFFECTS.wrong, outcome.exit_code, len(outcome.done)) == ([], ExitCode.CERTIFIED, 3)


def test_what_has_ended_is_not_undone_again() -> None:
    undo(line(1, Undone("a"), ended="healed and proven"))
    assert EFFECTS.undone == []


def test_what_remains_is_told_and_is_no_success() -> None:
    EFFECTS.wrong += ["a", "b"]
    EFFECTS.stubborn.add("b")
    undoing = Undoing(lines=[line(1, Undone("a")), line(2, Undone("b"))])
    outcome = undoing.undo(CLUSTER, budget_s=5)
    assert outcome.left == ("a/2 wrong: b is wrong",)
    assert outcome.exit_code is ExitCode.NOT_CERTIFIED
    assert EFFECTS.wrong == ["b"], "one that cannot be undone does not keep the others from being undone"
    assert [healed.number for healed in undoing.healed] == [1]
    assert EFFECTS.undone.count("b") > 1, "it is tried again"


def test_what_nobody_can_see_is_not_clean() -> None:
    EFFECTS.hidden.add("a")
    undoing = Undoing(lines=[line(1, Undone("a"))])
    outcome = undoing.undo(CLUSTER, budget_s=5)
    assert outcome.unknown == ("a/1 wrong: nobody can see a",)
    assert (outcome.exit_code, undoing.healed) == (ExitCode.HARNESS, ())


def test_a_remedy_that_fails_where_there_is_nothing_to_undo_is_no_harm() -> None:
    EFFECTS.stubborn.add("a")
    assert undo(line(1, Undone("a"))).exit_code is ExitCode.CERTIFIED


@pytest.mark.parametrize(
    "body",
    [
        {"unreadable": "garbage"},
        {"remedy": "chaos.nothing:Undone", "arguments": {}},
        {"remedy": "os:system", "arguments": {}},
        {"remedy": f"{remedial.MODULE}:Wrong", "arguments": {}},
        {"remedy": f"{remedial.MODULE}:Undone", "arguments": {"who": "a"}},
        {"remedy": f"{remedial.MODULE}:Undone", "arguments": ["a"]},
        {"remedy": f"{remedial.MODULE}:Undone"},
        {},
    ],
    ids=str,
)
def test_a_remedy_that_nobody_knows_is_never_taken_for_healed(body: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        remedy_of(body)
    undoing = Undoing(lines=[replace(line(1), remedies=(body,))])
    assert (undoing.undo(CLUSTER, budget_s=5).exit_code, undoing.healed) == (ExitCode.HARNESS, ())


@pytest.mark.parametrize("remedy", [Undone("a"), UndoneOnTheNode("b")], ids=str)
def test_a_remedy_is_read_back_as_it_was(remedy: Remedy) -> None:
    assert remedy_of(remedy.as_json()) == remedy


def test_before_a_namespace_is_deleted_only_what_outlives_it_is_undone() -> None:
    EFFECTS.wrong += ["a", "b"]
    undo(line(1, Undone("a"), UndoneOnTheNode("b")), lasting_only=True)
    assert (EFFECTS.wrong, EFFECTS.undone) == (["a"], ["b"])


def test_what_nobody_knows_may_outlive_the_namespace() -> None:
    assert undo(replace(line(1), remedies=({},)), lasting_only=True).exit_code is ExitCode.HARNESS


def test_looking_changes_nothing() -> None:
    EFFECTS.wrong.append("a")
    outcome = Undoing(lines=[line(1, Undone("a"))]).look(CLUSTER)
    assert (EFFECTS.wrong, EFFECTS.undone) == (["a"], [])
    assert outcome.left == ("a/1 wrong: a is wrong",)


def test_one_run_is_chosen_or_all() -> None:
    lines = [line(1), line(1, run="b")]
    assert {one.run for one in chosen(lines, run=None)} == {"a", "b"}
    assert {one.run for one in chosen(lines, run="b")} == {"b"}
    assert chosen([], run=None) == ()


def test_an_unknown_run_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="choose one of: a, b"):
        chosen([line(1), line(1, run="b")], run="c")
    with pytest.raises(UsageError, match="there is no journal here at all"):
        chosen([], run="c")


def test_what_is_left_weighs_more_than_what_nobody_can_tell() -> None:
    both = Outcome(left=("a",)).and_then(Outcome(unknown=("b",)))
    assert both.exit_code is ExitCode.NOT_CERTIFIED
    assert [*both.lines()] == ["LEFT: a", "cannot tell: b", "Not clean: 1 left, see above."]
    assert Outcome(unknown=("b",)).exit_code is ExitCode.HARNESS
    assert Outcome().lines() == ("Nothing of any fault is left.",)


@pytest.mark.parametrize(
    ("audit", "code"),
    [
        (Audit(clean=("replicas",)), ExitCode.CERTIFIED),
        (Audit(clean=("replicas",), left=("a pause",)), ExitCode.NOT_CERTIFIED),
        (Audit(clean=("replicas",), unknown=("rules",)), ExitCode.HARNESS),
        (Audit(), ExitCode.HARNESS),
    ],
    ids=["clean", "left", "unknown", "nobody looked"],
)
def test_an_audit_is_clean_only_if_somebody_has_looked_everywhere(audit: Audit, code: ExitCode) -> None:
    assert said_by(audit).exit_code is code
    assert audit.is_clean == (code is ExitCode.CERTIFIED)


class FakeCopies:
    """Keeps the last word on each fault."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.kept: dict[tuple[str, int], FaultLine] = {}
        self.deaf = deaf

    def place(self) -> str:
        return "here"

    def put(self, one: FaultLine) -> None:
        if self.deaf:
            raise OSError("no answer")
        self.kept[one.key] = one


def healer(copies: FakeCopies, *, rest: Outcome = CLEAN, audit: Outcome = CLEAN) -> Healer:
    return Healer(
        open_cluster=lambda: CLUSTER,
        copies=copies,
        rest=lambda _: rest,
        audit=lambda _: audit,
        glance=lambda _: Outcome(unknown=("what takes hands",)),
    )


def test_what_was_healed_is_noted_so_and_what_was_not_stays_open() -> None:
    EFFECTS.wrong += ["a", "b"]
    EFFECTS.stubborn.add("b")
    copies = FakeCopies()
    outcome = healer(copies).heal([line(1, Undone("a")), line(2, Undone("b"))])
    assert outcome.exit_code is ExitCode.NOT_CERTIFIED
    assert [one.number for one in copies.kept.values() if not one.is_open] == [1]


@pytest.mark.parametrize("rest", [Outcome(left=("kafka-2 is away",)), Outcome(unknown=("brokers are out of reach",))])
def test_while_the_cluster_is_not_at_rest_nothing_is_noted_as_healed(rest: Outcome) -> None:
    copies = FakeCopies()
    outcome = healer(copies, rest=rest).heal([line(1, Undone("a")), line(2)])
    assert outcome.exit_code is not ExitCode.CERTIFIED
    assert copies.kept == {}


def test_what_only_the_audit_finds_is_no_success_either() -> None:
    outcome = healer(FakeCopies(), audit=Outcome(left=("node-1 is cordoned",))).heal([line(1, Undone("a"))])
    assert outcome.exit_code is ExitCode.NOT_CERTIFIED


def test_a_note_that_cannot_be_written_is_told() -> None:
    outcome = healer(FakeCopies(deaf=True)).heal([line(1, Undone("a"))])
    assert outcome.unknown == ("a/1 cannot be noted as healed: no answer",)


def test_a_dry_run_says_what_is_left_and_changes_nothing() -> None:
    EFFECTS.wrong.append("a")
    copies = FakeCopies()
    outcome = healer(copies).look([line(1, Undone("a"))])
    assert (outcome.exit_code, EFFECTS.wrong, copies.kept) == (ExitCode.NOT_CERTIFIED, ["a"], {})
    assert outcome.unknown == ("what takes hands",), "an agent is not made for it"


@given(st.lists(st.sampled_from("abcdef"), max_size=6, unique=True), st.data())
def test_healing_again_changes_nothing_more(names: list[str], data: st.DataObject) -> None:
    EFFECTS.wrong[:] = names
    EFFECTS.stubborn.clear()
    lines = [line(number, Undone(name)) for number, name in enumerate(data.draw(st.permutations(names)))]
    copies = FakeCopies()
    healer(copies).heal(lines)
    assert EFFECTS.wrong == []
    again = healer(copies).heal(list(copies.kept.values()))
    assert again == CLEAN.and_then(CLEAN)
