"""What every kind of planted bug has at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.rehearsal.clients.observing import Observer
    from harness.rehearsal.cluster import Cluster


class Planted:
    """The cluster that is to go wrong, and the observer that is to see it.

    `acknowledged` says when a value was acknowledged; `joined` are producers whose open transaction holds a late write.
    """

    def __init__(self, cluster: Cluster, observer: Observer) -> None:
        self.cluster = cluster
        self.world = cluster.world
        self.observer = observer
        self.acknowledged: dict[int, int] = {}
        self.joined: set[int] = set()
