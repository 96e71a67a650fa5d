"""Peers: the same work through the engines and through Kafka's own performance tools, in turn, on one cluster."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness import solo, stalling
from harness.clients.admin import Admin
from harness.clients.engine.orders import ConsumerOrder, ProducerOrder
from harness.cluster.peer_pod import PeerPod, peer_pod
from harness.cluster.pods import Cluster
from harness.deployment import deployed
from harness.ending import end_in_order, ended
from harness.errors import ExitCode
from harness.load_topic import load_topic
from harness.measuring import trace
from harness.measuring.disk import DiskPlan
from harness.measuring.ledger import ConsumerLedger, ProducerLedger
from harness.measuring.peer_output import Work, consumed, produced
from harness.measuring.traffic import Records, Sending, Traffic
from harness.progress import Progress, TerminalProgress
from harness.run import Run, Settings
from harness.runclock import NS_PER_S
from harness.stalling import Stalled
from harness.verdict import Inconclusive

RESULT = "peers.json"
SENDING = Sending()
"""What a load uses unless its profile says otherwise."""

TRAFFIC = Traffic(records=Records(value_bytes=1024), sending=SENDING)
STALLED = Traffic(records=Records(value_bytes=stalling.VALUE_BYTES), sending=SENDING, partitions=1)
IN_FLIGHT_BYTES = 32 * 1024 * 1024
"""The peer's own default of buffer.memory: both have as much room for records without an answer."""
AS_FAST_AS_IT_GOES = -1
DRAIN_S = 30.0
ENGINE_BUDGET_S = 60.0
KEPT_BYTES = 256 * 1024 * 1024
BACKLOG_TIMES = 2
"""Reading is faster than writing: what is to be read is written for longer, so that reading it takes seconds."""
MOST_WARM_UPS = 8
FASTER = 1.05
"""A round of the warm-up that is not this much faster than the best before it is the last one."""
LEAST_THROUGHPUT_RATIO = 1.0
MOST_CPU_RATIO = 1.0


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What the engine and the peer did, one right after the other."""

    engine: Work
    peer: Work


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All pairs of one kind of work, and the ratios of their medians."""

    name: str
    pairs: tuple[Pair, ...]

    @property
    def throughput_ratio(self) -> float:
        """The engine's median throughput over the peer's: 1 and more is as fast."""
        return self._median(lambda pair: pair.engine.records_per_s) / self._median(lambda pair: pair.peer.records_per_s)

    @property
    def cpu_ratio(self) -> float:
        """The engine's median CPU for a million records over the peer's: 1 and less is as cheap."""
        return self._median(lambda pair: pair.engine.cpu_s_per_million) / self._median(
            lambda pair: pair.peer.cpu_s_per_million
        )

    def _median(self, of: Callable[[Pair], float]) -> float:
        return statistics.median(of(pair) for pair in self.pairs)

    def as_json(self) -> dict[str, object]:
        return {
            "throughput_ratio": round(self.throughput_ratio, 3),
            "cpu_ratio": round(self.cpu_ratio, 3),
            "pairs": [{"engine": pair.engine.as_json(), "peer": pair.peer.as_json()} for pair in self.pairs],
        }


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Where it takes place: the cluster, the peer's pod, and the folder of the traces."""

    cluster: Cluster
    pod: PeerPod
    folder: Path
    seconds: float

    @property
    def servers(self) -> str:
        return self.cluster.bootstrap

    def producer_order(self, topic: str, *, label: str, traffic: Traffic) -> ProducerOrder:
        """Return what an engine is told that sends by itself, by the pace in its folder."""
        folder = solo.fresh(self.folder / label)
        return ProducerOrder(
            name="producer-0",
            number=0,
            producers=1,
            bootstrap=self.servers,
            topic=topic,
            traffic=traffic,
            folder=str(folder),
            started_ns=time.monotonic_ns() + int(solo.LEAD_S * NS_PER_S),
            drain_s=DRAIN_S,
            trace=str(folder / f"producer-0{trace.SUFFIX}"),
        )

    def produce_by_engine(self, topic: str, *, label: str) -> Work:
        """Let an engine send as fast as the cluster takes it, ledger and histogram on."""
        order = replace(self.producer_order(topic, label=label, traffic=TRAFFIC), in_flight_bytes=IN_FLIGHT_BYTES)
        done = solo.work(order, seconds=self.seconds)
        (ledger,) = done.trace.ledgers
        if not isinstance(ledger, ProducerLedger):
            raise Inconclusive(f"the producer left another ledger than its own, see {order.folder}")
        records = sum(last + 1 - first for runs in ledger.acknowledged.values() for first, last, _ in runs)
        if records != sum(ledger.sent.values()) or not records:
            raise Inconclusive(
                f"{records} of {sum(ledger.sent.values())} records were acknowledged, see {order.folder}"
            )
        return Work(records=records, records_per_s=records / done.elapsed_s, cpu_s=done.cpu_s)

    def produce_by_peer(
        self,
        topic: str,
        *,
        records: int,
        rate_hz: int = AS_FAST_AS_IT_GOES,
        value_bytes: int = TRAFFIC.records.value_bytes,
    ) -> Work:
        """Let kafka-producer-perf-test do the same, or send at a fixed rate."""
        properties = [
            f"bootstrap.servers={self.servers}",
            "acks=all",
            "enable.idempotence=true",
            f"linger.ms={SENDING.linger_ms:g}",
            f"batch.size={SENDING.batch_bytes}",
            f"max.in.flight.requests.per.connection={SENDING.in_flight}",
            f"buffer.memory={IN_FLIGHT_BYTES}",
            "partitioner.adaptive.partitioning.enable=false",  # each partition has its share, as the engine's has
        ]
        command = ["kafka-producer-perf-test", "--topic", topic, "--num-records", str(records)]
        command += ["--record-size", str(value_bytes), "--throughput", str(rate_hz)]
        return produced(self._run([*command, "--producer-props", *properties]))

    def consume_by_engine(self, topic: str, *, label: str) -> Work:
        """Let an engine read a topic from its beginning to its end, timed from being given its partitions.

        The peer's time begins when it is given its partitions, too: what it takes to join a group is in neither.
        """
        folder = solo.fresh(self.folder / label)
        order = ConsumerOrder(
            name="consumer-0",
            number=0,
            bootstrap=self.servers,
            topic=topic,
            group=f"{topic}-{label}",
            partitions=tuple(range(TRAFFIC.partitions)),
            traffic=TRAFFIC,
            started_ns=time.monotonic_ns(),
            drain_s=DRAIN_S,
            trace=str(folder / f"consumer-0{trace.SUFFIX}"),
        )
        done = solo.work(order, seconds=solo.LEAD_S)
        (ledger,) = done.trace.ledgers
        if not isinstance(ledger, ConsumerLedger) or not ledger.reached_end:
            raise Inconclusive(f"the consumer did not reach the end of its topic, see {folder}")
        read = sum((last + 1 - first) * times for runs in ledger.reads.values() for first, last, times in runs)
        if not read:
            raise Inconclusive(f"the consumer read nothing, see {folder}")
        return Work(records=read, records_per_s=read / ledger.reading_s, cpu_s=done.cpu_s)

    def consume_by_peer(self, topic: str, *, records: int, label: str) -> Work:
        """Let kafka-consumer-perf-test do the same."""
        command = ["kafka-consumer-perf-test", "--topic", topic, "--messages", str(records)]
        command += ["--bootstrap-server", self.servers, "--group", f"{topic}-peer-{label}", "--timeout", "30000"]
        return consumed(self._run(command))

    def _run(self, command: Sequence[str]) -> str:
        done = self.pod.run(command, timeout_s=10 * self.seconds + ENGINE_BUDGET_S)
        if done.returncode != 0:
            raise Inconclusive(f"{command[0]} ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")
        return done.stdout + done.stderr


