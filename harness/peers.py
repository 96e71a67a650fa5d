"""Peers: the same work through the engines and through Kafka's own performance tools, in turn, on one cluster."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

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
from harness.verdict import Inconclusive

RESULT = "peers.json"
SENDING = Sending(linger_ms=5, batch_bytes=65_536, in_flight=5)
TRAFFIC = Traffic(records=Records(value_bytes=1024), sending=SENDING)
IN_FLIGHT_BYTES = 32 * 1024 * 1024
"""The peer's own default of buffer.memory: both have as much room for records without an answer."""
LEAD_S = 3.0
DRAIN_S = 30.0
ENGINE_BUDGET_S = 60.0
KEPT_BYTES = 256 * 1024 * 1024
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

    def produce_by_engine(self, topic: str, *, label: str) -> Work:
        """Let an engine send as fast as the cluster takes it, ledger and histogram on."""
        folder = self.folder / label
        folder.mkdir(parents=True)
        order = ProducerOrder(
            name="producer-0",
            number=0,
            producers=1,
            bootstrap=self.servers,
            topic=topic,
            traffic=TRAFFIC,
            folder=str(folder),
            started_ns=time.monotonic_ns() + int(LEAD_S * NS_PER_S),
            drain_s=DRAIN_S,
            trace=str(folder / f"producer-0{trace.SUFFIX}"),
            in_flight_bytes=IN_FLIGHT_BYTES,
        )
        order.write(folder / "order.json")
        elapsed_s, cpu_s = _timed("harness.clients.engine.produce", order.started_ns, folder, seconds=self.seconds)
        (ledger,) = trace.read(folder).ledgers
        if not isinstance(ledger, ProducerLedger):
            raise Inconclusive(f"the producer left another ledger than its own, see {folder}")
        records = sum(last + 1 - first for runs in ledger.acknowledged.values() for first, last, _ in runs)
        if records != sum(ledger.sent.values()) or not records:
            raise Inconclusive(f"{records} of {sum(ledger.sent.values())} records were acknowledged, see {folder}")
        return Work(records=records, records_per_s=records / elapsed_s, cpu_s=cpu_s)

    def produce_by_peer(self, topic: str, *, records: int) -> Work:
        """Let kafka-producer-perf-test do the same."""
        properties = [
            f"bootstrap.servers={self.servers}",
            "acks=all",
            "enable.idempotence=true",
            f"linger.ms={SENDING.linger_ms:g}",
            f"batch.size={SENDING.batch_bytes}",
            f"max.in.flight.requests.per.connection={SENDING.in_flight}",
            f"buffer.memory={IN_FLIGHT_BYTES}",
        ]
        command = ["kafka-producer-perf-test", "--topic", topic, "--num-records", str(records)]
        command += ["--record-size", str(TRAFFIC.records.value_bytes), "--throughput", "-1"]
        return produced(self._run([*command, "--producer-props", *properties]))

    def consume_by_engine(self, topic: str, *, label: str) -> Work:
        """Let an engine read a topic from its beginning to its end.

        Only whole seconds are known, and the first and the last one are counted as whole: if anything, the engine is
        made slower than it was.
        """
        folder = self.folder / label
        folder.mkdir(parents=True)
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
        order.write(folder / "order.json")
        _, cpu_s = _timed("harness.clients.engine.consume", order.started_ns, folder, seconds=LEAD_S)
        seen = trace.read(folder)
        (ledger,) = seen.ledgers
        if not isinstance(ledger, ConsumerLedger) or not ledger.reached_end:
            raise Inconclusive(f"the consumer did not reach the end of its topic, see {folder}")
        busy = [frame.consumed for frame in seen.frames if frame.consumed]
        return Work(records=sum(busy), records_per_s=sum(busy) / len(busy), cpu_s=cpu_s)

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


def _timed(module: str, started_ns: int, folder: Path, *, seconds: float) -> tuple[float, float]:
    """Run an engine, tell it to finish so long after its start, and return its time and all its CPU, start included."""
    child = subprocess.Popen([sys.executable, "-m", module, str(folder / "order.json")])
    try:
        until_s = (started_ns - time.monotonic_ns()) / NS_PER_S + seconds
        early = _wait(child, timeout_s=max(0.1, until_s))
        if early is not None:
            raise Inconclusive(f"{module} ended with {early} before it was told to, see {folder}")
        child.terminate()
        _, status, used = os.wait4(child.pid, 0)
        elapsed_s = (time.monotonic_ns() - started_ns) / NS_PER_S
        child.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()
    if child.returncode != 0:
        raise Inconclusive(f"{module} ended with {child.returncode}, see {folder}")
    return elapsed_s, used.ru_utime + used.ru_stime


