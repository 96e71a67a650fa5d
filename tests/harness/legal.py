"""Schedules that can be carried out: made up for tests, and the demand that others can be, too."""

from __future__ import annotations

from hypothesis import strategies as st

from harness.families import Catalogue, require_known
from harness.schedule import Schedule, parse
from harness.searching import schedules as searched


def schedules(known: Catalogue) -> st.SearchStrategy[Schedule]:
    """Make up schedules as a search does."""
    return searched(known)


def require_legal(schedule: Schedule, known: Catalogue) -> None:
    """Demand that a schedule could be typed and carried out."""
    assert parse(str(schedule)) == schedule
    require_known(schedule, known)
