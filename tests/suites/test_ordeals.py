"""The clauses of RES, STO, NODE, and those of pauses and chases: green on a good cluster, red on a broken one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.evidence import Evidence
from harness.rehearsal.bugs import Bug
from harness.rehearsing.clock import RehearsalClock
from harness.verdict import Inconclusive, Verdict
from harness.waiting import waiting_on
from suites import test_failover as fail
from suites import test_nodes as node
from suites import test_resources as res
from suites import test_rolling as roll
from suites import test_storage as sto
from suites.ordeals.ordeal import Ordeal
from tests.suites.made_ordeals import Play

Clause = Callable[[Ordeal, Evidence], None]

CLAUSES: dict[str, Clause] = {
    "RES-01": res.test_cpu_squeeze,
    "RES-02": res.test_out_of_memory,
    "RES-03": res.test_disk_almost_full,
    "RES-04": res.test_disk_full,
    "STO-01": sto.test_volume_lost,
    "NODE-01": node.test_drain,
    "NODE-02": node.test_kubelet_stopped,
    "NODE-03": node.test_node_cut_off,
    "ROLL-03": roll.test_bad_image,
    "FAIL-09": fail.test_leader_chase,
    "FAIL-12": fail.test_pause_of_a_leader,
}
every_clause = pytest.mark.parametrize("claim", CLAUSES)

BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "one slow broker stops all": ("RES-01", {"stands_still": True}, "windows: .* acknowledged nothing"),
    "nobody misses a killed broker": ("RES-02", {"never_misses_anybody": True, "comes_back_after_s": 15.0}, "windows"),
    "an almost full disk is minded": ("RES-03", {"minds_a_disk_that_is_almost_full": True}, "insync: brokers"),
    "a broker goes on with a full disk": ("RES-04", {"goes_on_with_a_full_disk": True}, "halting .* not seen within"),
    "a broker comes back with something else": ("RES-04", {"is_refilled_wrongly": True}, "replicas: "),
    "a volume is refilled wrongly": ("STO-01", {"is_refilled_wrongly": True}, "replicas: "),
    "a drain takes two brokers": ("NODE-01", {"lets_two_brokers_go": True}, "were out of sync at once, allowed is 1"),
    "a broker minds a silent kubelet": ("NODE-02", {"minds_a_silent_kubelet": True}, "insync: brokers|windows: "),
    "two nodes are cut off": ("NODE-03", {"lets_two_brokers_go": True}, "were out of sync at once, allowed is 1"),
    "a bad image goes on": ("ROLL-03", {"goes_on_rolling": True}, "did not stop at the first pod"),
    "who is not in sync leads when all others are gone": ("FAIL-09", {"bug": Bug.UNCLEAN_ELECTION}, "history: "),
    "nobody leads in place of a silent leader": ("FAIL-12", {"never_misses_anybody": True}, "other leaders for what"),
    "a new client waits for a silent leader": ("FAIL-12", {"serves_nobody_else": True}, "a new client is not served"),
}


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Return a function that plays clauses in virtual time."""
    clock = RehearsalClock()
    with waiting_on(clock):
        yield Play(tmp_path, clock, monkeypatch)


@every_clause
def test_a_cluster_that_keeps_its_promises_passes(play: Play, claim: str) -> None:
    evidence = play(CLAUSES[claim])
    assert {judgement.verdict for judgement in evidence.judgements} == {Verdict.PASS}
    assert "history" in {judgement.checker for judgement in evidence.judgements}


@every_clause
def test_a_cluster_that_loses_a_record_fails(play: Play, claim: str) -> None:
    with pytest.raises(AssertionError, match="history: "):
        play(CLAUSES[claim], bug=Bug.OFFSET_REUSED)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_cluster_that_breaks_its_promise_fails(play: Play, broken: str) -> None:
    claim, switches, reason = BROKEN[broken]
    with pytest.raises(AssertionError, match=reason):
        play(CLAUSES[claim], **switches)


def test_every_clause_has_a_promise_that_is_broken() -> None:
    assert {claim for claim, _, _ in BROKEN.values()} == set(CLAUSES)


def test_a_squeeze_that_nobody_feels_shows_nothing(play: Play) -> None:
    with pytest.raises(Inconclusive, match="slower: "):
        play(CLAUSES["RES-01"], is_not_felt=True)
