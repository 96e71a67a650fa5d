"""A workshop as a fixture: every clause opens one on a topic of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest

from harness.clients.admin import Admin
from harness.clients.members import Membership
from harness.clients.traffic import Load
from harness.cluster.pods import Cluster
from harness.fixtures import TopicFactory, TrafficFactory
from harness.group_bounds import GroupSettings
from harness.run import Run
from suites.groups.workshop import PARTITIONS, OpenWorkshop, Workshop, opened

RATE_HZ = 10.0


@pytest.fixture
def open_workshop(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, run: Run
) -> OpenWorkshop:
    """Return a function that opens a workshop under gentle traffic."""

    def make(
        *names: str,
        membership: Membership = Membership.DYNAMIC,
        settings_of: Callable[[Mapping[str, str]], GroupSettings] = GroupSettings.of,
    ) -> AbstractContextManager[Workshop]:
        load = Load(
            topic=topic("grp", partitions=PARTITIONS),
            partitions=PARTITIONS,
            rate_per_partition_hz=RATE_HZ,
            producers=1,
            consumers=0,
        )
        settings = settings_of(admin.broker_config(admin.brokers()[0]))
        return opened(names, cluster=steady, settings=settings, flow=traffic(load), run=run, membership=membership)

    return make
