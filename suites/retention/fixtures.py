"""The laboratory as a fixture: it is set up once for all clauses of retention."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.run import Run
from suites.retention.laboratory import Laboratory


@pytest.fixture(scope="module")
def laboratory(cluster: Cluster, admin: Admin, run: Run) -> Iterator[Laboratory]:
    """Return the laboratory with everything written and watched."""
    with Laboratory(cluster, admin, run) as laboratory:
        yield laboratory