@dataclass(frozen=True, kw_only=True)
class Compared:
    """All that the two sides did."""

    producer: Comparison
    consumer: Comparison
    stalled: Stalled

    def as_json(self) -> dict[str, object]:
        return {
            "schema": "greenfield-peers/1",
            "producer": self.producer.as_json(),
            "consumer": self.consumer.as_json(),
            "stalled": self.stalled.as_json(),
        }


def compare(run: Run, *, pairs: int, seconds: float, progress: Progress) -> Compared:
    """Deploy, warm the cluster up, let both sides work in turn, and leave nothing behind."""
    with deployed(run, progress=progress) as made:
        if made.failure is not None:
            raise Inconclusive(f"there is no cluster to load: {made.failure}")
        admin = Admin(made.cluster.bootstrap)
        with peer_pod(made.cluster) as pod:
            folder = run.settings.report_dir / "load"
            contest = Contest(cluster=made.cluster, pod=pod, folder=folder, seconds=seconds)
            name = f"peers-{run.settings.run_id[-4:]}"
            make = partial(_topic, cluster=made.cluster, admin=admin, progress=progress)
            with make(name, kept_bytes=KEPT_BYTES) as topic:
                producers = _producers(contest, topic, pairs=pairs, progress=progress)
            with make(f"{name}-stall", kept_bytes=KEPT_BYTES, partitions=1) as topic:
                stall = _stalled(contest, topic, admin=admin, run=run, progress=progress)
            with make(f"{name}-read", kept_bytes=1 << 32) as topic:
                consumers = _consumers(contest, topic, pairs=pairs, progress=progress)
    return Compared(producer=producers, consumer=consumers, stalled=stall)


