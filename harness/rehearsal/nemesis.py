"""The nemesis: it strikes leaders, heals, and says what it did in remarks of the history."""

from __future__ import annotations

from harness.ops import OpType
from harness.rehearsal.clock import MS
from harness.rehearsal.cluster import BROKERS, Cluster
from harness.rehearsal.plan import KEYS, Fault, FaultKind


class Nemesis:
    """Faults by plan and by chance; it leaves off when a planted bug wants nothing else to happen."""

    def __init__(self, cluster: Cluster) -> None:
        self.world = cluster.world
        self.cluster = cluster

    def start(self) -> None:
        """Plan all faults, and the end of all of them."""
        world, plan = self.world, self.world.plan
        by_chance = [self._by_chance() for _ in range(world.between(0, plan.random_faults + 1))]
        for fault in (*plan.faults, *by_chance):
            world.clock.after(fault.at_ns, self._strike, fault)
        world.clock.after(plan.traffic_ns, self.cluster.heal)

    def _by_chance(self) -> Fault:
        world = self.world
        kind = FaultKind.CRASH if world.chance(0.5) else FaultKind.ISOLATE
        if world.chance(0.2):
            kind = FaultKind.BLACKOUT if world.chance(0.5) else FaultKind.ROLL
        latest_ns = world.plan.traffic_ns - 200 * MS
        return Fault(
            kind=kind,
            key=KEYS[world.between(0, len(KEYS))],
            at_ns=world.between(100 * MS, latest_ns),
            lasts_ns=world.between(20 * MS, 250 * MS),
        )

    def _strike(self, fault: Fault) -> None:
        leader = self.cluster.partitions[fault.key].leader
        if self.world.quiet or leader is None:
            return
        self.world.note("nemesis", OpType.INFO, fault.kind.value, {"broker": leader, "key": fault.key})
        if fault.kind is FaultKind.CRASH:
            self.cluster.crash(leader)
            self.world.clock.after(fault.lasts_ns, self.cluster.restart, leader)
        elif fault.kind is FaultKind.ISOLATE:
            self.cluster.isolate(leader)
            self.world.clock.after(fault.lasts_ns, self.cluster.rejoin, leader)
        elif fault.kind is FaultKind.ROLL:
            self._roll()
        else:
            self._black_out(fault, leader)

    def _roll(self) -> None:
        """Restart one broker after another, each for a moment."""
        for turn, broker in enumerate(BROKERS):
            self.world.clock.after(turn * 120 * MS, self.cluster.crash, broker)
            self.world.clock.after(turn * 120 * MS + 40 * MS, self.cluster.restart, broker)

    def _black_out(self, fault: Fault, leader: int) -> None:
        """Isolate a follower; when it is out of sync, kill the others, and let it return before them."""
        clock, lasts_ns = self.world.clock, fault.lasts_ns
        follower = BROKERS[(leader + 1) % len(BROKERS)]
        self.cluster.isolate(follower)
        clock.after(lasts_ns, self.cluster.rejoin, follower)
        for other in BROKERS:
            if other != follower:
                clock.after(lasts_ns - MS, self.cluster.crash, other)
                clock.after(lasts_ns + 150 * MS, self.cluster.restart, other)
