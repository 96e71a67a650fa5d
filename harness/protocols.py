"""The protocols: what a trial needs of a cluster, its administration and its traffic, whether real or rehearsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Protocol

from harness.evidence import Event, Window
from harness.histories.history import History
from harness.ops import Op
from harness.probelog import Probe
from harness.services import Service


class Identity(Protocol):
    """Which incarnation of a pod this is."""

    @property
    def uid(self) -> str: ...

    @property
    def restarts(self) -> int: ...

    def as_json(self) -> dict[str, object]: ...


class Partition(Protocol):
    """One partition as the controller sees it; `leader` is None while there is none."""

    @property
    def leader(self) -> int | None: ...

    @property
    def replicas(self) -> tuple[int, ...]: ...

    @property
    def isr(self) -> tuple[int, ...]: ...

    @property
    def key(self) -> str: ...

    @property
    def in_sync(self) -> bool: ...


class Cluster(Protocol):
    """Brokers and ZooKeeper members in pods that end and come back."""

    @property
    def brokers(self) -> tuple[str, ...]: ...

    @property
    def zookeepers(self) -> tuple[str, ...]: ...

    def address(self, pod: str) -> str:
        """Return the documented DNS name of a pod."""

    def broker_pod(self, broker: int) -> str:
        """Return the pod of a broker id."""

    def identity(self, name: str) -> Identity | None:
        """Return the incarnation of a pod that exists and whose container has started."""

    def is_ready(self, name: str) -> bool: ...

    def all_ready(self) -> bool: ...

    def delete_pod(self, name: str, *, grace_s: int | None) -> None:
        """Delete a pod: with its own grace period (None) or a forced one (0)."""

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> object:
        """Run a command in a pod's container."""


class Admin(Protocol):
    """The cluster as its own admin protocol describes it."""

    @property
    def bootstrap(self) -> str:
        """The addresses by which clients of one's own find the brokers."""

    def seen_by(self, address: str) -> Admin:
        """Return the cluster as the broker at this address describes it; one that is cut off is of another opinion."""

    def brokers(self) -> tuple[int, ...]:
        """Return the ids of the brokers that are registered now."""

    def controller(self) -> int:
        """Return the broker id of the active controller."""

    def partitions(self) -> Sequence[Partition]:
        """Return every partition of every topic, the internal ones included."""

    def describe(self, topic: str) -> Sequence[Partition]:
        """Return the partitions of one topic; empty when it does not exist."""

    def out_of_sync(self) -> Sequence[Partition]:
        """Return the partitions whose in-sync set is not their replica set."""

    def create_topic(
        self, name: str, *, partitions: int, replication_factor: int, config: Mapping[str, str] | None = None
    ) -> str:
        """Create a topic and wait until it is in sync everywhere."""

    def delete_topic(self, name: str) -> None:
        """Delete a topic; one that is not there is fine."""

    def broker_config(self, broker: int) -> Mapping[str, str]:
        """Return the live configuration of one broker, by property name."""

    def warm_up_transactions(self) -> None:
        """Make the brokers create the topic in which they keep transactions."""

    def group_coordinator(self, group: str) -> int | None:
        """Return the broker that coordinates a group."""


class Watcher(Protocol):
    """What became of leaders and in-sync sets while it watched."""

    def events(self) -> Iterable[Event]:
        """Return the moments at which leaders moved and in-sync sets shrank or were full again."""


class Probes(Protocol):
    """A context in which services are probed beside the traffic; where nothing can be probed there are no keys."""

    facts: dict[str, object]
    """What is to be known of the probes themselves, after their end."""

    @property
    def keys(self) -> Mapping[Service, Sequence[str]]:
        """The keys on which each service is probed."""

    def __enter__(self) -> Any: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def await_service(self, *, timeout_s: float) -> None:
        """Wait until every service is served on every key from now on; raise TimedOut when it is not."""

    def seen(self) -> Sequence[Probe]:
        """Return all probes that are over."""


class Traffic(Protocol):
    """A context in which clients write and read; leaving it stops them, and `settle` reads everything back."""

    @property
    def stopped_s(self) -> float: ...

    @property
    def generator_lateness_s(self) -> float: ...

    def __enter__(self) -> Any: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def watcher(self, admin: Admin) -> AbstractContextManager[Watcher]:
        """Return a context in which the leaders of the traffic's topic are watched."""

    def probes(self, admin: Admin) -> Probes:
        """Return a context in which the services that the traffic's clients need are probed."""

    def await_acknowledgements(self, more: int, *, timeout_s: float) -> None:
        """Wait until every partition has acknowledged this many more records; raise TimedOut otherwise."""

    def another_is_served(self, *, timeout_s: float) -> bool:
        """Let a new producer write, and say whether every partition takes its records."""

    def settle(self) -> History:
        """After the traffic has stopped: read every partition to its end and return the whole history."""

    def ops(self) -> tuple[Op, ...]:
        """Return the whole history as it stands in its file."""

    def windows(self, history: History, *, from_s: float, until_s: float) -> tuple[Window, ...]:
        """Return the windows without acknowledgements between two moments of the run, worst first."""