def _topic(
    name: str,
    *,
    kept_bytes: int,
    cluster: Cluster,
    admin: Admin,
    progress: Progress,
    partitions: int = TRAFFIC.partitions,
) -> AbstractContextManager[str]:
    disk = DiskPlan(bytes_per_broker=0, retention_bytes=kept_bytes)
    traffic = replace(TRAFFIC, partitions=partitions)
    return load_topic(name, traffic, disk, cluster=cluster, admin=admin, progress=progress)


def _stalled(contest: Contest, topic: str, *, admin: Admin, run: Run, progress: Progress) -> Stalled:
    with progress.step("a leader stands still", expected_s=stalling.PEER_SECONDS + solo.LEAD_S):
        return stalling.stalled(
            contest.producer_order(topic, label="stall", traffic=STALLED),
            cluster=contest.cluster,
            admin=admin,
            run=run,
            peer_sends=lambda records, rate_hz: contest.produce_by_peer(
                topic, records=records, rate_hz=rate_hz, value_bytes=stalling.VALUE_BYTES
            ),
        )


def _producers(contest: Contest, topic: str, *, pairs: int, progress: Progress) -> Comparison:
    records = int(_warm(contest, topic, progress=progress) * contest.seconds)
    found: list[Pair] = []
    for number in range(pairs):
        with progress.step(f"producers, pair {number + 1} of {pairs}", expected_s=2.2 * contest.seconds + 8):
            found.append(
                _pair(
                    number,
                    engine=partial(contest.produce_by_engine, topic, label=f"produce-{number}"),
                    peer=partial(contest.produce_by_peer, topic, records=records),
                )
            )
    return Comparison(name="producer", pairs=tuple(found))


def _warm(contest: Contest, topic: str, *, progress: Progress) -> float:
    """Write until the cluster gets no faster, and return how fast that is: brokers compile their code meanwhile."""
    best = 0.0
    for number in range(MOST_WARM_UPS):
        with progress.step("warming the cluster up", expected_s=contest.seconds + solo.LEAD_S):
            speed = contest.produce_by_engine(topic, label=f"warm-up-{number}").records_per_s
        if speed <= best * FASTER:
            return max(speed, best)
        best = speed
    return best


def _pair(number: int, *, engine: Callable[[], Work], peer: Callable[[], Work]) -> Pair:
    """Let both sides work, each first in every other pair: what the first one warms up is good for the second."""
    if number % 2:
        said = peer()
        return Pair(engine=engine(), peer=said)
    return Pair(engine=engine(), peer=peer())


