"""The coordinators in the model: transactional ids, their epochs, groups and their generations."""

from __future__ import annotations

import pytest

from harness.rehearsal.groups import REBALANCE_NS, SESSION_NS, Groups
from harness.rehearsal.records import Answer, Failure, Kind
from harness.rehearsal.transactions import TRANSACTION_TIMEOUT_NS, State, Transactions
from tests.rehearsal.small import KEY, Caught, Small, values_of, written


class Coordinators(Small):
    """A small cluster with its coordinators."""

    def __init__(self) -> None:
        super().__init__()
        self.groups = Groups(self.world)
        self.transactions = Transactions(self.cluster, self.groups)

    def begin(self) -> tuple[int, int]:
        """Begin a producer under the only transactional id and return its id and epoch."""
        caught = Caught()
        self.transactions.begin_producer("t", caught)
        assert caught.answer is not None
        assert caught.answer.failure is None
        producer, epoch = caught.answer.content
        return producer, epoch

    def add(self, epoch: int) -> Answer | None:
        caught = Caught()
        self.transactions.add("t", epoch, frozenset({KEY}), caught)
        return caught.answer

    def end(self, epoch: int, wish: Kind) -> Answer | None:
        caught = Caught()
        self.transactions.end("t", epoch, wish, caught)
        return caught.answer

    def join(self, member: int) -> Caught:
        caught = Caught()
        self.groups.join("g", member, ("a-0", "a-1"), caught)
        return caught

    def commit(self, member: int, generation: int, offset: int) -> Failure | None:
        caught = Caught()
        self.groups.commit("g", member, generation, {"a-0": offset}, caught)
        assert caught.answer is not None
        return caught.answer.failure


@pytest.fixture
def both() -> Coordinators:
    return Coordinators()


def test_every_end_of_a_transaction_raises_the_epoch(both: Coordinators) -> None:
    _, epoch = both.begin()
    both.add(epoch)
    assert both.end(epoch, Kind.COMMIT) == Answer(None, epoch + 1)
    both.rest()
    assert both.end(epoch, Kind.COMMIT) == Answer(None, epoch + 1), "asked again it answers the same"
    assert both.end(epoch, Kind.ABORT) == Answer(Failure.FENCED_PRODUCER)


def test_a_successor_fences_its_predecessor_and_aborts_what_it_left_open(both: Coordinators) -> None:
    producer, epoch = both.begin()
    both.add(epoch)
    both.produce(batch=written(1, producer=producer, epoch=epoch, transactional=True))
    both.rest()
    caught = Caught()
    both.transactions.begin_producer("t", caught)
    assert caught.answer == Answer(Failure.BUSY_TRANSACTION)
    both.rest()
    both.begin()
    assert both.add(epoch) == Answer(Failure.FENCED_PRODUCER)
    assert both.end(epoch, Kind.COMMIT) == Answer(Failure.FENCED_PRODUCER)
    assert values_of(both.leader) == [1, -1]
    assert both.leader.log.producers().aborted == {0}


def test_a_transaction_that_takes_too_long_is_aborted(both: Coordinators) -> None:
    _, epoch = both.begin()
    both.add(epoch)
    both.rest(TRANSACTION_TIMEOUT_NS // 1_000_000 + 100)
    assert both.transactions.known["t"].state is State.IDLE
    assert both.end(epoch, Kind.COMMIT) == Answer(Failure.FENCED_PRODUCER)


def test_offsets_of_a_transaction_count_when_it_commits(both: Coordinators) -> None:
    _, epoch = both.begin()
    caught = Caught()
    both.transactions.add_offsets("t", epoch, "g", {"a-0": 5}, caught)
    asked = Caught()
    both.transactions.stable_offsets("g", asked)
    assert asked.answer == Answer(Failure.BUSY_TRANSACTION)
    assert both.groups.committed("g") == {}
    both.end(epoch, Kind.COMMIT)
    both.rest()
    assert both.groups.committed("g") == {"a-0": 5}


def test_offsets_of_an_aborted_transaction_do_not_count(both: Coordinators) -> None:
    _, epoch = both.begin()
    both.transactions.add_offsets("t", epoch, "g", {"a-0": 5}, Caught())
    both.end(epoch, Kind.ABORT)
    both.rest()
    assert both.groups.committed("g") == {}


def test_members_share_the_keys_and_a_new_one_begins_a_new_generation(both: Coordinators) -> None:
    first = both.join(1)
    assert first.answer == Answer(None, (1, ("a-0", "a-1")))
    second = both.join(2)
    assert second.answer is None
    beat = Caught()
    both.groups.beat("g", 1, 1, beat)
    assert beat.answer == Answer(Failure.REBALANCING)
    again = both.join(1)
    assert again.answer == Answer(None, (2, ("a-0",)))
    assert second.answer == Answer(None, (2, ("a-1",)))


def test_a_member_that_does_not_join_again_is_out(both: Coordinators) -> None:
    both.join(1)
    second = both.join(2)
    both.rest(REBALANCE_NS // 1_000_000 + 1)
    assert second.answer == Answer(None, (2, ("a-0", "a-1")))
    assert both.commit(1, 1, 5) is Failure.UNKNOWN_MEMBER


def test_a_commit_of_an_old_generation_is_refused(both: Coordinators) -> None:
    both.join(1)
    assert both.commit(1, 1, 5) is None
    both.join(2)
    both.join(1)
    assert both.commit(1, 1, 3) is Failure.OLD_GENERATION
    assert both.groups.committed("g") == {"a-0": 5}


def test_a_silent_member_is_put_out(both: Coordinators) -> None:
    both.join(1)
    both.rest(2 * SESSION_NS // 1_000_000)
    assert both.commit(1, 1, 5) is Failure.UNKNOWN_MEMBER
