"""A connection to one Kubernetes cluster, named by the user and known by its identity, not by its context's name."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from harness.errors import MachineError, UsageError

ANSWER_TIMEOUT_S = 10
Refused = ApiException
"""What a request raises that the API server refuses; its `status` is that of HTTP."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Which cluster the user named; a context of None is the kubeconfig's only one: nobody guesses among several."""

    kubeconfig: Path
    context: str | None
    kubectl: Path
    is_testbed: bool


@dataclass(frozen=True)
class Connection:
    """An open connection; `identity` is the UID of the namespace kube-system, which no two clusters share."""

    target: Target
    api: client.ApiClient
    context: str
    identity: str
    version: str

    @cached_property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api)

    @cached_property
    def apps(self) -> client.AppsV1Api:
        return client.AppsV1Api(self.api)

    @cached_property
    def networking(self) -> client.NetworkingV1Api:
        return client.NetworkingV1Api(self.api)

    @cached_property
    def leases(self) -> client.CoordinationV1Api:
        return client.CoordinationV1Api(self.api)

    def environment(self) -> dict[str, str]:
        """Return the environment in which `kubectl` is on PATH and talks to this cluster."""
        path = f"{self.target.kubectl.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**os.environ, "KUBECONFIG": str(self.target.kubeconfig), "PATH": path}


class HasMetadata(Protocol):
    """Any object of the Kubernetes API."""

    @property
    def metadata(self) -> client.V1ObjectMeta | None: ...


def metadata(body: HasMetadata) -> client.V1ObjectMeta:
    """Return an object's metadata, which every object read from an API server has."""
    if body.metadata is None:
        raise TypeError(f"got an object without metadata: {body!r}")
    return body.metadata


def find_kubectl() -> Path:
    """Return the user's own kubectl, which renders kustomizations and runs the documented commands."""
    found = shutil.which("kubectl")
    if found is None:
        raise MachineError(
            "kubectl is not on PATH", remedy="install kubectl, or leave --kubeconfig out to use the testbed"
        )
    return Path(found)


def connect(target: Target) -> Connection:
    """Connect and ask the API server who it is; nothing is created."""
    if not target.kubeconfig.is_file():
        raise UsageError(
            f"there is no kubeconfig at {target.kubeconfig}",
            remedy="give an existing file with --kubeconfig, or leave it out to use the testbed",
        )
    api, context = _load(target)
    try:
        version = client.VersionApi(api).get_code(_request_timeout=ANSWER_TIMEOUT_S)
        system = client.CoreV1Api(api).read_namespace("kube-system", _request_timeout=ANSWER_TIMEOUT_S)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise MachineError(
            f"the Kubernetes API at {api.configuration.host} does not answer ({_root_cause(error)})",
            remedy=f"check that the cluster of context {context!r} runs and is reachable from here",
        ) from error
    except ApiException as error:
        raise MachineError(
            f"the Kubernetes API at {api.configuration.host} refused with {error.status} {error.reason}",
            remedy=f"check the credentials of context {context!r}",
        ) from error
    except ValueError as error:
        raise MachineError(
            f"what answers at {api.configuration.host} is no Kubernetes API",
            remedy=f"check the server of context {context!r}",
        ) from error
    return Connection(target, api, context, metadata(system).uid or "", version.git_version)


def _load(target: Target) -> tuple[client.ApiClient, str]:
    try:
        contexts, current = config.list_kube_config_contexts(str(target.kubeconfig))
        names = [context["name"] for context in contexts]
        if target.context is None and len(names) > 1:
            raise UsageError(
                f"{target.kubeconfig} has {len(names)} contexts and none was named",
                remedy=f"choose one with --context: {', '.join(sorted(names))}",
            )
        name = target.context or current["name"]
        if name not in names:
            raise UsageError(
                f"{target.kubeconfig} has no context {name!r}", remedy=f"choose one of: {', '.join(sorted(names))}"
            )
        settings = client.Configuration()
        config.load_kube_config(str(target.kubeconfig), context=name, client_configuration=settings)
    except UsageError:
        raise
    except Exception as error:  # whatever its parser or its loader stumbles over, the file is of no use
        why = " ".join(str(error).split())
        raise UsageError(
            f"{target.kubeconfig} is not a usable kubeconfig ({type(error).__name__}: {why})",
            remedy="give a valid file with --kubeconfig",
        ) from error
    settings.retries = urllib3.Retry(total=1, connect=1, read=0, backoff_factor=0.1)
    settings.connection_pool_maxsize = 16
    return client.ApiClient(settings), name


def _root_cause(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    return _root_cause(reason) if isinstance(reason, BaseException) else f"{type(error).__name__}: {error}"


def require_vantage() -> None:
    """Raise unless this process stands where cluster names resolve and service addresses route, as a pod does.

    Kafka hands its clients the brokers' advertised names, so a client elsewhere would fail on every clause.
    """
    name, port = "kubernetes.default.svc.cluster.local", 443
    try:
        with socket.create_connection((name, port), timeout=5):
            return
    except OSError as error:
        raise MachineError(
            f"from here {name}:{port} cannot be reached ({error}), so the brokers' advertised names cannot either",
            remedy="run the harness inside the cluster (a pod), or leave --kubeconfig out to use the testbed",
        ) from error
