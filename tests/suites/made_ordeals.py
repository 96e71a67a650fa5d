"""Ordeals on a stage: the in-memory Kafka in virtual time, with stand-ins for the faults that take a real node.

What a stand-in does to the cluster is less than its fault would do. Shown is that a clause's judgements see what comes
of it, and turn red when the cluster breaks a promise, which is a switch here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from harness.checkers import replicas
from harness.clients.admin import Admin
from harness.clients.traffic import Load, Traffic
from harness.clients.watcher import Watcher
from harness.cluster.pods import Cluster, number_of
from harness.evidence import Evidence
from harness.fault_journal import NoNamespace
from harness.rehearsal import network
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS
from harness.rehearsal.log import Log
from harness.rehearsal.stage import Stage
from harness.rehearsing.admin import RehearsedAdmin
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.cluster import Pod, RehearsedCluster
from harness.rehearsing.staging import Casting, set_stage
from harness.rehearsing.traffic import RehearsedTraffic
from harness.rehearsing.watcher import RehearsedWatcher
from harness.runclock import NS_PER_S
from harness.verdict import Judgement
from suites import test_failover, test_nodes, test_resources, test_rolling, test_scaling, test_storage
from suites.ordeals.ordeal import Ordeal
from tests.harness.made_runs import made_run
from tests.suites.stand_in import StandIn

PARTITIONS = 3
STARTS_S = 1.0
"""How long a process that ended is away."""

REGISTERS_S = 3.0
"""How long a broker takes from the start of its container until the others know of it."""

CAUGHT_UP_S = 0.5
"""How long it takes at most to copy what a broker lacks."""

SQUEEZED_MS = 30
"""By how much a request takes longer while a broker is short of CPU."""


@dataclass(kw_only=True)
class Switches:
    """The promises that this cluster breaks."""

    comes_back_after_s: float = STARTS_S
    never_misses_anybody: bool = False
    is_not_felt: bool = False
    stands_still: bool = False
    minds_a_disk_that_is_almost_full: bool = False
    goes_on_with_a_full_disk: bool = False
    is_refilled_wrongly: bool = False
    lets_two_brokers_go: bool = False
    minds_a_silent_kubelet: bool = False
    goes_on_rolling: bool = False
    serves_nobody_else: bool = False


class StageCluster(RehearsedCluster):
    """The rehearsed brokers, of which a container can end and be started again; a broker takes a while to register."""

    def stop(self, pod: str) -> None:
        self._end(pod)

    def start_in(self, pod: str, delay_s: float) -> None:
        """Start a container again, some time from now."""
        again = replace(self._pods[pod], runs=True, restarts=self._pods[pod].restarts + 1)
        self._world.clock.after(round(delay_s * NS_PER_S), self._begin, pod, again)

    def _begin(self, name: str, pod: Pod) -> None:
        self._pods[name] = pod
        self._world.clock.after(round(REGISTERS_S * NS_PER_S), self._register, name, pod)

    def _register(self, name: str, pod: Pod) -> None:
        if self._pods[name] == pod:
            super()._begin(name, pod)


class StageTraffic(RehearsedTraffic):
    """The rehearsed traffic, where a new client is served unless a switch says otherwise."""

    switches: Switches

    def another_is_served(self, *, timeout_s: float) -> bool:
        assert timeout_s > 0
        return not self.switches.serves_nobody_else


@dataclass(frozen=True, kw_only=True)
class StageOrdeal(Ordeal):
    """An ordeal whose watcher and whose disks are the model's."""

    stage: Stage

    def watcher(self, *, topics: frozenset[str] | None = None) -> Watcher:
        assert topics in (None, {self.topic})
        watcher = RehearsedWatcher(self.admin, simulated=self.stage.world.clock, topic=self.topic)
        return cast(Watcher, watcher)

    def replicas_agree(self) -> Judgement:
        held = {
            partition.key: {
                str(number): {"log": str(hash(tuple(replica.log.records)))}
                for number, replica in partition.replicas.items()
            }
            for partition in self.stage.cluster.partitions.values()
        }
        return replicas.check(held)


