"""Observers: what brokers, replicas and this machine do while a load runs, once per second, on the run's clock."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType

from harness.clients.admin import Admin
from harness.clients.watcher import Sample, Watcher
from harness.cluster.pods import Cluster
from harness.measuring.replicas import ReplicaSample
from harness.measuring.usage import END, SCRIPT, MachineSample, Notebook, Observed, Usage, machine_sample, usage_of
from harness.runclock import RunClock

FILE = "observed.jsonl"
EVERY_S = 1.0
LEAVE_TIMEOUT_S = 5


def samples_of(lines: Iterable[str], *, clock: RunClock) -> Iterator[Usage]:
    """Turn what the script in a container prints into samples, each timed when it arrives here."""
    files: dict[str, str] = {}
    for line in lines:
        name, _, content = line.rstrip("\n").partition(" ")
        if name != END:
            files[name] = content
            continue
        yield usage_of(files, time_s=clock.now_s(), node_s=float(content))
        files = {}


class PodObserver:
    """A context that samples one pod's container through one lasting `kubectl exec`.

    A new exec each second would cost the broker far more than what is looked at. When the container ends, the
    samples end: a second without a sample is no sample, never a good one.
    """

    def __init__(
        self, cluster: Cluster, pod: str, *, log_directory: str, clock: RunClock, sink: Callable[[Usage], None]
    ) -> None:
        self._argv = ["kubectl", "exec", "-i", pod, "-n", cluster.namespace, "--context", cluster.connection.context]
        self._argv += ["--", "bash", "-c", SCRIPT, "observer", log_directory]
        self._environment, self._clock, self._sink = cluster.environment(), clock, sink

    def __enter__(self) -> PodObserver:
        self._child = subprocess.Popen(
            self._argv,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._thread = threading.Thread(target=self._follow, name="pod-observer", daemon=True)
        self._thread.start()
        return self

    def _follow(self) -> None:
        if self._child.stdout is not None:
            for sample in samples_of(self._child.stdout, clock=self._clock):
                self._sink(sample)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(timeout=LEAVE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._thread.join(timeout=LEAVE_TIMEOUT_S)


class MachineObserver:
    """A context that samples the CPU of this machine, which is where the load is made.

    A machine without /proc/stat is not watched: nothing is seen of it.
    """

    def __init__(
        self,
        *,
        clock: RunClock,
        sink: Callable[[MachineSample], None],
        every_s: float = EVERY_S,
        stat: Path = Path("/proc/stat"),
    ) -> None:
        self._clock, self._sink, self._every_s, self._stat = clock, sink, every_s, stat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="machine-observer", daemon=True)

    def __enter__(self) -> MachineObserver:
        if self._stat.exists():
            self._thread.start()
        return self

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            stat = self._stat.read_text(encoding="ascii")
            self._sink(machine_sample(stat, time_s=self._clock.now_s()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=LEAVE_TIMEOUT_S)


class Replicas:
    """Turns what a watcher sees into samples, each compared with the one before."""

    def __init__(self, sink: Callable[[ReplicaSample], None]) -> None:
        self._sink = sink
        self._before: Sample | None = None

    def take(self, sample: Sample) -> None:
        self._sink(replica_sample(sample, before=self._before))
        self._before = sample


def replica_sample(sample: Sample, *, before: Sample | None) -> ReplicaSample:
    """Sum up the partitions of the cluster; a partition that was not there before has not changed. Pure."""
    old = {partition.key: partition for partition in (before.partitions if before else ())}
    both = [(partition, old[partition.key]) for partition in sample.partitions if partition.key in old]
    return ReplicaSample(
        time_s=sample.time_s,
        partitions=len(sample.partitions),
        under_replicated=sum(not partition.in_sync for partition in sample.partitions),
        out_of_sync=tuple(sorted(sample.brokers_out_of_sync)),
        leader_moves=sum(now.leader != then.leader for now, then in both),
        isr_changes=sum(set(now.isr) != set(then.isr) for now, then in both),
    )


@contextmanager
def observing(cluster: Cluster, *, pods: Sequence[str], clock: RunClock, folder: Path) -> Iterator[Observed]:
    """Sample these brokers, all replicas and this machine for as long as the `with` block lasts.

    Everything is also written to a file in the folder, from which `usage.read` gives it back.
    """
    observed = Observed(pods={pod: [] for pod in pods}, clock_started_ns=clock.started_ns)
    log_directory = _log_directory(cluster)
    with ExitStack() as stack:
        notebook = Notebook(observed, stack.enter_context((folder / FILE).open("w", encoding="utf-8")))
        stack.enter_context(MachineObserver(clock=clock, sink=notebook.machine))
        stack.enter_context(Watcher(cluster, clock=clock, every_s=EVERY_S, each=Replicas(notebook.replicas).take))
        for pod in observed.pods:
            sink = partial(notebook.pod, pod)
            stack.enter_context(PodObserver(cluster, pod, log_directory=log_directory, clock=clock, sink=sink))
        yield observed


def _log_directory(cluster: Cluster) -> str:
    admin = Admin(cluster.bootstrap)
    return admin.broker_config(admin.controller())["log.dirs"].split(",")[0]
