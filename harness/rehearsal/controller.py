"""The controller: it notices which brokers are gone, elects leaders and tells everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS

if TYPE_CHECKING:
    from harness.rehearsal.cluster import Cluster, Partition
    from harness.rehearsal.replica import Replica
    from harness.rehearsal.world import World

NOTICE_NS = 50 * MS
"""How long a broker is silent before the controller believes that it is gone."""


class Controller:
    """The keeper of leaders and in-sync replicas; `live` are the brokers that it believes to run."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self.world = world
        self.cluster = cluster
        self.live = set(cluster.brokers)
        self._absences = dict.fromkeys(cluster.brokers, 0)

    def lost(self, number: int) -> None:
        """Begin to miss a broker."""
        self._absences[number] += 1
        self.world.clock.after(NOTICE_NS, self._notice, number, self._absences[number])

    def _notice(self, number: int, absence: int) -> None:
        if absence == self._absences[number] and not self.cluster.brokers[number].reachable:
            self._remove(number)

    def _remove(self, number: int) -> None:
        if number not in self.live:
            return
        if self.world.bugs and number == min(self.live):
            self.world.strikes.coordinator_moves()
        self.live.discard(number)
        for partition in self.cluster.partitions.values():
            if partition.isr != {number}:
                partition.isr -= {number}
            if partition.leader == number:
                self.elect(partition)
            else:
                self._publish(partition)

    def back(self, number: int) -> None:
        """Let a broker register again; one that crashed loses its leaderships even if nobody had missed it."""
        broker = self.cluster.brokers[number]
        self._absences[number] += 1
        if number in self.live and any(replica.version < 0 for replica in broker.replicas.values()):
            self._remove(number)
        self.live.add(number)
        for partition in self.cluster.partitions.values():
            if partition.leader is None:
                self.elect(partition)
            elif self._hands_back_too_early(partition, number):
                self._lead(partition, number)
            else:
                self._publish(partition)
            for replica in partition.replicas.values():
                self.cluster.fetch_soon(replica)

    def _hands_back_too_early(self, partition: Partition, number: int) -> bool:
        if Bug.LEADERSHIP_BACK_TOO_EARLY not in self.world.bugs or partition.key != self.world.plan.victim:
            return False
        if number in partition.isr or partition.leader is None:
            return False
        return self.world.strikes.unclean(Bug.LEADERSHIP_BACK_TOO_EARLY, partition, number)

    def elect(self, partition: Partition) -> None:
        """Give a partition a leader of the in-sync replicas; without one it stays offline."""
        candidates = [number for number in partition.replicas if number in self.live]
        clean = [number for number in candidates if number in partition.isr]
        if clean:
            self._lead(partition, clean[0])
        elif candidates and self._elects_uncleanly(partition, candidates[0]):
            self._lead(partition, candidates[0])
        else:
            self._lead(partition, None)

    def _elects_uncleanly(self, partition: Partition, number: int) -> bool:
        if self.world.plan.unclean_election:
            return True
        if Bug.UNCLEAN_ELECTION not in self.world.bugs or partition.key != self.world.plan.victim:
            return False
        return self.world.strikes.unclean(Bug.UNCLEAN_ELECTION, partition, number)

    def move(self, partition: Partition, number: int) -> None:
        """Let another in-sync replica lead, as a preferred leader election does."""
        if number in partition.isr and number in self.live and partition.leader != number:
            self._lead(partition, number)

    def _lead(self, partition: Partition, number: int | None) -> None:
        if number is None and partition.leader is None:
            return
        partition.leader = number
        partition.epoch += 1
        if number is not None and number not in partition.isr:
            partition.isr = frozenset({number})
        self._publish(partition)

    def _publish(self, partition: Partition) -> None:
        partition.version += 1
        for replica in partition.replicas.values():
            self.world.clock.after(self.world.between(MS // 10, 2 * MS), self._tell, partition, replica)

    def _tell(self, partition: Partition, replica: Replica) -> None:
        if replica.broker.reachable:
            replica.told(leader=partition.leader, epoch=partition.epoch, isr=partition.isr, version=partition.version)

    def expand(self, leader: Replica, follower: int) -> None:
        """Take a follower that has caught up into the in-sync replicas, if its leader still leads."""
        partition = self.cluster.partitions[leader.key]
        if not leader.broker.reachable or partition.epoch != leader.epoch or follower not in self.live:
            return
        if partition.leader == leader.broker.number:
            partition.isr |= {follower}
            partition.version += 1
            leader.isr = partition.isr
            leader.version = partition.version
