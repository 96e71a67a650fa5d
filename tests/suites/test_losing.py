"""Losing on purpose: the control shows something only when a loss was found and the disks confirm it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from harness.checkers.disk_truth import Whereabouts
from harness.clients.traffic import Traffic
from harness.verdict import Finding, Inconclusive, Judgement, Verdict
from suites.scenarios import losing
from suites.scenarios.losing import await_records, finds_the_loss


def judged(*findings: tuple[str, Whereabouts]) -> Judgement:
    found = tuple(
        Finding(anomaly=anomaly, what="gone", evidence={"disk": [{"whereabouts": where.value}]})
        for anomaly, where in findings
    )
    return Judgement(checker="history", verdict=Verdict.FAIL, reason="so it is", findings=found)


def test_a_loss_that_was_found_and_that_the_disks_confirm_is_shown() -> None:
    control = finds_the_loss(judged(("lost-write", Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT)))
    assert (control.verdict, control.measured["confirmed_by_the_disks"]) == (Verdict.PASS, 1)


@pytest.mark.parametrize(
    "findings",
    [
        (),
        (("duplicate", Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT),),
        (("lost-write", next(one for one in Whereabouts if "LOST" not in one.name)),),
    ],
    ids=["nothing found", "something else found", "the disks do not confirm it"],
)
def test_anything_less_shows_nothing(findings: tuple[tuple[str, Whereabouts], ...]) -> None:
    assert finds_the_loss(judged(*findings)).verdict is Verdict.INCONCLUSIVE


def flow(*counts: int) -> Traffic:
    """Make traffic whose leader has acknowledged so many records, each time that it is asked."""
    left = iter(counts)
    return cast(Traffic, SimpleNamespace(acknowledged_by_partition=lambda: {"orders-0": next(left)}))


def test_enough_records_are_acknowledged_alone() -> None:
    await_records(flow(50, 120, 150), "orders-0")


def test_a_leader_that_does_not_acknowledge_alone_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losing, "ALONE_BUDGET_S", 0.0)
    with pytest.raises(Inconclusive, match="acknowledged alone did not happen"):
        await_records(flow(50, 149), "orders-0")
