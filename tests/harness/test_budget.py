"""Budgets: what an event may cost follows from the live configuration and says where it comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.budget import (
    BACK_OFF_S,
    CONTROLLER_S,
    ELECTION_S,
    GRACE_S,
    HANDOVER_S,
    LOADING_S,
    START_S,
    Budget,
    LiveTimeouts,
    ZooKeeperTicks,
    announced_end,
    at_once,
    chased,
    cold_start,
    controller_deleted,
    controller_lost,
    crash,
    forced_end,
    lagging_out,
    met_full_disk,
    of_services,
    paused,
    reconnected,
    rolling,
    session_lost,
    sessions_over,
    silent_leader,
    unrelated,
)
from harness.services import Service

SECONDS = st.floats(0.1, 1000)


def test_the_live_configuration_is_in_milliseconds() -> None:
    live = LiveTimeouts.of({"zookeeper.session.timeout.ms": "6000", "replica.lag.time.max.ms": "10000"})
    assert live == LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10)


def test_a_setting_that_is_not_there_is_no_zero() -> None:
    with pytest.raises(KeyError):
        LiveTimeouts.of({"replica.lag.time.max.ms": "10000"})


@given(SECONDS, SECONDS)
def test_a_crash_is_noticed_by_whichever_is_sooner(session_s: float, lag_s: float) -> None:
    budget = crash(LiveTimeouts(zookeeper_session_s=session_s, replica_lag_s=lag_s))
    assert budget.seconds == pytest.approx(min(session_s, lag_s) + ELECTION_S)


@given(SECONDS, SECONDS)
def test_a_shorter_time_out_never_makes_a_longer_budget(session_s: float, lag_s: float) -> None:
    longer = crash(LiveTimeouts(zookeeper_session_s=session_s, replica_lag_s=lag_s))
    shorter = crash(LiveTimeouts(zookeeper_session_s=session_s / 2, replica_lag_s=lag_s))
    assert shorter.seconds <= longer.seconds


@given(SECONDS, SECONDS)
def test_a_broker_that_lives_is_missed_by_its_session_or_by_its_lag(session_s: float, lag_s: float) -> None:
    live = LiveTimeouts(zookeeper_session_s=session_s, replica_lag_s=lag_s)
    assert session_lost(live).seconds == pytest.approx(session_s + ELECTION_S)
    assert lagging_out(live).seconds == pytest.approx(lag_s * 3 / 2 + HANDOVER_S)


def test_the_ticks_of_a_member_are_read_from_its_conf() -> None:
    ticks = ZooKeeperTicks.of({"tickTime": "1000", "syncLimit": "10", "clientPort": "2181"})
    assert ticks == ZooKeeperTicks(tick_s=1, sync_limit=10)
    assert silent_leader(ticks).seconds == 10 + ELECTION_S
    assert silent_leader(ticks).why == "10 ticks of 1 s + election 4 s"


@given(SECONDS)
def test_a_network_that_is_whole_again_is_used_after_at_most_as_long_as_it_was_not(outage_s: float) -> None:
    assert reconnected(outage_s).seconds == pytest.approx(outage_s + HANDOVER_S)


@given(SECONDS)
def test_a_cold_start_waits_for_the_old_sessions(session_s: float) -> None:
    allowed = cold_start(LiveTimeouts(zookeeper_session_s=session_s, replica_lag_s=10)).seconds
    assert allowed == pytest.approx(max(session_s, START_S) + BACK_OFF_S + START_S + ELECTION_S)


def test_sessions_that_are_over_need_not_be_noticed() -> None:
    assert sessions_over().seconds == ELECTION_S + HANDOVER_S


def test_what_must_be_seen_at_once_has_no_time() -> None:
    assert at_once().seconds == 0


def test_each_budget_says_why() -> None:
    live = LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10)
    assert crash(live).why == "noticed after 6 s (session time-out or replica lag) + election 4 s"
    others = (announced_end(), rolling(), unrelated(), paused(live, lasts_s=20), chased(live, kills=4), met_full_disk())
    assert all(budget.why and budget.seconds > 0 for budget in others)


@pytest.mark.parametrize(("lasts_s", "allowed_s"), [(20, 20 + HANDOVER_S), (1, 6 + ELECTION_S)])
def test_a_paused_broker_is_waited_for_as_long_as_the_pause_and_never_less_than_after_a_crash(
    lasts_s: float, allowed_s: float
) -> None:
    assert paused(LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10), lasts_s=lasts_s).seconds == allowed_s


def test_every_end_of_a_chase_costs_a_hand_over_and_the_last_a_start() -> None:
    live = LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10)
    assert chased(live, kills=1).seconds == crash(live).seconds + START_S
    assert chased(live, kills=5).seconds - chased(live, kills=4).seconds == HANDOVER_S


@given(SECONDS, SECONDS)
def test_other_services_may_be_out_as_long_as_what_they_depend_on(event_s: float, session_s: float) -> None:
    event = Budget(seconds=event_s, why="so it is")
    derived = of_services(event, LiveTimeouts(zookeeper_session_s=session_s, replica_lag_s=10))
    assert derived[Service.FETCH] == event
    assert derived[Service.COMMIT] == derived[Service.JOIN]
    assert derived[Service.COMMIT].seconds == pytest.approx(event_s + LOADING_S)
    assert derived[Service.ADMIN].seconds == pytest.approx(max(event_s, session_s + ELECTION_S))
    assert set(derived) == set(Service) - {Service.PRODUCE}
    assert all(budget.why for budget in derived.values())


@given(SECONDS, SECONDS)
def test_who_is_deleted_by_force_may_crash_after_its_time_and_a_controller_has_a_successor_that_reads_first(
    session_s: float, lag_s: float
) -> None:
    live = LiveTimeouts(zookeeper_session_s=session_s, replica_lag_s=lag_s)
    assert forced_end(live).seconds == GRACE_S + crash(live).seconds
    assert controller_lost(live).seconds == crash(live).seconds + CONTROLLER_S
    assert controller_deleted(live).seconds == forced_end(live).seconds + CONTROLLER_S
    assert crash(live).why in forced_end(live).why
    assert crash(live).why in controller_lost(live).why
    assert forced_end(live).why in controller_deleted(live).why


def test_a_roll_is_one_hand_over_at_a_time() -> None:
    """No bound of one event may hide what is promised of a roll: five seconds."""
    assert rolling().seconds == announced_end().seconds == HANDOVER_S <= 5
