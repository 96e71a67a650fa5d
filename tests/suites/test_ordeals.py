"""The clauses of RES, STO, NODE, and those of pauses and chases: green on a good cluster, red on a broken one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.evidence import Evidence
from harness.rehearsal.bugs import Bug
from harness.verdict import Inconclusive
from suites import test_failover as fail
from suites import test_nodes as node
from suites import test_resources as res
from suites import test_rolling as roll
from suites import test_scaling as scale
from suites import test_storage as sto
from suites.ordeals.ordeal import Ordeal
from tests.suites.made_ordeals import Play
from tests.suites.promises import Broken, Promises

Clause = Callable[[Ordeal, Evidence], None]

CLAUSES: dict[str, Clause] = {
    "RES-01": res.test_cpu_squeeze,
    "RES-02": res.test_out_of_memory,
    "RES-03": res.test_disk_almost_full,
    "RES-04": res.test_disk_full,
    "STO-01": sto.test_volume_lost,
    "STO-03": sto.test_read_only_volume,
    "STO-04": sto.test_volume_of_another_cluster,
    "NODE-01": node.test_drain,
    "NODE-02": node.test_kubelet_stopped,
    "NODE-03": node.test_node_cut_off,
    "NODE-04": node.test_node_power_off,
    "ROLL-03": roll.test_bad_image,
    "ROLL-04": roll.test_next_release,
    "SCALE-01": scale.test_one_more_broker,
    "FAIL-09": fail.test_leader_chase,
    "FAIL-12": fail.test_pause_of_a_leader,
}

BROKEN: Broken = {
    "one slow broker stops all": ("RES-01", {"stands_still": True}, "windows: .* acknowledged nothing"),
    "nobody misses a killed broker": ("RES-02", {"never_misses_anybody": True, "comes_back_after_s": 15.0}, "windows"),
    "an almost full disk is minded": ("RES-03", {"minds_a_disk_that_is_almost_full": True}, "insync: brokers"),
    "a broker goes on with a full disk": ("RES-04", {"goes_on_with_a_full_disk": True}, "halting .* not seen within"),
    "a broker comes back with something else": ("RES-04", {"is_refilled_wrongly": True}, "replicas: "),
    "a volume is refilled wrongly": ("STO-01", {"is_refilled_wrongly": True}, "replicas: "),
    "nobody misses a broker that cannot write": (
        "STO-03",
        {"never_misses_anybody": True, "comes_back_after_s": 15.0},
        "windows",
    ),
    "a broker came back with another cluster's records": ("STO-04", {"is_refilled_wrongly": True}, "replicas: "),
    "a drain takes two brokers": ("NODE-01", {"lets_two_brokers_go": True}, "were out of sync at once, allowed is 1"),
    "a broker minds a silent kubelet": ("NODE-02", {"minds_a_silent_kubelet": True}, "insync: brokers|windows: "),
    "two nodes lose their power": ("NODE-04", {"lets_two_brokers_go": True}, "were out of sync at once, allowed is 1"),
    "two nodes are cut off": ("NODE-03", {"lets_two_brokers_go": True}, "were out of sync at once, allowed is 1"),
    "two brokers roll at once": ("ROLL-04", {"lets_two_brokers_go": True}, "were out of sync at once, allowed is 1"),
    "a bad image goes on": ("ROLL-03", {"goes_on_rolling": True}, "did not stop at the first pod"),
    "one more broker ends all others": (
        "SCALE-01",
        {"stands_still": True, "comes_back_after_s": 15.0},
        "windows: ",
    ),
    "who is not in sync leads when all others are gone": ("FAIL-09", {"bug": Bug.UNCLEAN_ELECTION}, "history: "),
    "nobody leads in place of a silent leader": ("FAIL-12", {"never_misses_anybody": True}, "other leaders for what"),
    "a new client waits for a silent leader": ("FAIL-12", {"serves_nobody_else": True}, "a new client is not served"),
}


class TestPromises(Promises):
    """Of every clause above."""


def test_a_squeeze_that_nobody_feels_shows_nothing(play: Play) -> None:
    with pytest.raises(Inconclusive, match="slower: "):
        play(CLAUSES["RES-01"], is_not_felt=True)
