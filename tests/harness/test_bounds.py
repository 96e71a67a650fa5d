"""Bounds follow the live configuration, and say where they come from."""

from __future__ import annotations

from harness import retention_bounds as bounds
from harness.budget import LOADING_S, controller_deleted
from harness.group_bounds import GroupSettings
from harness.retention_bounds import Rhythm

BROKER = {"log.retention.check.interval.ms": "2000", "log.cleaner.backoff.ms": "1000"}
TOPIC = {
    "retention.ms": "6000",
    "segment.ms": "2000",
    "file.delete.delay.ms": "5000",
    "delete.retention.ms": "3000",
}
RHYTHM = Rhythm.of([BROKER])


def test_the_slowest_broker_counts() -> None:
    slow = {**BROKER, "log.retention.check.interval.ms": "300000"}
    assert Rhythm.of([BROKER, slow]).check_interval_s == 300


def test_a_delay_that_no_broker_tells_is_the_default() -> None:
    assert RHYTHM.initial_delay_s == 30
    assert Rhythm.of([{**BROKER, "log.initial.task.delay.ms": "1000"}]).initial_delay_s == 1


def test_a_segment_takes_records_no_longer_than_its_roll() -> None:
    assert bounds.by_time(TOPIC, RHYTHM, appended_s=0).seconds == 6 + 0 + 2 + bounds.SLACK_S
    assert bounds.by_time(TOPIC, RHYTHM, appended_s=60).seconds == 6 + 2 + 2 + bounds.SLACK_S
    assert "retention 6 s + segment roll 2 s" in bounds.by_time(TOPIC, RHYTHM, appended_s=60).why


def test_what_has_expired_waits_for_one_check_and_its_files_for_the_delay() -> None:
    assert bounds.expired(RHYTHM).seconds == 2 + bounds.SLACK_S
    assert bounds.files_gone(TOPIC).seconds == 5 + bounds.SLACK_S


def test_a_tombstone_waits_for_two_cleanings_and_its_own_retention() -> None:
    cleaning = bounds.replaced(TOPIC, RHYTHM, append_every_s=0.5)
    assert cleaning.seconds == 2.5 + 1 + bounds.CLEANER_SLACK_S
    assert bounds.tombstone(TOPIC, RHYTHM, append_every_s=0.5).seconds == 2 * cleaning.seconds + 3


def test_a_killed_member_costs_a_session_more_than_one_that_leaves() -> None:
    live = GroupSettings.of(
        {
            "group.min.session.timeout.ms": "6000",
            "group.initial.rebalance.delay.ms": "3000",
            "zookeeper.session.timeout.ms": "6000",
            "replica.lag.time.max.ms": "10000",
        }
    )
    assert live.killed().seconds - live.changed().seconds == 6
    assert live.forming().seconds - live.changed().seconds == 2 * 3
    assert live.for_client()["session.timeout.ms"] == 6000
    assert live.coordinator_lost().seconds == controller_deleted(live.brokers).seconds + LOADING_S
    assert live.too_slow().seconds - live.changed().seconds == live.max_poll_s == 300
