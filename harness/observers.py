"""Observers: what brokers and this machine use while a load runs, once per second, on the run's clock."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from harness.cluster.pods import Cluster
from harness.measuring.usage import END, SCRIPT, MachineSample, Observed, Usage, machine_sample, usage_of
from harness.runclock import RunClock

MACHINE_EVERY_S = 1.0
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

    def __init__(self, cluster: Cluster, pod: str, *, clock: RunClock, into: list[Usage]) -> None:
        self._argv = ["kubectl", "exec", "-i", pod, "-n", cluster.namespace, "--context", cluster.connection.context]
        self._environment, self._clock, self._into = cluster.environment(), clock, into

    def __enter__(self) -> PodObserver:
        self._child = subprocess.Popen(
            [*self._argv, "--", "bash", "-c", SCRIPT],
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
            self._into.extend(samples_of(self._child.stdout, clock=self._clock))

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
    """A context that samples the CPU of this machine, which is where the load is made."""

    def __init__(self, *, clock: RunClock, into: list[MachineSample]) -> None:
        self._clock, self._into = clock, into
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="machine-observer", daemon=True)

    def __enter__(self) -> MachineObserver:
        self._thread.start()
        return self

    def _run(self) -> None:
        while not self._stop.wait(MACHINE_EVERY_S):
            stat = Path("/proc/stat").read_text(encoding="ascii")
            self._into.append(machine_sample(stat, time_s=self._clock.now_s()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=LEAVE_TIMEOUT_S)


@contextmanager
def observing(cluster: Cluster, *, pods: Sequence[str], clock: RunClock) -> Iterator[Observed]:
    """Sample these brokers and this machine for as long as the `with` block lasts."""
    observed = Observed(pods={pod: [] for pod in pods})
    with ExitStack() as stack:
        stack.enter_context(MachineObserver(clock=clock, into=observed.machine))
        for pod, samples in observed.pods.items():
            stack.enter_context(PodObserver(cluster, pod, clock=clock, into=samples))
        yield observed
