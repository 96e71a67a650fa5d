"""A theatre for scenarios: the in-memory Kafka, and stand-ins for faults and for ZooKeeper, all in virtual time.

What a stand-in does to the cluster is less than the fault would do; that the clause's judgements see what comes of it,
and turn red when the cluster breaks its promise, is what is shown here. A broken promise is a switch of the theatre.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from harness.budget import LiveTimeouts, ZooKeeperTicks
from harness.clients.admin import Admin
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster, number_of
from harness.evidence import Evidence
from harness.fault_journal import NoNamespace
from harness.rehearsal import network
from harness.rehearsal.bugs import Bug
from harness.rehearsal.cluster import BROKERS, Broker
from harness.rehearsal.stage import Stage
from harness.rehearsing.admin import RehearsedAdmin
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.cluster import RehearsedCluster
from harness.rehearsing.staging import Casting, set_stage
from harness.rehearsing.traffic import RehearsedTraffic
from harness.runclock import NS_PER_S
from harness.verdict import Unsupported
from suites import test_network, test_zookeeper
from suites.scenarios.ensemble import Ensemble
from suites.scenarios.ground import Ground
from tests.harness.made_runs import made_run
from tests.suites.stand_in import StandIn

TOPIC = "scenario"
MEMBERS = ("zookeeper-0", "zookeeper-1", "zookeeper-2")
STARTS_S = 1.0
"""How long a process that ended is away."""

SILENT_S = 2.0
"""How long a ZooKeeper leader is silent before another one leads."""


@dataclass(kw_only=True)
class Switches:
    """The promises that this cluster breaks."""

    never_misses_anybody: bool = False
    comes_back_after_s: float = 0.0
    moves_leaders_for_nothing: bool = False
    serves_nobody: bool = False
    has_no_netem: bool = False
    makes_topics_without_a_quorum: bool = False
    makes_no_topics_afterwards: bool = False
    restarts_the_broker: bool = False
    keeps_the_controller: bool = False
    elects_no_member: bool = False
    takes_the_old_member_back: bool = False


class CastCluster(RehearsedCluster):
    """The rehearsed brokers, names of ZooKeeper members, and addresses at which nobody listens."""

    @property
    def zookeepers(self) -> tuple[str, ...]:
        return MEMBERS

    def address(self, pod: str) -> str:
        return pod


@dataclass(frozen=True)
class CastEnsemble(Ensemble):
    """Three members of which one leads, or none."""

    leading: list[str] = field(default_factory=lambda: [MEMBERS[1]])

    def leaders(self, members: Sequence[str]) -> list[str]:
        return [member for member in members if member in self.leading]

    def elect(self, *members: str) -> None:
        self.leading[:] = members

    def serves(self) -> bool:
        return bool(self.leading)

    def ticks(self, member: str) -> ZooKeeperTicks:
        assert member in MEMBERS
        return ZooKeeperTicks(tick_s=1, sync_limit=10)


@dataclass(frozen=True, kw_only=True)
class CastGround(Ground):
    """A ground on which the theatre says whether a topic is made."""

    theatre: Theatre

    def creates(self, name: str) -> bool:
        return self.theatre.creates(name)


@dataclass(kw_only=True)
class Theatre:
    """The stage, what is done on it, and which promises are broken."""

    stage: Stage
    cluster: CastCluster
    admin: RehearsedAdmin
    switches: Switches
    ensemble: CastEnsemble
    deaf: set[int] = field(default_factory=set)
    """The brokers that hear no client."""
    has_quorum: bool = True
    lost_quorum: bool = False

    def stand_in(self, name: str, targets: Iterable[str], do: Callable[[], None], undo: Callable[[], None]) -> StandIn:
        def undo_late() -> None:
            self.stage.world.clock.after(round(self.switches.comes_back_after_s * NS_PER_S), undo)

        def do_it() -> None:
            do()
            if self.switches.serves_nobody:
                self.deaf |= set(BROKERS)

        def undo_it() -> None:
            self.deaf.clear()
            undo_late()

        return StandIn(name=name, targets=tuple(targets), do=do_it, undo=undo_it, is_well=self.cluster.all_ready)

    def creates(self, name: str) -> bool:
        if not self.has_quorum and not self.switches.makes_topics_without_a_quorum:
            return False
        if self.has_quorum and self.lost_quorum and self.switches.makes_no_topics_afterwards:
            return False
        if not self.admin.describe(name):
            self.admin.create_topic(name, partitions=1, replication_factor=3)
        return True

    def partition(self, _: object, links: Mapping[str, Sequence[str]], **__: object) -> StandIn:
        """Cut off the brokers that stand at the one side of the links: pairs are not known to the model."""
        numbers = [number_of(pod) for pod in links]
        return self.stand_in("partition", links, lambda: self._isolate(numbers), lambda: self._rejoin(numbers))

    def _isolate(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.cluster.model.isolate(number)

    def _rejoin(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.cluster.model.rejoin(number)

    def clients_cut_off(self, _: object, broker: str) -> StandIn:
        def cut() -> None:
            self.deaf.add(number_of(broker))
            if self.switches.moves_leaders_for_nothing:
                for partition in self.cluster.model.partitions.values():
                    self.cluster.model.controller.move(partition, (number_of(broker) + 1) % len(BROKERS))

        return self.stand_in("clients cut off", [broker], cut, lambda: None)

    def bad_network(self, _: object, pods: Iterable[str], **__: object) -> StandIn:
        """Let clients and brokers lose some of what they send, as long as it lasts."""
        world = self.stage.world
        usual = world.plan.lost_requests, world.plan.lost_answers

        def lose(requests: float, answers: float) -> None:
            world.plan = replace(world.plan, lost_requests=requests, lost_answers=answers)

        def do() -> None:
            if self.switches.has_no_netem:
                raise Unsupported("the agent cannot do that: no netem")
            lose(0.3, 0.3)

        return self.stand_in("bad network", pods, do, lambda: lose(*usual))

    def quorum_loss(self, _: object) -> StandIn:
        def lose() -> None:
            self.has_quorum, self.lost_quorum = False, True
            self.ensemble.elect()

        def find() -> None:
            self.has_quorum = True
            self.ensemble.elect(MEMBERS[0])

        return self.stand_in("quorum loss", MEMBERS[:2], lose, find)

    def session_expiry(self, _: object, broker: str, **__: object) -> StandIn:
        number = number_of(broker)

        def expire() -> None:
            self._isolate([number])
            if not self.switches.keeps_the_controller:
                self.cluster.controller = (number + 1) % len(BROKERS)
            if self.switches.restarts_the_broker:
                pods = self.cluster.__dict__["_pods"]
                pods[broker] = replace(pods[broker], restarts=1)

        return self.stand_in("session expiry", [broker], expire, lambda: self._rejoin([number]))

    def cold_start(self, _: object, pods: Sequence[str]) -> StandIn:
        def end() -> None:
            for number in BROKERS:
                self.cluster.model.crash(number)
            self.ensemble.elect()

        def begin() -> None:
            for number in BROKERS:
                self.stage.world.clock.after(round(STARTS_S * NS_PER_S), self.cluster.model.restart, number)
            self.ensemble.elect(MEMBERS[2])

        return self.stand_in("cold start", pods, end, begin)

    def pause(self, _: object, pods: Sequence[str]) -> StandIn:
        (paused,) = pods
        heir = MEMBERS[0] if paused != MEMBERS[0] else MEMBERS[1]

        def silence() -> None:
            self.ensemble.elect()
            if not self.switches.elects_no_member:
                self.stage.world.clock.after(round(SILENT_S * NS_PER_S), self.ensemble.elect, heir)

        def go_on() -> None:
            if self.switches.elects_no_member or self.switches.takes_the_old_member_back:
                self.ensemble.elect(paused)

        return self.stand_in("pause", pods, silence, go_on)


class Play:
    """Plays a clause on a stage of its own."""

    def __init__(self, folder: Path, clock: RehearsalClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._clock, self._monkeypatch = folder, clock, monkeypatch

    def __call__(self, clause: Callable[[Ground], None], *, bug: Bug | None = None, **broken: Any) -> Evidence:
        """Play a clause, with a planted bug or with switches on; return its evidence, or raise what it raises."""
        stage = set_stage(Casting(seed=7, bugs=frozenset({bug} if bug else ())), self._clock)
        cluster = CastCluster(stage.cluster)
        theatre = Theatre(
            stage=stage,
            cluster=cluster,
            admin=RehearsedAdmin(cluster),
            switches=Switches(**broken),
            ensemble=CastEnsemble(cluster),
        )
        self._cast(theatre)
        return self._play(clause, theatre)

    def _play(self, clause: Callable[[Ground], None], theatre: Theatre) -> Evidence:
        run = made_run(self._folder, copies=NoNamespace())
        run.clock = self._clock
        evidence = Evidence()

        def traffic(load: Load) -> Traffic:
            made = RehearsedTraffic(load, stage=theatre.stage, clock=self._clock, path=self._folder / "history.jsonl")
            return cast(Traffic, made)

        ground = CastGround(
            cluster=cast(Cluster, theatre.cluster),
            ensemble=theatre.ensemble,
            admin=cast(Admin, theatre.admin),
            topic=theatre.admin.create_topic(TOPIC, partitions=3, replication_factor=3),
            traffic=traffic,
            evidence=evidence,
            run=run,
            live=LiveTimeouts.of(theatre.admin.broker_config(0)),
            theatre=theatre,
        )
        clause(ground)
        return evidence

    def _cast(self, theatre: Theatre) -> None:
        """Put stand-ins in the places of faults, and let brokers be deaf to clients."""
        casting = {
            test_network: {
                "Partition": theatre.partition,
                "ClientsCutOff": theatre.clients_cut_off,
                "Loss": theatre.bad_network,
                "Bandwidth": theatre.bad_network,
                "Disturbance": theatre.bad_network,
            },
            test_zookeeper: {
                "QuorumLoss": theatre.quorum_loss,
                "SessionExpiry": theatre.session_expiry,
                "ColdStart": theatre.cold_start,
                "Pause": theatre.pause,
            },
        }
        for module, parts in casting.items():
            for name, part in parts.items():
                self._monkeypatch.setattr(module, name, part)
        arrive = network.Connections._arrive

        def arrive_unless_deaf(connections: network.Connections, broker: Broker, *request: Any) -> None:
            if broker.number not in theatre.deaf:
                arrive(connections, broker, *request)

        self._monkeypatch.setattr(network.Connections, "_arrive", arrive_unless_deaf)
        if theatre.switches.never_misses_anybody:
            self._monkeypatch.setattr(theatre.cluster.model.controller, "_notice", lambda *_: None)
