"""The topic of a load: made on a cluster in its steady state, and gone afterwards, its files included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.clients.admin import Admin, NoAnswer
from harness.cluster.pods import Cluster
from harness.errors import MachineError, UsageError
from harness.measuring.disk import DiskPlan
from harness.measuring.traffic import Traffic
from harness.progress import Progress
from harness.steady_state import await_steady_state
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

GONE_BUDGET_S = 180.0
"""Brokers keep the files of a deleted topic for `file.delete.delay.ms`, a minute by default."""


@contextmanager
def load_topic(
    name: str, traffic: Traffic, disk: DiskPlan, *, cluster: Cluster, admin: Admin, progress: Progress
) -> Iterator[str]:
    """Make a topic for the length of a `with` block; its records are off every disk when the block is left."""
    await_steady_state(cluster, admin, before="the load")
    try:
        admin.create_topic(
            name,
            partitions=traffic.partitions,
            replication_factor=traffic.replication_factor,
            config=disk.config(),
        )
    except NoAnswer as refused:
        raise UsageError(
            f"the cluster does not make the topic {name}: {refused.args[0].str()}",
            remedy="give this client the right to create and delete topics, or lower what the profile asks for",
        ) from refused
    try:
        yield name
    finally:
        with progress.step(f"deleting topic {name} and its files", expected_s=70):
            admin.delete_topic(name)
            await_files_gone(name, cluster=cluster, admin=admin)


def await_files_gone(topic: str, *, cluster: Cluster, admin: Admin) -> None:
    """Wait until no log directory of any broker holds anything of a topic; what cannot be looked at is not gone."""
    folders = admin.broker_config(admin.controller())["log.dirs"].split(",")

    def is_gone() -> bool:
        return not any(_left(cluster, pod, folders, topic) for pod in cluster.brokers)

    try:
        wait_until(is_gone, what=f"the files of {topic} going", timeout_s=GONE_BUDGET_S, every_s=3)
    except TimedOut as late:
        raise MachineError(str(late), remedy=f"look at {', '.join(folders)} on the brokers") from late


def _left(cluster: Cluster, pod: str, folders: list[str], topic: str) -> list[str]:
    done = cluster.run(pod, ["ls", "-1", *folders])
    if done.returncode != 0:
        raise Inconclusive(f"nobody can say what is left on {pod}: {done.stderr.strip()}")
    return [line for line in done.stdout.splitlines() if line.startswith(f"{topic}-")]
