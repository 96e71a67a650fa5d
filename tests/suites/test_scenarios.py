"""The scenarios of NET and ZK: green on a cluster that keeps its promises, red on one that breaks one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.verdict import UnsupportedHere
from suites import test_network as net
from suites import test_zookeeper as zk
from suites.scenarios.ground import Ground
from tests.suites.promises import Broken, Promises
from tests.suites.theatre import Play

Clause = Callable[[Ground], None]

CLAUSES: dict[str, Clause] = {
    "NET-01": net.test_a_broker_isolated_from_brokers_and_zookeeper,
    "NET-02": net.test_a_broker_that_is_heard_and_hears_nobody,
    "NET-03": net.test_brokers_that_hear_each_other_only_by_way_of_the_controller,
    "NET-04": net.test_a_ring_of_brokers_that_do_not_hear_the_next_one,
    "NET-05": net.test_a_broker_cut_off_from_zookeeper_alone,
    "NET-06": net.test_clients_cut_off_from_one_broker,
    "NET-07": net.test_packet_loss_between_brokers,
    "NET-08": net.test_narrow_bandwidth_of_one_broker,
    "NET-09": net.test_latency_of_one_broker,
    "ZK-01": zk.test_loss_of_the_quorum,
    "ZK-02": zk.test_expiry_of_the_controllers_session,
    "ZK-03": zk.test_cold_start_of_everything,
    "ZK-04": zk.test_pause_of_the_zookeeper_leader,
}

BROKEN: Broken = {
    "nobody misses an isolated broker": ("NET-01", {"never_misses_anybody": True}, "others lead in place of"),
    "nobody misses a deaf broker": ("NET-02", {"never_misses_anybody": True}, "others lead in place of"),
    "a follower that is cut off stays in sync": ("NET-03", {"never_misses_anybody": True}, "out of the in-sync sets"),
    "a mended ring does not serve": ("NET-04", {"comes_back_after_s": 25.0}, "recovery: .* acknowledged nothing"),
    "nobody misses a broker without ZooKeeper": ("NET-05", {"never_misses_anybody": True}, "others lead in place of"),
    "leaders move because clients are cut off": ("NET-06", {"moves_leaders_for_nothing": True}, "leaders moved"),
    "one broker's clients make all others wait": ("NET-06", {"serves_nobody": True}, "other-partitions: "),
    "loss stops the writing": ("NET-07", {"serves_nobody": True}, "windows: .* acknowledged nothing"),
    "a narrow link stops the writing": ("NET-08", {"serves_nobody": True}, "windows: .* acknowledged nothing"),
    "latency stops the writing": ("NET-09", {"serves_nobody": True}, "windows: .* acknowledged nothing"),
    "a topic is made without a quorum": ("ZK-01", {"makes_topics_without_a_quorum": True}, "no topic made: not seen"),
    "leaders stop without a quorum": ("ZK-01", {"serves_nobody": True}, "without-quorum: .* acknowledged nothing"),
    "no topic is made afterwards": ("ZK-01", {"makes_no_topics_afterwards": True}, "being made did not happen"),
    "a session that ended is not noticed": ("ZK-02", {"never_misses_anybody": True}, "others lead in place of"),
    "a broker restarts with its session": ("ZK-02", {"restarts_the_broker": True}, "was restarted"),
    "a controller without a session stays": (
        "ZK-02",
        {"keeps_the_controller": True},
        "another controller than kafka-2: not seen",
    ),
    "a cold start takes too long": ("ZK-03", {"comes_back_after_s": 90.0}, "windows: .* acknowledged nothing"),
    "nobody leads in place of a silent member": ("ZK-04", {"elects_no_member": True}, "another member leads: not seen"),
    "a member that was silent leads again": ("ZK-04", {"takes_the_old_member_back": True}, "leads again"),
}


class TestPromises(Promises):
    """Of every clause above."""


def test_a_kernel_without_netem_is_told_and_nothing_is_judged(play: Play) -> None:
    with pytest.raises(UnsupportedHere, match="no netem"):
        play(CLAUSES["NET-09"], has_no_netem=True)
