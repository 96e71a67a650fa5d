"""The process that certifies: it stands where the brokers can be reached, looks before it leaps, and runs pytest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.cluster.connection import connect, require_vantage
from harness.cluster.production import refuse_production
from harness.cluster.safety import refuse_if_held, survey
from harness.ending import end_in_order, ended
from harness.run import Settings


def main(arguments: Sequence[str]) -> int:
    """Certify; what goes wrong in the harness itself has an exit code of its own."""
    end_in_order()
    return ended(lambda: _certify(arguments))


def _certify(arguments: Sequence[str]) -> int:
    """Check that the run may begin, without touching anything; then run the suites."""
    settings = Settings.read(Path(arguments[0]))
    if not settings.is_rehearsal:
        _require_cluster(settings)
    return int(pytest.main(list(arguments[1:])))


def _require_cluster(settings: Settings) -> None:
    connection = connect(settings.target)
    require_vantage()
    survey(connection, settings.namespace, reuse=settings.reuse)
    refuse_production(connection, settings.namespace, known=settings.known)
    refuse_if_held(connection, settings.namespace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
