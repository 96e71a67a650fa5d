"""Figures of windows: several runs make one table, and what was not seen is counted apart."""

from __future__ import annotations

from pathlib import Path

from bench.windows import EVENTS, Figures, markdown
from harness.budget import Budget, LiveTimeouts
from harness.services import Service

ALLOWED = Budget(seconds=3, why="hand-over")


def figures(*lengths_s: float, unseen: int = 0) -> Figures:
    made = Figures(probe_cpu_shares=[0.05])
    row = made.row("forced delete of a leader", Service.FETCH, ALLOWED)
    row.lengths_s += lengths_s
    row.unseen += unseen
    return made


def test_what_several_runs_measured_is_one_table(tmp_path: Path) -> None:
    together = Figures()
    for number, part in enumerate((figures(0.5, 1.5), figures(1.0, unseen=1), figures())):
        path = tmp_path / f"{number}.json"
        part.write(path)
        together.add(Figures.read(path))
    line = markdown(together).splitlines()[-1]
    assert line == ("| forced delete of a leader | `fetch read_committed` | 3 | 1.00 s | 1.50 s | 3 s | hand-over |")
    assert together.rows[0].unseen == 1
    assert together.probe_cpu_shares == [0.05] * 3


def test_what_was_never_seen_has_no_number_and_no_window_is_not_zero() -> None:
    assert "| 0 | – | – | 3 s |" in markdown(figures(unseen=2))
    assert "| 2 | < 0.2 s | < 0.2 s | 3 s |" in markdown(figures(0.0, 0.0))


def test_every_event_has_a_budget_that_says_why() -> None:
    live = LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10)
    assert all(event.allowed(live).why for event in EVENTS.values())
