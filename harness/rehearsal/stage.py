"""The stage: the world and its servers, as clients meet them."""

from __future__ import annotations

from dataclasses import dataclass

from harness.rehearsal.cluster import Cluster
from harness.rehearsal.groups import Groups
from harness.rehearsal.transactions import Transactions
from harness.rehearsal.world import World


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a client is given."""

    world: World
    cluster: Cluster
    groups: Groups
    transactions: Transactions
