"""RES: a broker is short of CPU, memory or disk; it gets slower or ends, and clients lose nothing."""

from __future__ import annotations

from chaos.disk import FULL, DiskFill
from chaos.resource import CpuSqueeze, MemoryPressure
from harness import budget, guards
from harness.claims import Level, clause
from harness.evidence import Evidence
from harness.sights import Sight
from suites.ordeals.ordeal import Ordeal, leaders_moved

pytest_plugins = ("suites.ordeals.fixtures",)

SQUEEZED_MILLICORES = 100
SQUEEZED_S = 20.0
ALMOST_FULL = 0.95
ALMOST_FULL_S = 20.0


@clause("RES-01", level=Level.CERTIFY)
def test_cpu_squeeze(ordeal: Ordeal, evidence: Evidence) -> None:
    """A broker that gets a fifth of its documented CPU makes clients wait, and nothing acknowledged suffers.

    The traffic of FAIL-01. A broker that leads partitions, and is not the controller, gets 100 thousandths of a CPU
    in place of 500, for twenty seconds, by its own cgroup. The kernel must count periods in which it was held back, and
    answers must take at least twice as long as when it is over. Each acknowledged record must be read once and in
    order, and no partition may go without an acknowledgement for longer than the budget: acks=all waits for a slow
    broker until it lags out of the in-sync sets. Every partition must be in sync again.
    """
    fault = CpuSqueeze(ordeal.cluster, (ordeal.a_leader(),), millicores=SQUEEZED_MILLICORES)
    tried = ordeal.survive(fault, budget.lagging_out(ordeal.live), lasts_s=SQUEEZED_S)
    felt = guards.slower(tried.history, from_s=tried.injected_s, until_s=tried.undone_s, well_s=tried.healed_s)
    evidence.judge(*tried.judgements, felt)


@clause("RES-02", level=Level.CERTIFY)
def test_out_of_memory(ordeal: Ordeal, evidence: Evidence) -> None:
    """When the kernel kills a broker for lack of memory, nothing acknowledged is lost, repeated or reordered.

    The traffic of FAIL-01. The memory limit of a broker that leads partitions is lowered to what it cannot give back,
    and a little more is asked for; its container must have ended with the reason OOMKilled and have started again.
    Leaders must have moved, and the budget is that of a crash: nobody has said goodbye. Every partition must be in
    sync again.
    """
    tried = ordeal.survive(MemoryPressure(ordeal.cluster, (ordeal.a_leader(),)), budget.crash(ordeal.live))
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence))


@clause("RES-03", level=Level.CERTIFY)
def test_disk_almost_full(ordeal: Ordeal, evidence: Evidence) -> None:
    """When the disk of a broker is filled to 95 %, clients feel nothing and every partition stays in sync.

    The traffic of FAIL-01. The volume of a broker that leads partitions is filled to 95 % for twenty seconds, by the
    count of the file system itself. No broker may be missing from an in-sync set of any partition at any moment, no
    partition may go without an acknowledgement for longer than the budget, which is that of an event that the data
    path does not depend on, and each acknowledged record must be read once and in order.
    """
    fault = DiskFill(ordeal.cluster, ordeal.a_leader(), share=ALMOST_FULL)
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(fault, budget.unrelated(), lasts_s=ALMOST_FULL_S)
    evidence.judge(*tried.judgements, ordeal.sync_kept(watcher, tried, allowed=0))


@clause("RES-04", level=Level.CERTIFY)
def test_disk_full(ordeal: Ordeal, evidence: Evidence) -> None:
    """When the disk of a broker is wholly full, the broker halts, others lead, and it recovers when there is room.

    The traffic of FAIL-01. Not a byte is left on the volume of a broker that leads partitions, and
    what it frees by deleting old segments is taken, too. Kafka gives up a log
    folder that it cannot write to, and halts when it has no other: the container must have ended within the budget,
    and leaders must have moved. The budget of the clients is that of a crash, as the broker says no goodbye. When the
    room is given back, the broker must come back by itself, every partition must be in sync again, all replicas must be
    equal byte for byte, and each acknowledged record must be read once and in order.
    """
    pod = ordeal.a_leader()
    before, fault = ordeal.cluster.identity(pod), DiskFill(ordeal.cluster, pod, share=FULL)

    def has_halted() -> bool:
        # Not: has been started again. The kubelet may wait with that, the longer the more often a container has ended.
        if ordeal.cluster.identity(pod) != before:
            return True
        fault.keep_full()
        return False

    halts = Sight(what=f"{pod} halting on its full disk", is_seen=has_halted, budget=budget.met_full_disk())
    tried = ordeal.survive(fault, budget.crash(ordeal.live), sights=[halts])
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.replicas_agree())
