"""The smallest part of a history that shows an anomaly is a history that shows it, and nothing can be left out."""

from __future__ import annotations

import pytest

from harness.histories.building import history_of
from harness.judging.anomaly import Example
from harness.judging.judge import families, judge
from harness.judging.minimal import minimal
from tests.checkers.anomalies.test_smallest import SHOWS
from tests.checkers.anomalies.told import Told


@pytest.mark.parametrize("name", sorted(set(SHOWS) - {"two values at one offset"}))
def test_what_is_shown_can_be_judged_by_itself(name: str) -> None:
    case = SHOWS[name]
    judged = case.told.judged(case.config)
    for anomaly in judged.anomalies:
        for example in anomaly.examples:
            shown = minimal(judged.history, anomaly, example, families()[anomaly.family], judged.config)
            again = {one.name: one for one in judge(history_of(shown), case.config).anomalies}
            assert again[anomaly.name].count
            assert again[anomaly.name].legal == anomaly.legal


def test_what_has_nothing_to_do_with_it_is_left_out() -> None:
    told = Told()
    for value in range(50):
        told.sent(1, "a", (value, value)).sent(2, "b", (value, value))
    given = [(value, value) for value in range(50) if value != 30]
    told.polled(3, {"a": given[:20], "b": given}).polled(3, {"a": given[20:]})
    judged = told.judged()
    (lost,) = [anomaly for anomaly in judged.failures if anomaly.name == "lost-write"]
    shown = minimal(judged.history, lost, lost.examples[0], families()[lost.family], judged.config)
    assert [op.f for op in shown] == ["send", "send", "poll"]
    assert shown[-1].value == [["poll", {"a": [[49, 49]]}]]


def test_an_example_that_shows_nothing_by_itself_is_said_to_show_nothing() -> None:
    judged = SHOWS["a poll that jumps over a record"].told.judged()
    (skip,) = judged.failures
    nothing = Example(what="?", ops=(0,))
    assert minimal(judged.history, skip, nothing, families()[skip.family], judged.config) == ()