def _consumers(contest: Contest, topic: str, *, pairs: int, progress: Progress) -> Comparison:
    longer = replace(contest, seconds=BACKLOG_TIMES * contest.seconds)
    with progress.step("writing what is to be read", expected_s=longer.seconds + solo.LEAD_S):
        backlog = longer.produce_by_engine(topic, label="backlog").records
    found: list[Pair] = []
    for number in range(pairs):
        with progress.step(f"consumers, pair {number + 1} of {pairs}", expected_s=contest.seconds + 10):
            found.append(
                _pair(
                    number,
                    engine=partial(contest.consume_by_engine, topic, label=f"consume-{number}"),
                    peer=partial(contest.consume_by_peer, topic, records=backlog, label=str(number)),
                )
            )
    return Comparison(name="consumer", pairs=tuple(found))


def verdict(compared: Compared) -> ExitCode:
    """Say whether the engines are as fast, as cheap and true; a consumer's CPU is reported only."""
    fast = min(compared.producer.throughput_ratio, compared.consumer.throughput_ratio) >= LEAST_THROUGHPUT_RATIO
    cheap = compared.producer.cpu_ratio <= MOST_CPU_RATIO
    return ExitCode.CERTIFIED if fast and cheap and compared.stalled.is_true else ExitCode.NOT_CERTIFIED


def show(compared: Compared, *, console: Console) -> None:
    """Print the ratios of the medians, then each pair, then the stall."""
    for one in (compared.producer, compared.consumer):
        console.print(
            f"{one.name}: {one.throughput_ratio:.2f} of the peer's throughput, {one.cpu_ratio:.2f} of its CPU a record",
            markup=False,
        )
        table = Table("pair", "records/s", "peer's", "CPU s per million", "peer's", box=None)
        for number, pair in enumerate(one.pairs, start=1):
            table.add_row(
                str(number),
                f"{pair.engine.records_per_s:.0f}",
                f"{pair.peer.records_per_s:.0f}",
                f"{pair.engine.cpu_s_per_million:.2f}",
                f"{pair.peer.cpu_s_per_million:.2f}",
            )
        console.print(table)
    _show_stall(compared.stalled, console=console)


def _show_stall(stalled: Stalled, *, console: Console) -> None:
    lengths = ", ".join(f"{one.stalled_s:.3f} s" for one in stalled.stalls)
    console.print(f"a leader stood still for {lengths}; {stalling.RATE_HZ:.0f} records/s from each side")
    table = Table("later than", "records", "by arithmetic", "median difference", box=None)
    for number, limit_ms in enumerate(stalling.LIMITS_MS):
        late = [one.late[number] for one in stalled.stalls]
        counted, computed = (
            ", ".join(f"{one.counted}" for one in late),
            ", ".join(f"{one.computed:.0f}" for one in late),
        )
        table.add_row(f"{limit_ms:g} ms", counted, computed, f"{stalled.error_ratio(number):+.1%}")
    console.print(table)
    said = ", ".join(f"{name} {value:g} ms" for name, value in stalled.peer.latency_ms)
    console.print(
        f"  the peer says of its {stalled.peer.records} records meanwhile: {said}", markup=False, soft_wrap=True
    )


def main(arguments: Sequence[str]) -> int:
    """Compare as ordered: the settings of the run, how many pairs, and the seconds of each side."""
    end_in_order()
    return ended(lambda: _compared(arguments))


def _compared(arguments: Sequence[str]) -> int:
    settings_file, pairs, seconds = arguments
    run, console = Run(settings=Settings.read(Path(settings_file))), Console(highlight=False)
    try:
        found = compare(run, pairs=int(pairs), seconds=float(seconds), progress=TerminalProgress())
    except (Inconclusive, ValueError) as error:  # a tool that says something else than it is known to say
        print(f"INCONCLUSIVE: {error}", file=sys.stderr)
        return int(ExitCode.INCONCLUSIVE)
    (run.settings.report_dir / RESULT).write_text(json.dumps(found.as_json(), indent=1), encoding="utf-8")
    show(found, console=console)
    return int(verdict(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
