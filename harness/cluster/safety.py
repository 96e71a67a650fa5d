"""Safety: the harness touches only a namespace that it made or that carries its label, one run at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TypeVar

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from harness.cluster.connection import Connection, HasMetadata, metadata
from harness.errors import MachineError, RefusalError, UsageError

ALLOWED_LABEL = "harness.greenfield/allowed"
CREATED_LABEL = "harness.greenfield/created"
MANAGER = "greenfield-harness"
MANAGED_BY = {"app.kubernetes.io/managed-by": MANAGER}
FAULT_LABEL = {"harness.greenfield/fault": "true"}
"""What every object carries that a fault makes, in whatever namespace: an audit finds it by this."""

DECLARED_ANNOTATION = "harness.greenfield/declared-replicas"
LEASE = "greenfield-harness"
LEASE_S = 20
BEAT_S = LEASE_S / 4


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A namespace that may be used: whether the harness made it decides whether it may delete it."""

    namespace: str
    created: bool


def survey(connection: Connection, namespace: str, *, reuse: bool) -> Ground:
    """Say whether this namespace may be used, without creating anything; raise RefusalError when in doubt."""
    existing = _read_namespace(connection, namespace)
    if existing is None:
        if reuse:
            raise UsageError(
                f"there is no namespace {namespace!r} to reuse",
                remedy="name the namespace where Kafka runs with --namespace",
            )
        return Ground(namespace=namespace, created=True)
    ground = _labelled(namespace, metadata(existing).labels or {})
    if not (ground.created or reuse):
        _refuse_foreign_workloads(connection, namespace)
    return ground


def require_own(connection: Connection, namespace: str) -> Ground:
    """Return a namespace that is there and that the harness may change; raise for any other."""
    existing = _read_namespace(connection, namespace)
    if existing is None:
        raise UsageError(
            f"there is no namespace {namespace!r}, so nothing of it is left",
            remedy="name another one with --namespace",
        )
    return _labelled(namespace, metadata(existing).labels or {})


def _labelled(namespace: str, labels: Mapping[str, str]) -> Ground:
    if labels.get(CREATED_LABEL) == "true":
        return Ground(namespace=namespace, created=True)
    if labels.get(ALLOWED_LABEL) != "true":
        raise RefusalError(
            f"namespace {namespace!r} exists and does not carry the label {ALLOWED_LABEL}=true",
            remedy="faults will be injected there: name another namespace with --namespace, or, if nobody depends on "
            f"it, run `kubectl label namespace {namespace} {ALLOWED_LABEL}=true`",
        )
    return Ground(namespace=namespace, created=False)


def _refuse_foreign_workloads(connection: Connection, namespace: str) -> None:
    sets = connection.apps.list_namespaced_stateful_set(namespace).items
    deployments = connection.apps.list_namespaced_deployment(namespace).items
    daemons = connection.apps.list_namespaced_daemon_set(namespace).items
    workloads: list[HasMetadata] = [*sets, *deployments, *daemons]
    foreign = [
        metadata(workload).name or "?"
        for workload in workloads
        if (metadata(workload).labels or {}).get("app.kubernetes.io/managed-by") != MANAGER
    ]
    if foreign:
        raise RefusalError(
            f"namespace {namespace!r} is occupied by {', '.join(sorted(foreign))}",
            remedy="name an empty namespace with --namespace, or certify what runs there with --reuse",
        )


def _read_namespace(connection: Connection, namespace: str) -> client.V1Namespace | None:
    try:
        return connection.core.read_namespace(namespace)
    except ApiException as error:
        if error.status == 404:
            return None
        raise MachineError(
            f"namespace {namespace!r} cannot be read ({error.status} {error.reason})", remedy="check your permissions"
        ) from error


Answer = TypeVar("Answer")


