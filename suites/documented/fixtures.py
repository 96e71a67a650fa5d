"""Fixtures of the documented clauses: a reader of the page, and the page's own topics and groups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.clients.admin import Admin
from harness.clients.groups import Groups
from harness.cluster.pods import Cluster
from harness.document import Document
from harness.evidence import Evidence
from harness.reader import Reader
from suites.documented.page import PageGroups, PageTopics


@pytest.fixture
def reader(cluster: Cluster, document: Document, evidence: Evidence) -> Reader:
    """The reader who runs the page's steps on this cluster."""
    return Reader(document=document, namespace=cluster.namespace, environment=cluster.environment(), evidence=evidence)


@pytest.fixture
def groups(admin: Admin) -> Groups:
    """The cluster's consumer groups."""
    return Groups(admin)


@pytest.fixture
def page_topics(admin: Admin) -> Iterator[PageTopics]:
    """The page's own topics; those that the clause took are deleted after it."""
    topics = PageTopics(admin)
    yield topics
    topics.remove()


@pytest.fixture
def page_groups(groups: Groups) -> Iterator[PageGroups]:
    """The page's own groups; those that the clause took are deleted after it."""
    taken = PageGroups(groups)
    yield taken
    taken.remove()
