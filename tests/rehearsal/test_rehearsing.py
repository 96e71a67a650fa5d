"""Whole rehearsals: the same seed gives the same history, clean ones keep Kafka's promises, every bug strikes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.ops import Op, OpType
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS
from harness.rehearsal.plan import KEYS, Fault, FaultKind, Plan
from harness.rehearsal.records import Kind
from harness.rehearsal.rehearsing import rehearse, set_stage, simulate
from harness.rehearsal.stage import Stage
from harness.rehearsal.world import World

FAULTS = st.lists(
    st.builds(
        Fault,
        kind=st.sampled_from(FaultKind),
        key=st.sampled_from(KEYS),
        at_ns=st.integers(min_value=20, max_value=550).map(lambda ms: ms * MS),
        lasts_ns=st.integers(min_value=1, max_value=300).map(lambda ms: ms * MS),
    ),
    max_size=5,
)
SEEDS = st.integers(min_value=0, max_value=2**32)


def played(*, seed: int, faults: list[Fault]) -> Stage:
    """Run a short rehearsal with a schedule of faults, and return its stage."""
    plan = Plan(traffic_ns=600 * MS, faults=tuple(faults), random_faults=0)
    world = World(seed=seed, bugs=frozenset(), plan=plan)
    stage = set_stage(world)
    world.clock.run(until_ns=plan.traffic_ns + plan.settle_ns)
    return stage


def acknowledged(ops: list[Op]) -> dict[tuple[str, int], int]:
    """Return key and offset of every plain record that was acknowledged, with its value."""
    found: dict[tuple[str, int], int] = {}
    for op in ops:
        if op.f == "send" and op.type is OpType.OK:
            for _, key, (offset, value) in op.value:  # type: ignore[attr-defined]
                found[key, offset] = value
    return found


@settings(max_examples=15)
@given(seed=SEEDS, faults=FAULTS)
def test_after_any_faults_all_replicas_agree_and_have_what_was_acknowledged(seed: int, faults: list[Fault]) -> None:
    stage = played(seed=seed, faults=faults)
    for partition in stage.cluster.partitions.values():
        logs = [replica.log for replica in partition.replicas.values()]
        assert partition.isr == frozenset(partition.replicas)
        assert len({tuple(log.between(max(one.start for one in logs), log.end)) for log in logs}) == 1
    for (key, offset), value in acknowledged(stage.world.ops).items():
        leader = stage.cluster.leading(key)
        assert leader is not None
        if offset >= leader.log.start:
            assert [record.value for record in leader.log.between(offset, offset + 1)] == [value]


@settings(max_examples=15)
@given(seed=SEEDS, faults=FAULTS)
def test_after_any_faults_no_value_stands_twice_and_no_transaction_is_open(seed: int, faults: list[Fault]) -> None:
    stage = played(seed=seed, faults=faults)
    assert stage.transactions.idle()
    for key in KEYS:
        leader = stage.cluster.leading(key)
        assert leader is not None
        assert leader.last_stable() == leader.high_watermark == leader.log.end
        counts = Counter(record.value for record in leader.log.records if record.kind is Kind.DATA)
        assert max(counts.values(), default=1) == 1


def test_the_same_seed_gives_the_same_history() -> None:
    assert simulate(seed=5) == simulate(seed=5)
    assert simulate(seed=5) != simulate(seed=6)


def test_a_history_has_everything_that_is_to_be_judged() -> None:
    ops = simulate(seed=1)
    assert {op.f for op in ops} >= {"send", "poll", "txn", "assign", "subscribe", "commit", "observe"}
    assert {str(op.extra["txn-id"]) for op in ops if "txn-id" in op.extra} == {"writer", "etl", "mixed"}
    finals = [op for op in ops if op.extra.get("final")]
    assert {key for op in finals for key in op.extra["covers"]} == set(KEYS)  # type: ignore[attr-defined]
    assert [op.index for op in ops] == list(range(len(ops)))
    assert all(before.time_ns <= after.time_ns for before, after in pairwise(ops))


def test_a_process_that_does_not_know_how_something_ended_is_not_heard_of_again() -> None:
    for seed in range(5):
        retired: set[int | str] = set()
        for op in simulate(seed=seed):
            assert op.process not in retired or (op.f == "send" and op.type is OpType.INFO)
            if op.type is OpType.INFO and op.process != "nemesis":
                retired.add(op.process)


def test_a_clean_rehearsal_has_no_bugs() -> None:
    assert rehearse(seed=3).fired == {}


def test_there_are_at_least_thirty_bugs_and_each_has_a_signature() -> None:
    assert len(Bug) >= 30
    for bug in Bug:
        assert bug.signature.must
        assert not bug.signature.must & bug.signature.may or bug.signature.must <= bug.signature.may | {"unseen"}