class RunLease:
    """The right to be the one run in a namespace: a Lease object, renewed until it is given back.

    A run that was not heard of for too long (a suspended machine, an API server that was away) may lose its right to
    another one. It then leaves the lease alone and says so at its end, as what it saw may be the other one's doing.
    """

    def __init__(self, connection: Connection, namespace: str, *, holder: str) -> None:
        self._api, self._namespace, self._holder = connection.leases, namespace, holder
        self.lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> RunLease:
        existing = _or_none(self._read)
        if existing is None:
            self._write(lambda body: self._api.create_namespaced_lease(self._namespace, body))
        else:
            _refuse_if_held(existing, self._namespace)
            self._write(lambda body: self._api.replace_namespaced_lease(LEASE, self._namespace, body), after=existing)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=15)
        lease = _or_none(self._read)
        if lease is None:
            return  # it went with its namespace
        holder = _holder(lease)
        if holder == self._holder:
            _or_none(lambda: self._api.delete_namespaced_lease(LEASE, self._namespace))
        elif kind is None:
            raise MachineError(
                f"run {holder} took the namespace {self._namespace!r} over while this one was at work",
                remedy=f"run again: this run was not heard of for {LEASE_S} s, so nobody can say whose doing it saw",
            )

    def _renew(self) -> None:
        while not self._stop.wait(BEAT_S) and not self.lost:
            # An API server that is away for a moment is asked again at the next beat; the lease outlives four of them.
            with contextlib.suppress(ApiException, HTTPError):
                self._beat()

    def _beat(self) -> None:
        """Renew the lease as it was read: the server refuses when somebody else has written it since."""
        lease = self._read()
        self.lost = _holder(lease) != self._holder
        if not self.lost:
            now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            renewal = {"metadata": {"resourceVersion": metadata(lease).resource_version}, "spec": {"renewTime": now}}
            self._api.patch_namespaced_lease(LEASE, self._namespace, renewal)

    def _read(self) -> client.V1Lease:
        return self._api.read_namespaced_lease(LEASE, self._namespace)

    def _write(self, write: Callable[[client.V1Lease], object], *, after: client.V1Lease | None = None) -> None:
        """Write with the version that was read: of two runs that start together, the server lets one pass."""
        now = datetime.now(UTC)
        version = metadata(after).resource_version if after else None
        spec = client.V1LeaseSpec(
            holder_identity=self._holder, lease_duration_seconds=LEASE_S, acquire_time=now, renew_time=now
        )
        body = client.V1Lease(
            api_version="coordination.k8s.io/v1",
            kind="Lease",
            metadata=client.V1ObjectMeta(name=LEASE, resource_version=version),
            spec=spec,
        )
        try:
            write(body)
        except ApiException as error:
            if error.status == 409:
                raise _occupied(self._namespace, "a run that started at the same moment") from error
            raise


def refuse_if_held(connection: Connection, namespace: str) -> None:
    """Raise RefusalError while another run holds the namespace; nothing is changed."""
    lease = _or_none(lambda: connection.leases.read_namespaced_lease(LEASE, namespace))
    if lease is not None:
        _refuse_if_held(lease, namespace)


def _holder(lease: client.V1Lease) -> str | None:
    return lease.spec.holder_identity if lease.spec else None


def _refuse_if_held(lease: client.V1Lease, namespace: str) -> None:
    spec = lease.spec
    if spec is None or not spec.holder_identity or spec.renew_time is None:
        return
    age = datetime.now(UTC) - spec.renew_time
    if age < timedelta(seconds=spec.lease_duration_seconds or LEASE_S):
        raise _occupied(namespace, f"run {spec.holder_identity}, alive {age.total_seconds():.0f} s ago")


def _occupied(namespace: str, holder: str) -> RefusalError:
    return RefusalError(
        f"another run is in progress in namespace {namespace!r} ({holder})",
        remedy=f"wait for it to end; after a killed run its right lapses by itself within {LEASE_S} s",
    )


def _or_none(ask: Callable[[], Answer]) -> Answer | None:
    try:
        return ask()
    except ApiException as error:
        if error.status == 404:
            return None
        raise
