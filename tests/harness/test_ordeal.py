"""An ordeal: steps begin when they should, overlap when they may, and whatever happens each fault is healed."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.fault_lines import lines_of
from tests.harness.ordeals import Deeds, Tried, tried


def spells(done: Tried) -> list[list[str]]:
    return [[str(one.step) for one in spell.struck] for spell in done.ordeal.spells]


def test_faults_overlap_when_the_schedule_says_so(tmp_path: Path) -> None:
    done = tried(tmp_path, "hold:kafka-0@2+10,snap:kafka-1@5,hold:kafka-2@after3+4")
    assert done.raised is None
    assert done.deeds.when("injected") == [("hold", 2.0), ("snap", 5.0), ("hold", 16.0)]
    assert done.deeds.when("released") == [("snap", 6.0), ("hold", 12.0), ("hold", 20.0)]
    assert spells(done) == [["snap:kafka-1@5", "hold:kafka-0@2+10"], ["hold:kafka-2@after3+4"]]
    assert str(done.ordeal.schedule) == "hold:kafka-0@2+10,snap:kafka-1@5,hold:kafka-2@after3+4"


def test_each_fault_is_journalled_proven_and_closed(tmp_path: Path) -> None:
    done = tried(tmp_path, "hold:kafka-0@0+5,snap:kafka-1@after")
    (held, snapped) = (one for spell in done.ordeal.spells for one in spell.struck)
    assert (held.injected_s, held.proven_s, held.released_s, held.healed_s) == pytest.approx((0, 1, 5, 6), abs=0.2)
    assert (held.targets, held.proof) == (("kafka-0",), {"seen": True})
    assert [line.is_open for line in lines_of(done.run.faults.path.read_text())] == [False, False]
    assert snapped.healed_s is not None
    kinds = [event.kind for event in done.ordeal.events]
    assert kinds == ["fault", "proven", "released", "healed", "in-sync"] * 2


def test_who_is_struck_already_is_not_struck_again_before_that_is_over(tmp_path: Path) -> None:
    done = tried(tmp_path, "hold:kafka-0@0+10,snap:kafka-0@2")
    assert done.deeds.when("injected") == [("hold", 0.0), ("snap", pytest.approx(11, abs=0.3))]


def test_a_role_that_nobody_has_is_missed_and_said(tmp_path: Path) -> None:
    done = tried(tmp_path, "snap:kafka-9@0,snap:kafka-1@after")
    (missed,) = done.ordeal.missed
    assert (str(missed.step), missed.is_unsupported) == ("snap:kafka-9@0", False)
    assert missed.why.startswith("there is no pod kafka-9")
    assert done.told.lines == ["missed snap:kafka-9@0", "begun snap:kafka-1@after", "over snap:kafka-1@after"]
    assert str(done.ordeal.schedule) == "snap:kafka-9@0,snap:kafka-1@after", "the next time somebody may have it"


@pytest.mark.parametrize("at_inject", [False, True], ids=["before it is made", "while it is injected"])
def test_what_is_unsupported_is_left_out_for_good(tmp_path: Path, at_inject: bool) -> None:
    def change(deeds: Deeds) -> None:
        if at_inject:
            deeds.refused = frozenset({"hold"})
        else:
            deeds.unsupported = frozenset({"hold"})

    done = tried(tmp_path, "hold:kafka-0@0+5,snap:kafka-1@2,hold:kafka-0@after+5,snap:kafka-1@4", change=change)
    (missed,) = done.ordeal.missed
    assert missed.is_unsupported
    assert set(done.ordeal.supported()) == {"snap"}
    assert str(done.ordeal.schedule) == "snap:kafka-1@0,snap:kafka-1@after", "it would do the same again"
    assert not [line for line in lines_of(done.run.faults.path.read_text()) if line.is_open]


def test_a_fault_that_nothing_proves_is_released_and_the_others_go_on(tmp_path: Path) -> None:
    def change(deeds: Deeds) -> None:
        deeds.proves = {"hold": False}

    done = tried(tmp_path, "hold:kafka-0@0+5,snap:kafka-1@after", change=change)
    assert done.raised is None
    held, snapped = (one for spell in done.ordeal.spells for one in spell.struck)
    assert (held.proven_s, held.healed_s) == (None, None)
    assert held.released_s == pytest.approx(10, abs=0.2)
    assert snapped.proven_s is not None


def test_a_cluster_that_does_not_recover_has_failed_and_is_healed(tmp_path: Path) -> None:
    def change(deeds: Deeds) -> None:
        deeds.heals = False

    done = tried(tmp_path, "hold:kafka-0@0+5,snap:kafka-1@after", change=change)
    assert isinstance(done.raised, AssertionError)
    assert str(done.raised).startswith("after hold:kafka-0@0+5: everything being in sync again did not happen within")
    assert done.deeds.when("injected") == [("hold", 0.0)]
    assert spells(done) == [["hold:kafka-0@0+5"]], "what happened until then is judged all the same"


def test_partitions_that_take_no_records_again_are_a_failure(tmp_path: Path) -> None:
    done = tried(tmp_path, "snap:kafka-0@0", goes_on=False)
    assert isinstance(done.raised, AssertionError)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("half done")], ids=["interrupted", "broken"])
def test_whatever_ends_it_what_is_under_way_is_healed(tmp_path: Path, error: BaseException) -> None:
    def change(deeds: Deeds) -> None:
        deeds.error, deeds.error_of = error, "snap"

    done = tried(tmp_path, "hold:kafka-0@0+50,snap:kafka-1@5", change=change)
    assert done.raised is error
    assert {fault for fault, _ in done.deeds.when("released")} == {"hold", "snap"}
