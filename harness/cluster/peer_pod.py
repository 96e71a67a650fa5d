"""The pod of a peer: Kafka's own tools from the brokers' image, without a limit of CPU, beside the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.pods import KAFKA, Cluster, Executed
from harness.cluster.safety import MANAGED_BY
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

NAME = "harness-peer"
START_BUDGET_S = 60.0
GONE_BUDGET_S = 60.0
LIFETIME_S = 3600
"""A pod that its run forgot, because it was killed, ends by itself."""


class PeerPod:
    """Runs commands in the peer's container."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def run(self, command: Sequence[str], *, timeout_s: float) -> Executed:
        """Run a command, and say on its last line what CPU it took: `cpu USER SYSTEM`, in seconds."""
        timed = ["bash", "-c", "TIMEFORMAT='cpu %U %S'; time \"$@\" 2>&1", "peer", *command]
        return self._cluster.run(NAME, timed, timeout_s=timeout_s)


@contextmanager
def peer_pod(cluster: Cluster) -> Iterator[PeerPod]:
    """Keep a pod for the length of a `with` block; it is gone when the block is left."""
    core, namespace = cluster.connection.core, cluster.namespace
    delete = partial(core.delete_namespaced_pod, NAME, namespace, grace_period_seconds=0)
    with suppress(ApiException):
        delete()
    wait_until(lambda: cluster.pod(NAME) is None, what=f"pod {NAME} going", timeout_s=GONE_BUDGET_S)
    core.create_namespaced_pod(namespace, _body(cluster))
    try:
        wait_until(lambda: cluster.is_ready(NAME), what=f"pod {NAME} being ready", timeout_s=START_BUDGET_S)
        yield PeerPod(cluster)
    except TimedOut as late:
        raise Inconclusive(f"the peer could not be run: {late}") from late
    finally:
        with suppress(ApiException):
            delete()
        wait_until(lambda: cluster.pod(NAME) is None, what=f"pod {NAME} going", timeout_s=GONE_BUDGET_S)


def _body(cluster: Cluster) -> client.V1Pod:
    """Return the pod: the brokers' image and pull policy, their user, no token, nothing of theirs mounted."""
    template = cluster.stateful_set(KAFKA).spec.template.spec
    if template is None:
        raise Inconclusive(f"StatefulSet {KAFKA} has no pod template to take the image from")
    broker, user = template.containers[0], template.security_context
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=NAME, labels={**MANAGED_BY, "app.kubernetes.io/name": NAME}),
        spec=client.V1PodSpec(
            restart_policy="Never",
            active_deadline_seconds=LIFETIME_S,
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=user,
            containers=[
                client.V1Container(
                    name="peer",
                    image=broker.image,
                    image_pull_policy=broker.image_pull_policy,
                    command=["sleep", str(LIFETIME_S)],
                    security_context=client.V1SecurityContext(
                        allow_privilege_escalation=False, capabilities=client.V1Capabilities(drop=["ALL"])
                    ),
                    volume_mounts=[client.V1VolumeMount(name="logs", mount_path="/var/log/kafka")],
                )
            ],
            volumes=[client.V1Volume(name="logs", empty_dir=client.V1EmptyDirVolumeSource())],
        ),
    )