def _wait(child: subprocess.Popen[bytes], *, timeout_s: float) -> int | None:
    try:
        return child.wait(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return None


def compare(run: Run, *, pairs: int, seconds: float, progress: Progress) -> tuple[Comparison, Comparison]:
    """Deploy, warm the cluster up, let both sides work in turn, and leave nothing behind."""
    with deployed(run, progress=progress) as made:
        if made.failure is not None:
            raise Inconclusive(f"there is no cluster to load: {made.failure}")
        admin = Admin(made.cluster.bootstrap)
        with peer_pod(made.cluster) as pod:
            folder = run.settings.report_dir / "load"
            contest = Contest(cluster=made.cluster, pod=pod, folder=folder, seconds=seconds)
            name = f"peers-{run.settings.run_id[-4:]}"
            made_topic = _topic(name, made.cluster, admin, progress, kept_bytes=KEPT_BYTES)
            with made_topic as topic:
                producers = _producers(contest, topic, pairs=pairs, progress=progress)
            backlog = _topic(f"{name}-read", made.cluster, admin, progress, kept_bytes=1 << 32)
            with backlog as topic:
                return producers, _consumers(contest, topic, pairs=pairs, progress=progress)


def _topic(
    name: str, cluster: Cluster, admin: Admin, progress: Progress, *, kept_bytes: int
) -> AbstractContextManager[str]:
    disk = DiskPlan(bytes_per_broker=0, retention_bytes=kept_bytes)
    return load_topic(name, TRAFFIC, disk, cluster=cluster, admin=admin, progress=progress)


def _producers(contest: Contest, topic: str, *, pairs: int, progress: Progress) -> Comparison:
    with progress.step("warming the cluster up", expected_s=contest.seconds + LEAD_S):
        warm = contest.produce_by_engine(topic, label="warm-up")
    records = int(warm.records_per_s * contest.seconds)
    found: list[Pair] = []
    for number in range(pairs):
        with progress.step(f"producers, pair {number + 1} of {pairs}", expected_s=2.2 * contest.seconds + 8):
            engine = contest.produce_by_engine(topic, label=f"produce-{number}")
            found.append(Pair(engine=engine, peer=contest.produce_by_peer(topic, records=records)))
    return Comparison(name="producer", pairs=tuple(found))


def _consumers(contest: Contest, topic: str, *, pairs: int, progress: Progress) -> Comparison:
    with progress.step("writing what is to be read", expected_s=contest.seconds + LEAD_S):
        backlog = contest.produce_by_engine(topic, label="backlog").records
    found: list[Pair] = []
    for number in range(pairs):
        with progress.step(f"consumers, pair {number + 1} of {pairs}", expected_s=contest.seconds + 10):
            engine = contest.consume_by_engine(topic, label=f"consume-{number}")
            peer = contest.consume_by_peer(topic, records=backlog, label=str(number))
            found.append(Pair(engine=engine, peer=peer))
    return Comparison(name="consumer", pairs=tuple(found))


def verdict(producer: Comparison, consumer: Comparison) -> ExitCode:
    """Say whether the engines are as fast and as cheap; a consumer's CPU is reported only."""
    fast = min(producer.throughput_ratio, consumer.throughput_ratio) >= LEAST_THROUGHPUT_RATIO
    cheap = producer.cpu_ratio <= MOST_CPU_RATIO
    return ExitCode.CERTIFIED if fast and cheap else ExitCode.NOT_CERTIFIED


def show(comparisons: Sequence[Comparison], *, console: Console) -> None:
    """Print the ratios of the medians, then each pair."""
    for one in comparisons:
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
    content = {"schema": "greenfield-peers/1", **{one.name: one.as_json() for one in found}}
    (run.settings.report_dir / RESULT).write_text(json.dumps(content, indent=1), encoding="utf-8")
    show(found, console=console)
    return int(verdict(*found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