@dataclass(kw_only=True)
class Troupe:
    """The stand-ins of one stage."""

    stage: Stage
    cluster: StageCluster
    switches: Switches
    is_squeezed: bool = False

    def casting(self) -> dict[object, dict[str, object]]:
        """Return by module who stands in for which fault."""
        return {
            test_resources: {
                "CpuSqueeze": self.cpu_squeeze,
                "MemoryPressure": self.memory_pressure,
                "DiskFill": self.disk_fill,
            },
            test_storage: {
                "VolumeLost": self.volume_lost,
                "ReadOnlyVolume": self.kept_from_starting,
                "WrongClusterId": self.kept_from_starting,
            },
            test_nodes: {
                "Drain": self.drain,
                "KubeletStopped": self.kubelet_stopped,
                "NodeCutOff": self.node_cut_off,
                "NodePowerOff": self.node_power_off,
            },
            test_rolling: {"BadImage": self.bad_image, "NextRelease": self.next_release},
            test_failover: {"Pause": self.pause},
            test_scaling: {"OneMoreBroker": self.one_more_broker, "hand_over": lambda *_, **__: None},
        }

    def _stand_in(self, name: str, pods: Sequence[str], do: Callable[[], None], undo: Callable[[], None]) -> StandIn:
        return StandIn(name=name, targets=tuple(pods), do=do, undo=undo, is_well=self.cluster.all_ready)

    def _back(self, pod: str) -> None:
        self.cluster.start_in(pod, self.switches.comes_back_after_s)

    def cpu_squeeze(self, _: object, pods: tuple[str, ...], *, millicores: int) -> StandIn:
        assert millicores > 0
        return self._stand_in("CPU squeeze", pods, lambda: self._squeeze(pods), lambda: self._let_go(pods))

    def _squeeze(self, pods: tuple[str, ...]) -> None:
        self.is_squeezed = not self.switches.is_not_felt
        if self.switches.stands_still:
            for pod in self.cluster.brokers:
                self.cluster.stop(pod)
        assert pods

    def _let_go(self, pods: tuple[str, ...]) -> None:
        self.is_squeezed = False
        if self.switches.stands_still:
            for pod in self.cluster.brokers:
                self.cluster.start_in(pod, STARTS_S)
        assert pods

    def memory_pressure(self, _: object, pods: tuple[str, ...]) -> StandIn:
        (pod,) = pods
        return self._stand_in("memory pressure", pods, lambda: self.cluster.stop(pod), lambda: self._back(pod))

    def disk_fill(self, _: object, pod: str, *, share: float) -> StandIn:
        number = number_of(pod)
        model = self.cluster.model
        if share < 1:
            minds = self.switches.minds_a_disk_that_is_almost_full
            return self._stand_in(
                "disk fill",
                [pod],
                lambda: model.isolate(number) if minds else None,
                lambda: model.rejoin(number),
            )
        if self.switches.goes_on_with_a_full_disk:
            return self._stand_in("disk fill", [pod], lambda: None, lambda: None)
        return self._stand_in("disk fill", [pod], lambda: self.cluster.stop(pod), lambda: self._filled(pod))

    def volume_lost(self, _: object, pod: str) -> StandIn:
        def lose() -> None:
            self.cluster.stop(pod)
            for replica in self.cluster.model.brokers[number_of(pod)].replicas.values():
                replica.log, replica.high_watermark, replica.checkpoint = Log(), 0, 0

        return self._stand_in("loss of a broker's volume", [pod], lose, lambda: self._filled(pod))

    def kept_from_starting(self, _: object, pod: str) -> StandIn:
        return self._stand_in("start in vain", [pod], lambda: self.cluster.stop(pod), lambda: self._filled(pod))

    def _filled(self, pod: str) -> None:
        """Start a broker again; when so said, its first record is another one than its peers'."""
        self._back(pod)
        if self.switches.is_refilled_wrongly:
            at_ns = round((self.switches.comes_back_after_s + REGISTERS_S + CAUGHT_UP_S) * NS_PER_S)
            self.stage.world.clock.after(at_ns, self._damage, number_of(pod))

    def _damage(self, number: int) -> None:
        replica = next(iter(self.cluster.model.brokers[number].replicas.values()))
        first = replica.log.records[0]
        replica.log.records[0] = first._replace(value=-1)

    def drain(self, _: object, pod: str) -> StandIn:
        others = [other for other in self.cluster.brokers if other != pod]
        gone = [pod, others[0]] if self.switches.lets_two_brokers_go else [pod]

        def go() -> None:
            for one in gone:
                self.cluster.delete_pod(one, grace_s=None)

        return self._stand_in("drain", ["node", pod], go, lambda: None)

    def kubelet_stopped(self, _: object, pod: str) -> StandIn:
        number, model = number_of(pod), self.cluster.model
        minds = self.switches.minds_a_silent_kubelet
        return self._stand_in(
            "kubelet stopped", [pod], lambda: model.isolate(number) if minds else None, lambda: model.rejoin(number)
        )

    def node_cut_off(self, _: object, pod: str) -> StandIn:
        others = [other for other in self.cluster.brokers if other != pod]
        gone = [pod, others[0]] if self.switches.lets_two_brokers_go else [pod]
        numbers = [number_of(one) for one in gone]

        def cut() -> None:
            for number in numbers:
                self.cluster.model.isolate(number)

        def join() -> None:
            for number in numbers:
                self.cluster.model.rejoin(number)

        return self._stand_in("node cut off", [pod], cut, join)

    def node_power_off(self, _: object, pod: str) -> StandIn:
        others = [other for other in self.cluster.brokers if other != pod]
        gone = [pod, others[0]] if self.switches.lets_two_brokers_go else [pod]

        def end() -> None:
            for one in gone:
                self.cluster.stop(one)

        def begin() -> None:
            for one in gone:
                self._back(one)

        return self._stand_in("node power off", [pod], end, begin)

    def bad_image(self, _: object) -> StandIn:
        pods = self.cluster.brokers[-2:] if self.switches.goes_on_rolling else self.cluster.brokers[-1:]

        def replace_one() -> None:
            self.cluster.delete_pod(self.cluster.brokers[-1], grace_s=None)

        fault = self._stand_in("rollout of a bad image", self.cluster.brokers, replace_one, lambda: None)
        fault.replaced = lambda: pods
        return fault

    def next_release(self, _: object) -> StandIn:
        gone = self.cluster.brokers[-2:] if self.switches.lets_two_brokers_go else self.cluster.brokers[-1:]

        def begin() -> None:
            for pod in gone:
                self.cluster.delete_pod(pod, grace_s=None)

        return self._stand_in("roll to the next release", self.cluster.brokers, begin, lambda: None)

    def one_more_broker(self, _: object) -> StandIn:
        gone = self.cluster.brokers if self.switches.stands_still else self.cluster.brokers[:1]

        def begin() -> None:
            for pod in gone:
                self.cluster.stop(pod)

        def end() -> None:
            for pod in gone:
                self._back(pod)

        fault = self._stand_in("one more broker", ("kafka-3",), begin, end)
        fault.number = len(self.cluster.brokers)
        return fault

    def pause(self, _: object, pods: tuple[str, ...]) -> StandIn:
        (number,) = (number_of(pod) for pod in pods)
        model = self.cluster.model
        return self._stand_in("pause", pods, lambda: model.isolate(number), lambda: model.rejoin(number))


