"""The journal of faults: written ahead here and in the namespace, or the fault is not injected."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fault_journal import FaultJournal, NoNamespace
from harness.fault_lines import FaultLine, lines_of
from harness.trial import inject
from harness.verdict import Inconclusive
from tests.chaos.remedial import EFFECTS, Wrong
from tests.harness.made_runs import made_run

CLUSTER = cast(Cluster, object())


class FakeCopies:
    """Keeps copies, and notes what the disk held by then; with `deaf` nothing is ever stored."""

    def __init__(self, path: Path, *, deaf: bool = False, nowhere: bool = False) -> None:
        self.path, self.deaf, self.nowhere = path, deaf, nowhere
        self.lines: list[FaultLine] = []
        self.on_disk: list[int] = []

    def place(self) -> str:
        if self.nowhere:
            raise OSError("no answer")
        return "here"

    def put(self, line: FaultLine) -> None:
        self.on_disk.append(len(self.path.read_text().splitlines()))
        if self.deaf:
            raise OSError("no answer")
        self.lines.append(line)


@pytest.fixture(autouse=True)
def nothing_is_wrong() -> None:
    """Begin with nothing wrong."""
    for state in (EFFECTS.wrong, EFFECTS.undone, EFFECTS.stubborn, EFFECTS.hidden):
        state.clear()


def journal(folder: Path, *, deaf: bool = False, nowhere: bool = False) -> tuple[FaultJournal, FakeCopies]:
    made = FaultJournal(folder / "report" / "faults.jsonl", run="a-run")
    copies = FakeCopies(made.path, deaf=deaf, nowhere=nowhere)
    made.copy_to(copies, CLUSTER)
    return made, copies


def test_a_line_is_on_the_disk_and_then_in_the_namespace(tmp_path: Path) -> None:
    made, copies = journal(tmp_path)
    made.write_ahead(Wrong("a", "b"))
    (line,) = copies.lines
    assert copies.on_disk == [1]
    assert lines_of(made.path.read_text()) == (line,) == made.open_lines
    assert (line.run, line.number, line.place, line.targets) == ("a-run", 1, "here", ("a", "b"))
    assert [remedy["arguments"] for remedy in line.remedies] == [{"what": "a"}, {"what": "b"}]


@pytest.mark.parametrize("trouble", [{"deaf": True}, {"nowhere": True}], ids=str)
def test_without_a_copy_the_fault_is_not_injected(tmp_path: Path, trouble: dict[str, bool]) -> None:
    made, _ = journal(tmp_path, **trouble)
    run = made_run(tmp_path)
    run.faults = made
    with pytest.raises(Inconclusive, match="the wrong was not injected"):
        inject(Wrong("a"), run, Evidence())
    assert EFFECTS.wrong == []
    assert made.open_lines == ()
    if made.path.exists():
        assert [line.is_open for line in lines_of(made.path.read_text())] == [False]


def test_without_a_namespace_the_fault_is_not_injected(tmp_path: Path) -> None:
    with pytest.raises(Inconclusive, match="there is no namespace to journal it in"):
        inject(Wrong("a"), made_run(tmp_path), Evidence())
    assert EFFECTS.wrong == []


def test_a_rehearsal_journals_without_a_namespace(tmp_path: Path) -> None:
    run = made_run(tmp_path, copies=NoNamespace())
    inject(Wrong("a"), run, Evidence())
    assert EFFECTS.wrong == ["a"]
    assert [line.fault for line in lines_of(run.faults.path.read_text())] == ["wrong"]


def test_the_end_is_in_both(tmp_path: Path) -> None:
    made, copies = journal(tmp_path)
    fault = Wrong("a")
    made.write_ahead(fault)
    assert made.close(fault) == ""
    assert made.open_lines == ()
    assert not copies.lines[-1].is_open
    assert [line.is_open for line in lines_of(made.path.read_text())] == [False]


def test_a_fault_of_which_something_remains_stays_open(tmp_path: Path) -> None:
    made, copies = journal(tmp_path)
    fault = Wrong("a")
    made.write_ahead(fault)
    fault.inject()
    assert made.close(fault) == "a is wrong"
    assert [line.is_open for line in copies.lines] == [True]
    EFFECTS.hidden.add("a")
    assert made.close(fault) == "nobody can see a"
    EFFECTS.hidden.clear()
    EFFECTS.wrong.clear()
    assert made.close(fault) == ""


def test_without_a_cluster_to_look_at_a_remedy_is_not_proven(tmp_path: Path) -> None:
    run = made_run(tmp_path, copies=NoNamespace())
    fault = Wrong("a")
    run.faults.write_ahead(fault)
    assert run.faults.close(fault) == "there is no cluster to look at"


def test_what_somebody_else_has_healed_ends_on_the_disk(tmp_path: Path) -> None:
    made, copies = journal(tmp_path)
    made.write_ahead(Wrong("a"))
    made.note_end("healed and proven")
    assert (made.open_lines, len(copies.lines)) == ((), 1)
    assert [line.is_open for line in lines_of(made.path.read_text())] == [False]


def test_one_of_two_faults_ends(tmp_path: Path) -> None:
    made, _ = journal(tmp_path)
    first, second = Wrong("a"), Wrong("b")
    made.write_ahead(first)
    made.write_ahead(second)
    made.close(first)
    assert [line.number for line in made.open_lines] == [2]
    assert made.close(first) == "", "an end may be noted again"


def test_a_copy_that_cannot_be_ended_costs_nothing_but_one_more_healing(tmp_path: Path) -> None:
    made, copies = journal(tmp_path)
    fault = Wrong("a")
    made.write_ahead(fault)
    copies.deaf = True
    assert made.close(fault) == ""
    assert [line.is_open for line in lines_of(made.path.read_text())] == [False]
