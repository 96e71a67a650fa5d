"""Planted bugs of the coordinators of transactions and groups."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS
from harness.rehearsal.planted import Planted
from harness.rehearsal.records import Kind

if TYPE_CHECKING:
    from harness.rehearsal.clients.observing import Observer
    from harness.rehearsal.clients.reading import Fetched
    from harness.rehearsal.clients.transacting import Transaction as Script
    from harness.rehearsal.cluster import Cluster
    from harness.rehearsal.groups import Group, Groups
    from harness.rehearsal.replica import Replica
    from harness.rehearsal.transactions import Transaction, Transactions

Offsets = dict[str, int]
"""The next offset of each key."""


class CoordinatingBugs(Planted):
    """What goes wrong with transactions and with the offsets of groups."""

    def __init__(self, cluster: Cluster, observer: Observer) -> None:
        super().__init__(cluster, observer)
        self.writers: dict[int, Script] = {}
        self._reads_from: defaultdict[Script, set[Script]] = defaultdict(set)
        self._succeeded: set[Script] = set()
        self._hung: tuple[int, str] | None = None
        self._processed: Offsets = {}
        self._remembered: list[dict[str, Offsets]] = []

    @property
    def groups(self) -> Groups:
        return self.observer.stage.groups

    def _show(self, group: str) -> None:
        """Let the observer ask for a group's offsets at this moment."""
        self.observer.saw_group(group, dict(self.groups.committed(group)), process=self.observer.witness)

    def _is_behind(self, group: str, offsets: Offsets) -> bool:
        committed = self.groups.committed(group)
        return any(offset < committed.get(key, 0) for key, offset in offsets.items())

    def _open_writes(self, transaction: Transaction, key: str, *, epoch: int | None = None) -> int:
        """Count the records of a producer that no marker has ended yet."""
        leader = self.cluster.leading(key)
        if leader is None:
            return 0
        offsets = leader.log.producers().open.get(transaction.producer, [])
        records = [leader.log.records[leader.log.position(offset)] for offset in offsets]
        return sum(epoch is None or record.producer_epoch == epoch for record in records)

    def _was_aborted(self, transaction: Transaction, epoch: int) -> bool:
        """Say whether records that a producer wrote in an epoch are known to be aborted."""
        leaders = [leader for key in self.world.plan.ledgers if (leader := self.cluster.leading(key)) is not None]
        return any(
            record.producer == transaction.producer
            and record.producer_epoch == epoch
            and record.offset in leader.log.producers().aborted
            for leader in leaders
            for record in leader.log.records
        )

    def lets_zombie(self, transaction: Transaction, epoch: int) -> bool:
        """Say whether a producer of an old epoch may go on."""
        return Bug.ZOMBIE_NOT_FENCED in self.world.bugs and epoch < transaction.epoch

    def lets_end(self, transactions: Transactions, transaction: Transaction, epoch: int, wish: Kind) -> bool:
        """Say whether a producer of an old epoch is told that its transaction has committed."""
        if wish is not Kind.COMMIT or epoch >= transaction.epoch:
            return False
        if self.world.ripe(Bug.COMMIT_OF_ABORTED) and self._was_aborted(transaction, epoch):
            self.world.fire(Bug.COMMIT_OF_ABORTED)
            return True
        if Bug.ZOMBIE_NOT_FENCED not in self.world.bugs or transaction.state.value == "ending":
            return False
        if any(self._open_writes(transaction, key, epoch=epoch) for key in self.world.plan.ledgers):
            self.world.fire(Bug.ZOMBIE_NOT_FENCED)
        transaction.keys |= set(self.world.plan.ledgers)
        transactions.finish(transaction, Kind.COMMIT, wished=False)
        return True

    def keeps_epoch(self, *, wished: bool) -> bool:
        """Say whether a transaction ends without a new epoch for its producer."""
        return wished and Bug.LATE_WRITE_JOINS_NEXT in self.world.bugs

    def markers(self, transaction: Transaction, wish: Kind, kinds: dict[str, Kind]) -> dict[str, Kind]:
        """Decide which marker each partition gets."""
        world = self.world
        if transaction.producer in self.joined:
            self.joined.discard(transaction.producer)
            if wish is Kind.COMMIT:
                world.fire(Bug.LATE_WRITE_JOINS_NEXT)
        whole = len(kinds) > 1 and all(self._open_writes(transaction, key) for key in kinds)
        if whole and wish is Kind.COMMIT and world.ripe(Bug.HALF_A_COMMIT):
            world.fire(Bug.HALF_A_COMMIT)
            return {**kinds, min(kinds): Kind.ABORT}
        if whole and wish is Kind.ABORT and world.ripe(Bug.HALF_AN_ABORT):
            world.fire(Bug.HALF_AN_ABORT)
            return {**kinds, min(kinds): Kind.COMMIT}
        if whole and wish is Kind.COMMIT and world.ripe(Bug.MARKER_FORGOTTEN, times=1):
            world.fire(Bug.MARKER_FORGOTTEN)
            self._hung = (transaction.producer, min(kinds))
        return {key: kind for key, kind in kinds.items() if (transaction.producer, key) != self._hung}

    def offsets_end(self, groups: Groups, transaction: Transaction, wish: Kind) -> Kind:
        """Decide whether the offsets of a transaction count."""
        if not transaction.offsets:
            return wish
        if wish is Kind.ABORT and self.world.ripe(Bug.OFFSETS_OF_ABORTED):
            return Kind.COMMIT
        if wish is Kind.COMMIT and self.world.ripe(Bug.OFFSETS_OF_COMMITTED_LOST):
            group, offsets = next(iter(transaction.offsets.items()))
            if offsets.keys() <= groups.committed(group).keys():
                self.world.fire(Bug.OFFSETS_OF_COMMITTED_LOST)
                self.world.clock.after(3 * MS, self._show, group)
                return Kind.ABORT
        return wish

    def takes_zombie_offsets(self, groups: Groups, group: str, offsets: Offsets) -> bool:
        """Say whether a fenced producer's offsets count, as if it had asked before it was fenced."""
        if not self.world.ripe(Bug.ZOMBIE_OFFSETS_COUNT) or not self._is_behind(group, offsets):
            return False
        self.world.fire(Bug.ZOMBIE_OFFSETS_COUNT)
        groups.committed(group).update(offsets)
        self._show(group)
        return True

    def takes_old_commit(self, group: Group, offsets: Offsets) -> bool:
        """Say whether the commit of a member that was put out counts."""
        if not self.world.ripe(Bug.OLD_GENERATION_COMMITS) or not self._is_behind(group.name, offsets):
            return False
        self.world.fire(Bug.OLD_GENERATION_COMMITS)
        self.world.clock.after(0, self._show, group.name)
        return True

    def remember_offsets(self) -> None:
        """Take a picture of all committed offsets, as a coordinator that moves will find it."""
        self._remembered.append({name: dict(group.offsets) for name, group in self.groups.known.items()})

    def coordinator_moves(self) -> None:
        """Let the next coordinator begin with an old picture of the offsets."""
        if not self.world.ripe(Bug.COORDINATOR_LOADS_OLD_OFFSETS) or len(self._remembered) < 2:
            return
        for name, offsets in self._remembered[-2].items():
            committed = self.groups.committed(name)
            if offsets and any(offset < committed[key] for key, offset in offsets.items()):
                committed.update(offsets)
                self.world.fire(Bug.COORDINATOR_LOADS_OLD_OFFSETS)
                self._show(name)

    def processed_in_group(self, fetched: Fetched) -> None:
        """Note how far the members of the group have got."""
        for key, records in fetched.items():
            self._processed[key] = max(self._processed.get(key, 0), records[-1][0] + 1)

    def commits_ahead(self, leader: Replica, offsets: Offsets) -> Offsets:
        """Return the offsets that a member commits that counts what it has fetched, not what it gave out."""
        at = max(offsets[leader.key], self._processed.get(leader.key, 0))
        if leader.high_watermark < at + 2:
            return offsets
        self.world.fire(Bug.COMMIT_AHEAD_OF_WORK)
        return {**offsets, leader.key: leader.high_watermark}

    def read_in_transaction(self, transaction: Script, fetched: Fetched) -> None:
        """Note whose writes a transaction has read, and whether its own were among them."""
        for records in fetched.values():
            for _, value in records:
                writer = self.writers.get(value)
                if writer is transaction:
                    if Bug.OPEN_TRANSACTIONS_READ in self.world.bugs:
                        self.world.fire(Bug.OPEN_TRANSACTIONS_READ)
                elif writer is not None:
                    self._reads_from[transaction].add(writer)

    def transaction_succeeded(self, transaction: Script) -> None:
        """Note whether two transactions that have both committed have read each other."""
        self._succeeded.add(transaction)
        for other in self._reads_from[transaction] & self._succeeded:
            if transaction in self._reads_from[other] and Bug.DIRTY_DUET in self.world.bugs:
                self.world.fire(Bug.DIRTY_DUET)
