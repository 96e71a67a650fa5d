"""Clauses in virtual time: each module that plays some has its tables and its own `Play`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.rehearsing.clock import RehearsalClock
from harness.waiting import waiting_on
from tests.suites.promises import Broken


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask for each clause, and for each broken promise, of the module whose tests these are."""
    for name, table in (("clause", "CLAUSES"), ("broken", "BROKEN")):
        if name in metafunc.fixturenames:
            rows = getattr(metafunc.module, table)
            metafunc.parametrize(name, rows.values(), ids=rows)


@pytest.fixture
def clauses(request: pytest.FixtureRequest) -> dict[str, Callable[..., None]]:
    """Return the clauses of the module by their claims."""
    return dict(request.module.CLAUSES)


@pytest.fixture
def every_broken(request: pytest.FixtureRequest) -> Broken:
    """Return all that is broken in the module."""
    return dict(request.module.BROKEN)


@pytest.fixture
def play(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that plays clauses in virtual time, on the module's own stage."""
    clock = RehearsalClock()
    with waiting_on(clock):
        yield request.module.Play(tmp_path, clock, monkeypatch)
