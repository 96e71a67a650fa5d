"""Fixtures: what a clause may ask for. A clause that asks for the cluster gets one that is deployed and in sync."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol

import pytest

from harness.clients.admin import Admin
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster
from harness.deployment import Deployment, deployed
from harness.document import Document, read
from harness.errors import HarnessError
from harness.evidence import Evidence
from harness.progress import Progress
from harness.reproduction import describe_subject
from harness.run import Run
from harness.steady_state import await_steady_state
from harness.verdict import Inconclusive

RUN = pytest.StashKey[Run]()
PROGRESS = pytest.StashKey[Progress]()


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """Return the run: its settings, its clock and its events."""
    if RUN not in pytestconfig.stash:
        raise pytest.UsageError("the suites certify a cluster: run `harness gate`, not pytest alone")
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def deployment(run: Run, pytestconfig: pytest.Config) -> Iterator[Deployment]:
    """Deploy the manifests (or adopt what runs), and take them away again at the end."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(deployed(run, progress=pytestconfig.stash[PROGRESS]))
        except HarnessError as error:
            pytest.exit(str(error), returncode=int(error.exit_code))
        if made.failure is None:
            run.subject.update(describe_subject(made.cluster))
        yield made
        made.stage.collect(run.settings.report_dir / "cluster")


@pytest.fixture(scope="session")
def cluster(deployment: Deployment) -> Cluster:
    """Return the deployed cluster; without one, nothing can be said about any clause."""
    if deployment.failure is not None:
        raise Inconclusive("the cluster did not come up, see DEP-01")
    return deployment.cluster


@pytest.fixture(scope="session")
def admin(cluster: Cluster) -> Admin:
    """Return an admin client of the cluster."""
    return Admin(cluster.bootstrap)


@pytest.fixture(scope="session")
def document(run: Run) -> Document:
    """Return the document whose every line is certified."""
    return read(run.settings.document)


@pytest.fixture
def evidence(request: pytest.FixtureRequest, run: Run) -> Evidence:
    """Return the clause's own record; an empty one makes it INCONCLUSIVE."""
    return run.evidence.setdefault(request.node.nodeid, Evidence())


class TopicFactory(Protocol):
    """Makes topics that live as long as the clause."""

    def __call__(
        self, prefix: str, *, partitions: int = 6, replication_factor: int = 3, config: Mapping[str, str] | None = None
    ) -> str: ...


_topic_numbers = itertools.count()


@pytest.fixture
def topic(admin: Admin, run: Run) -> Iterator[TopicFactory]:
    """Return a factory of topics with names of their own, deleted after the clause."""
    made: list[str] = []

    def make(
        prefix: str, *, partitions: int = 6, replication_factor: int = 3, config: Mapping[str, str] | None = None
    ) -> str:
        name = f"{prefix}-{run.settings.run_id[-4:]}-{next(_topic_numbers)}"
        made.append(name)
        return admin.create_topic(name, partitions=partitions, replication_factor=replication_factor, config=config)

    yield make
    for name in made:
        admin.delete_topic(name)


TrafficFactory = Callable[[Load], Traffic]


@pytest.fixture
def traffic(cluster: Cluster, run: Run, request: pytest.FixtureRequest) -> TrafficFactory:
    """Return a factory of journalled traffic; its history stays in the report."""

    def make(load: Load) -> Traffic:
        path = run.settings.report_dir / "histories" / f"{request.node.name}-{load.topic}.jsonl"
        return Traffic(load, bootstrap=cluster.bootstrap, journal_path=path, clock=run.clock)

    return make


@pytest.fixture
def steady(cluster: Cluster, admin: Admin) -> Cluster:
    """Return the cluster in its steady state: every pod ready, every partition in sync.

    From any other state nothing can be judged.
    """
    await_steady_state(cluster, admin, before="the clause began")
    return cluster