class Play:
    """Plays clauses, each on a stage of its own."""

    def __init__(self, folder: Path, clock: RehearsalClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._clock, self._monkeypatch = folder, clock, monkeypatch

    def __call__(
        self, clause: Callable[[Ordeal, Evidence], None], *, bug: Bug | None = None, **broken: Any
    ) -> Evidence:
        """Play a clause, with a planted bug or with switches on; return its evidence, or raise what it raises."""
        stage = set_stage(Casting(seed=7, bugs=frozenset({bug} if bug else ())), self._clock)
        troupe = Troupe(stage=stage, cluster=StageCluster(stage.cluster), switches=Switches(**broken))
        self._cast(troupe)
        evidence = Evidence()
        clause(self._ordeal(troupe, evidence), evidence)
        return evidence

    def _ordeal(self, troupe: Troupe, evidence: Evidence) -> Ordeal:
        admin = RehearsedAdmin(troupe.cluster)
        topic = admin.create_topic("ordeal", partitions=PARTITIONS, replication_factor=3)
        load = Load(topic=topic, partitions=PARTITIONS)
        flow = StageTraffic(load, stage=troupe.stage, clock=self._clock, path=self._folder / "history.jsonl")
        flow.switches = troupe.switches
        run = made_run(self._folder, copies=NoNamespace())
        run.clock = self._clock
        return StageOrdeal(
            cluster=cast(Cluster, troupe.cluster),
            admin=cast(Admin, admin),
            flow=cast(Traffic, flow),
            run=run,
            evidence=evidence,
            stage=troupe.stage,
        )

    def _cast(self, troupe: Troupe) -> None:
        """Put stand-ins in the places of faults, and let squeezed brokers be slow and clients be patient."""
        for module, parts in troupe.casting().items():
            for name, part in parts.items():
                self._monkeypatch.setattr(module, name, part)
        delay_ns = network.Connections._delay_ns

        def slow_ns(connections: network.Connections) -> int:
            return delay_ns(connections) + (SQUEEZED_MS * MS if troupe.is_squeezed else 0)

        self._monkeypatch.setattr(network.Connections, "_delay_ns", slow_ns)
        if troupe.switches.never_misses_anybody:
            self._monkeypatch.setattr(troupe.cluster.model.controller, "_notice", lambda *_: None)
