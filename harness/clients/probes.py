"""Probes: a process of their own beside the traffic, that asks for every service at a fixed rate until it is left."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from harness.clients.admin import OFFSETS_TOPIC, coordinator_partition
from harness.clients.places import place
from harness.clients.probing.plan import Plan
from harness.probelog import Follower, Probe
from harness.protocols import Admin
from harness.runclock import RunClock
from harness.services import Service
from harness.waiting import TimedOut, wait_until

ROOT = Path(__file__).parents[2]

END_TIMEOUT_S = 10.0
"""The last probes and the groups that they leave take about two seconds."""


class Probes:
    """A context in which a child process probes; what it saw is read from its log."""

    def __init__(self, plan: Plan, *, clock: RunClock) -> None:
        self._plan, self._clock = plan, clock
        self._log = Follower(Path(plan.log))
        self._seen: list[Probe] = []
        self._served_ns: dict[tuple[Service, str], int] = {}
        self.facts: dict[str, object] = {}
        """What is to be known of the process after its end."""

    @property
    def keys(self) -> Mapping[Service, Sequence[str]]:
        return self._plan.keys

    def __enter__(self) -> Probes:
        Path(self._plan.log).parent.mkdir(parents=True, exist_ok=True)
        self._errors = tempfile.TemporaryFile()
        self._began_s = self._clock.now_s()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.clients.probing", self._plan.as_json()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            said, _ = self._process.communicate(timeout=END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
        took_s = self._clock.now_s() - self._began_s
        if self._process.returncode == 0:
            self.facts["probes_cpu_share"] = round(float(said) / took_s, 4)
        else:
            self.facts["probes_died"] = self._death()
        self._errors.close()

    def _death(self) -> str:
        self._errors.seek(0)
        return f"exit code {self._process.returncode}: {self._errors.read().decode(errors='replace').strip()[-300:]}"

    def await_service(self, *, timeout_s: float) -> None:
        """Wait until every service is served on every key from now on; raise TimedOut when it is not."""
        from_ns = self._clock.now_ns()
        wanted = {(service, key) for service, keys in self.keys.items() for key in keys}

        def unserved() -> list[str]:
            self._catch_up()
            return sorted(f"{s.value} on {key}" for s, key in wanted if self._served_ns.get((s, key), -1) < from_ns)

        wait_until(
            lambda: self._process.poll() is not None or not unserved(),
            what="every service being served",
            timeout_s=timeout_s,
            detail=lambda: f"not yet {', '.join(unserved())}",
        )
        if self._process.poll() is not None:
            raise TimedOut(what="every service being served", timeout_s=timeout_s, detail=f"probes: {self._death()}")

    def seen(self) -> Sequence[Probe]:
        """Return all probes that are over."""
        self._catch_up()
        return self._seen

    def _catch_up(self) -> None:
        for probe in self._log.more():
            self._seen.append(probe)
            if probe.ok:
                self._served_ns[probe.service, probe.key] = probe.intended_ns


def plan_for(topic: str, *, partitions: int, admin: Admin, clock: RunClock, log: Path) -> Plan:
    """Plan the probes of a topic, and of one coordinator on each broker that leads some now."""
    offsets = admin.describe(OFFSETS_TOPIC)
    coordinators = sorted({one.leader: one.key for one in offsets if one.leader is not None}.values())
    settings = admin.broker_config(admin.brokers()[0])
    return Plan(
        bootstrap=admin.bootstrap,
        topic=topic,
        partitions=partitions,
        committing={key: group_of(key, prefix=f"{topic}-commits", partitions=len(offsets)) for key in coordinators},
        joining={key: group_of(key, prefix=f"{topic}-joins", partitions=len(offsets)) for key in coordinators},
        first_join_s=int(settings["group.initial.rebalance.delay.ms"]) / 1000,
        started_ns=clock.started_ns,
        log=str(log),
    )


def group_of(key: str, *, prefix: str, partitions: int) -> str:
    """Return the name of a group whose offsets are written down in this partition."""
    _, index = place(key)
    names = (f"{prefix}-{number}" for number in itertools.count())
    return next(name for name in names if coordinator_partition(name, partitions=partitions) == index)
